"""Methods about the state: accounts, proofs, and what the modules answer."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from msgspec import Meta

from daonode.ledger.application import Application
from daonode.ledger.errors import QueryError
from daonode.ledger.transactions import MAX_LANES
from daonode.modules.accounts.queries import AccountResult as ModuleAccount
from daonode.modules.accounts.types import Policy
from daonode.modules.governance.queries import ProposalResult, ProposalsResult
from daonode.node.api import version_at_tip
from daonode.node.rpc.chain_methods import latest_block
from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import InvalidParameters, RpcError, of_query
from daonode.node.rpc.forms import JsonObject, json_object
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import AccountResult, BalanceForm, ProofResult, QueryResult
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address
from daonode.primitives.json_form import Json, from_json
from daonode.primitives.json_schema import FormOf
from daonode.primitives.json_texts import Count, account_text, decimal, hex_text
from daonode.replica.archive import Archive

MAX_KEY_BYTES = 1_024


class AccountParameters(Record, frozen=True):
    """An account."""

    address: Address


class KeyParameters(Record, frozen=True):
    """A key of the state."""

    key: Annotated[bytes, Meta(min_length=1, max_length=MAX_KEY_BYTES)]


class QueryParameters(Record, frozen=True):
    """A module's query; `args` are its named arguments in JSON form."""

    module: str
    name: str
    args: object = None


class ProposalParameters(Record, frozen=True):
    """A proposal by its number (a number or text) or its id; one of them is needed."""

    proposal: object = None


class ProposalsParameters(Record, frozen=True):
    """A page of proposals, the newest first, of one status or track if given."""

    status: str | None = None
    track: Count | None = None
    cursor: str | None = None
    limit: Count | None = None


async def get_account(node: RpcNode, parameters: AccountParameters) -> AccountResult:
    """An account: balances, policy, and the next sequence of each lane that it used."""
    address = parameters.address
    arguments: dict[str, Json] = {"account": encode_account(address)}
    answer = await _query(node, module="accounts", name="account", arguments=arguments)
    account = from_json(answer.result, ModuleAccount)
    sequences = dict(enumerate(account.sequences))
    for lane in range(MAX_LANES):
        waiting = node.api.waiting_sequence(sender=address, lane=lane)
        if waiting is not None:
            sequences[lane] = max(waiting, sequences.get(lane, 0))
    return AccountResult(
        address=account_text(address),
        next_sequences={str(lane): decimal(sequence) for lane, sequence in sorted(sequences.items()) if sequence},
        balances=[BalanceForm(asset=each.asset, amount=decimal(each.amount)) for each in account.balances],
        policy=None if account.policy is None else json_object(account.policy, Policy),
    )


async def get_proof(node: RpcNode, parameters: KeyParameters) -> ProofResult:
    """A state key's value with the proof of it."""
    return await node.read(partial(_read_proof, key=parameters.key))


async def query(node: RpcNode, parameters: QueryParameters) -> QueryResult:
    """Any query of a module."""
    arguments = {} if parameters.args is None else parameters.args
    if not isinstance(arguments, dict):
        raise InvalidParameters(
            "params.args: expected an object of named arguments",
            reason="invalid_parameters",
            details={"path": "params.args"},
        )
    return await _query(node, module=parameters.module, name=parameters.name, arguments=arguments)


async def get_proposal(node: RpcNode, parameters: ProposalParameters) -> JsonObject:
    """A proposal, as the governance module shows it."""
    arguments = _proposal_arguments(parameters.proposal)
    return (await _query(node, module="governance", name="proposal", arguments=arguments)).result


async def list_proposals(node: RpcNode, parameters: ProposalsParameters) -> JsonObject:
    """A page of proposals, as the governance module shows it."""
    given: dict[str, Json] = {
        "status": parameters.status,
        "track": parameters.track,
        "cursor": parameters.cursor,
        "limit": parameters.limit,
    }
    arguments: dict[str, Json] = {name: value for name, value in given.items() if value is not None}
    return (await _query(node, module="governance", name="proposals", arguments=arguments)).result


def find_proposal(archive: Archive, *, application: Application, name: object) -> bytes:
    """The id of a proposal that a caller names by number or id.

    Raises:
        InvalidParameters: it is no name.
        RpcError: there is no such proposal.
    """
    answer = _run_query(
        archive, application=application, module="governance", name="proposal", arguments=_proposal_arguments(name)
    )
    if isinstance(answer, RpcError):
        raise answer
    return bytes.fromhex(str(answer.result["id"]).removeprefix("0x"))


def _proposal_arguments(name: object) -> dict[str, Json]:
    if isinstance(name, bool) or not isinstance(name, int | str):
        raise InvalidParameters(
            "params.proposal: expected a proposal's number or id",
            reason="invalid_parameters",
            details={"path": "params.proposal"},
        )
    return {"proposal": str(name)}


async def _query(node: RpcNode, *, module: str, name: str, arguments: dict[str, Json]) -> QueryResult:
    application = node.api.application
    run = partial(_run_query, application=application, module=module, name=name, arguments=arguments)
    answer = await node.read(run)
    if isinstance(answer, RpcError):
        raise answer
    return answer


def _run_query(
    archive: Archive, *, application: Application, module: str, name: str, arguments: dict[str, Json]
) -> QueryResult | RpcError:
    version = version_at_tip(archive)
    try:
        result = application.query(version, module=module, name=name, arguments=arguments)
    except QueryError as error:
        return of_query(error)
    return QueryResult(height=version.height, result=json_object(result))


def _read_proof(archive: Archive, *, key: bytes) -> ProofResult:
    header = latest_block(archive).header
    value = archive.state_at_tip().get(key)
    return ProofResult(
        height=header.height,
        key=hex_text(key),
        value=None if value is None else hex_text(value),
        state_root=hex_text(header.state_root),
        proof=json_object(archive.prove(key)),
    )


STATE_METHODS = (
    method("dao_getAccount", AccountParameters, AccountResult, get_account),
    method("dao_getProof", KeyParameters, ProofResult, get_proof, cost=WORK),
    method("dao_query", QueryParameters, QueryResult, query, cost=WORK),
    method("dao_getProposal", ProposalParameters, Annotated[JsonObject, FormOf(ProposalResult)], get_proposal),
    method(
        "dao_listProposals",
        ProposalsParameters,
        Annotated[JsonObject, FormOf(ProposalsResult)],
        list_proposals,
        cost=WORK,
    ),
)
