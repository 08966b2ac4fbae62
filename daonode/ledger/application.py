"""The ledger of one chain as the replica and the node use it: check, build, execute, query, simulate.

It holds the modules and caches of decoded and verified transactions, and no state: every call is given the version that
it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from daonode.ledger import tree
from daonode.ledger.block import BlockInfo, BlockResult, Payload, Receipt
from daonode.ledger.building import SkippedTransaction, choose
from daonode.ledger.checking import CheckedTransaction, DecodedCache, VerifiedCache, check_admission
from daonode.ledger.errors import (
    BlockFull,
    InvalidBlock,
    InvalidValue,
    NotFound,
    QueryError,
    TransactionError,
    WrongSequence,
)
from daonode.ledger.execution import BlockExecution, ExecutedBlock, Machine
from daonode.ledger.module import Authenticator
from daonode.ledger.params import MAX_BLOCK_BYTES, load_params
from daonode.ledger.receipts import receipts_root
from daonode.ledger.registry import Registry
from daonode.ledger.state import StateReader
from daonode.ledger.versions import StateVersion
from daonode.primitives.codec import DecodeError, decode, encode
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import Address, ChainId, ValidatorId
from daonode.primitives.json_form import Json, from_json, to_json

EMPTY_PAYLOAD: Final = encode(Payload(transactions=()))
"""The payload of a block without transactions."""
NO_PROPOSER: Final = ValidatorId(bytes(32))


@dataclass(frozen=True, slots=True)
class BuiltBlock:
    """A payload, what it does, and the candidates that cannot be included."""

    payload: bytes
    result: BlockResult
    skipped: tuple[SkippedTransaction, ...]


@dataclass(frozen=True, slots=True)
class _QueryView:
    """What a query sees."""

    state: StateReader
    chain_id: ChainId
    height: int
    time_ms: int


class Application:
    """The deterministic machine of one chain."""

    def __init__(self, *, chain_id: ChainId, registry: Registry, authenticator: Authenticator) -> None:
        self._chain_id = chain_id
        self._registry = registry
        self._verified = VerifiedCache()
        self._decoded = DecodedCache()
        self._machine = Machine(registry, authenticator, self._verified.verify, self._decoded.decode)

    @property
    def chain_id(self) -> ChainId:
        """The chain whose transactions are accepted."""
        return self._chain_id

    @property
    def registry(self) -> Registry:
        """The modules, and the names of everything in them."""
        return self._registry

    def execute(self, parent: StateVersion, info: BlockInfo, payload: bytes) -> BlockResult:
        """Execute a block on its parent's state; the parent is not changed.

        Raises:
            InvalidBlock: the payload is malformed, or one of its transactions cannot be included. Nothing else leaves,
                whatever the payload.
        """
        try:
            content = decode(payload, Payload, max_bytes=MAX_BLOCK_BYTES)
        except DecodeError as error:
            raise InvalidBlock(f"the payload is malformed: {error.reason}") from error
        info = replace(info, evidence=content.evidence)
        execution = BlockExecution(self._machine, parent, info)
        execution.begin()
        for index, raw in enumerate(content.transactions):
            try:
                execution.apply(raw)
            except (TransactionError, BlockFull) as error:
                raise InvalidBlock(str(error), index=index) from error
        return _commit_to(execution.finish(), parent=parent, info=info)

    def build(
        self, parent: StateVersion, info: BlockInfo, candidates: Iterable[bytes], *, gas_target: int | None = None
    ) -> BuiltBlock:
        """Choose transactions for a block, in the order given, until they have used `gas_target`, and execute it.

        The payload carries the evidence of `info` too.
        """
        execution = BlockExecution(self._machine, parent, info)
        payload, executed, skipped = choose(execution, candidates, evidence=info.evidence, gas_target=gas_target)
        result = _commit_to(executed, parent=parent, info=info)
        return BuiltBlock(payload=payload, result=result, skipped=skipped)

    def check(self, version: StateReader, raw: bytes, now_ms: int) -> CheckedTransaction:
        """Check a transaction for the mempool, all but its signatures and its sender's account: cheap.

        Raises:
            TransactionError: it cannot be included now, or one of its messages is none of this chain's.
        """
        tx = self._decoded.decode(raw)
        check_admission(tx, chain_id=self._chain_id, params=load_params(version), time_ms=now_ms)
        for call in tx.body.messages:
            self._registry.decode_call(call)
        return tx

    def verify_signatures(self, tx: CheckedTransaction) -> None:
        """Verify the signatures, about 0.1 ms each; may run on any thread. Execution will not verify them again.

        Raises:
            InvalidSignature: one does not verify.
        """
        self._verified.verify(tx)

    def check_account(self, version: StateVersion, tx: CheckedTransaction) -> int:
        """Check that the sender's policy is satisfied and its balance covers the fee; return its lane's next sequence.

        A later sequence than that is no error: the transactions between may be on their way.

        Raises:
            WrongSequence: the sequence has been used.
            Unauthorised, FeeTooLow: the account does not allow or cannot pay for it.
        """
        body = tx.body
        expected = self._machine.authenticator.next_sequence(version, sender=body.sender, lane=body.lane)
        if body.sequence < expected:
            raise WrongSequence(f"lane {body.lane} is at sequence {expected}, {body.sequence} has been used")
        fee = load_params(version).fee_of(body.gas_limit)
        try:
            self._machine.authenticator.check_transaction(
                version, sender=body.sender, signers=tx.signers, lane=body.lane, sequence=expected, fee=fee
            )
        except PrimitiveError as error:
            raise InvalidValue(str(error)) from error
        return expected

    def next_sequence(self, state: StateReader, *, sender: Address, lane: int) -> int:
        """The sequence that the next transaction of this lane must have."""
        return self._machine.authenticator.next_sequence(state, sender=sender, lane=lane)

    def simulate(self, version: StateVersion, raw: bytes, *, now_ms: int) -> Receipt:
        """What a transaction would do in a block on top of a version; its signatures are taken as valid.

        Raises:
            TransactionError: it could not be included.
        """
        info = BlockInfo(self._chain_id, height=version.height + 1, time_ms=now_ms, proposer=NO_PROPOSER)
        machine = Machine(self._registry, self._machine.authenticator, _take_as_valid)
        return BlockExecution(machine, version, info).apply(raw)

    def query(self, version: StateVersion, *, module: str, name: str, arguments: object) -> Json:
        """Answer a module's query; arguments and answer are in JSON form.

        Raises:
            QueryError: there is no such query, the arguments are not its own, or what they name does not exist.
        """
        query = self._registry.query(module=module, name=name)
        view = _QueryView(version, self._chain_id, version.height, version.time_ms)
        try:
            return to_json(query.run(view, from_json(arguments, query.arguments)))
        except TransactionError as error:
            raise QueryError(error.message, hint=error.hint, not_found=isinstance(error, NotFound)) from error
        except PrimitiveError as error:
            raise QueryError(f"query {module} {name}: {error}") from error


def _take_as_valid(_: CheckedTransaction) -> None:
    """The signature check of a simulation."""


def _commit_to(executed: ExecutedBlock, *, parent: StateVersion, info: BlockInfo) -> BlockResult:
    """Compute the roots of an executed block."""
    update = tree.update(parent, previous_version=parent.height, version=info.height, changes=executed.writes)
    return BlockResult(
        writes=executed.writes,
        nodes=update.nodes,
        stale_nodes=update.stale,
        receipts=executed.receipts,
        state_root=update.root,
        receipts_root=receipts_root(executed.receipts),
        next_deadline_ms=executed.next_deadline_ms,
        evidence=info.evidence,
    )
