"""What rows must say of a chain's state: read by the modules' own queries and tables, nothing of the indexer's."""

from __future__ import annotations

from collections.abc import Iterator

from daonode.ledger.history import latest
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts import keys as accounts
from daonode.modules.governance import keys as governance
from daonode.modules.identity import keys as identity
from daonode.modules.treasury import keys as treasury
from daonode.modules.validators import keys as validators
from daonode.primitives.json_form import Json
from daonode.stores import rows
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import Row
from daonode.stores.tables import (
    ASSETS,
    BALANCES,
    DELEGATIONS,
    MEMBERS,
    PROPOSALS,
    SPENDS,
    TABLES,
    VALIDATORS,
    VOTES,
    Table,
)
from tests.unit.client.small_chain import SmallChain
from tests.unit.indexer.dao_chain import TREASURY

ALL = 10**6


def all_rows(store: MemoryStore, table: Table[Row]) -> list[Row]:
    """Every row of a table, by key."""
    return list(store.page(table, order=table.key, limit=ALL))


def contents(store: MemoryStore) -> dict[str, list[Row]]:
    """Everything that a store holds for readers."""
    return {table.name: all_rows(store, table) for table in TABLES}


def check_rows(store: MemoryStore, chain: SmallChain) -> None:
    """Compare with the state after the last block."""
    state = chain.tip
    assert _balances(store) == dict(_balances_of(state))
    assert [(row.asset, row.supply, row.decimals, row.native, row.votes) for row in _page(store, ASSETS)] == [
        (asset, entry.supply, entry.decimals, asset == "dao", entry.votes)
        for asset, entry in accounts.ASSETS.iterate(state)
    ]
    _check_members(store, state)
    _check_delegations(store, state)
    _check_ballots(store, state)
    _check_proposals(store, chain)
    _check_spends(store, chain)
    _check_validators(store, state)


def _page(store: MemoryStore, table: Table[rows.AssetRow]) -> list[rows.AssetRow]:
    return store.page(table, order=table.key, limit=ALL)


def _balances(store: MemoryStore) -> dict[tuple[bytes, str], int]:
    found = store.page(BALANCES, order=BALANCES.key, limit=ALL)
    assert all(row.amount > 0 and row.is_treasury == (row.account == TREASURY) for row in found)
    return {(row.account, row.asset): row.amount for row in found}


def _balances_of(state: StateVersion) -> Iterator[tuple[tuple[bytes, str], int]]:
    native = accounts.PARAMS.require(state, None).native
    for account, record in accounts.ACCOUNTS.iterate(state):
        if latest(record.native):
            yield (account, native), latest(record.native)
    for (account, asset), balance in accounts.BALANCES.iterate(state):
        if latest(balance.amount):
            yield (account, asset), latest(balance.amount)


def _check_members(store: MemoryStore, state: StateVersion) -> None:
    found = store.page(MEMBERS, order=MEMBERS.key, limit=ALL)
    assert [
        (row.account, row.member_index, row.name, row.role, row.about, row.active, row.registrar, row.registered_at_ms)
        for row in found
    ] == [
        (
            account,
            member.index,
            member.name,
            member.role,
            member.about,
            bool(latest(member.membership)),
            member.registrar,
            member.registered_at,
        )
        for account, member in identity.MEMBERS.iterate(state)
    ]


def _check_delegations(store: MemoryStore, state: StateVersion) -> None:
    found = store.page(DELEGATIONS, order=DELEGATIONS.key, limit=ALL)
    assert [(row.track, row.delegator, row.delegate) for row in found] == sorted(
        (entry.track, account, entry.past[-1].delegate)
        for account, delegations in governance.DELEGATIONS.iterate(state)
        for entry in delegations.tracks
        if entry.past[-1].delegate is not None
    )


def _check_ballots(store: MemoryStore, state: StateVersion) -> None:
    found = store.page(VOTES, order=VOTES.key, limit=ALL)
    assert [(row.proposal, row.voter, row.choice, row.weight) for row in found] == [
        (proposal, voter, ballot.choice, ballot.weight)
        for (proposal, voter), ballot in governance.BALLOTS.iterate(state)
        if ballot.choice is not None
    ]


def _check_proposals(store: MemoryStore, chain: SmallChain) -> None:
    found = store.page(PROPOSALS, order=("number",), limit=ALL)
    assert len(found) == sum(1 for _ in governance.NUMBERS.iterate(chain.tip))
    for row in found:
        shown = _ask(chain, "governance", "proposal", {"proposal": str(row.number)})
        proposal = governance.PROPOSALS.require(chain.tip, governance.ProposalId(row.id))
        tally = governance.TALLIES.get(chain.tip, proposal.id)
        assert row.status == shown["status"], (row.number, row.status, shown["status"])
        expected = {
            "title": proposal.title,
            "text_hash": proposal.text_hash,
            "proposer": proposal.proposer,
            "track": proposal.track.id,
            "yes": 0 if tally is None else tally.yes,
            "no": 0 if tally is None else tally.no,
            "abstain": 0 if tally is None else tally.abstain,
            "passing_since_ms": None if tally is None else tally.passing_since,
            "electorate_power": proposal.electorate_power,
            "quorum_power": int(str(shown["tally"]["quorum"])),  # type: ignore[call-overload,index]
            "deposit": proposal.deposit,
            "decision_deposit": proposal.track.decision_deposit,
            "snapshot_height": proposal.snapshot_height,
            "submitted_at_ms": proposal.submitted_at,
            "decision_starts_ms": proposal.decision_starts,
            "decision_ends_ms": proposal.decision_ends,
            "timelock_ends_ms": proposal.timelock_ends,
            "grace_ends_ms": proposal.grace_ends,
            "ended_at_ms": proposal.ended_at,
            "next_change_ms": proposal.due,
            "failure": None if proposal.failure is None else proposal.failure.describe(),
            "voters": sum(
                ballot.choice is not None for _, ballot in governance.BALLOTS.iterate(chain.tip, prefix=proposal.id)
            ),
        }
        assert {name: getattr(row, name) for name in expected} == expected


def _check_spends(store: MemoryStore, chain: SmallChain) -> None:
    found = store.page(SPENDS, order=SPENDS.key, limit=ALL)
    assert [int.from_bytes(row.id) for row in found] == [number for number, _ in treasury.SPENDS.iterate(chain.tip)]
    for row in found:
        number = int.from_bytes(row.id)
        spend = treasury.SPENDS.require(chain.tip, treasury.SpendId(number))
        shown = _ask(chain, "treasury", "spend", {"spend": str(number)})
        assert row.status == {"claimable": "deferred"}.get(str(shown["status"]), shown["status"])
        assert (row.proposal, row.track, row.asset, row.amount, row.beneficiary) == (
            spend.proposal,
            spend.track,
            spend.asset,
            spend.amount,
            spend.beneficiary,
        )
        assert (row.valid_from_ms, row.expires_at_ms, row.approved_at_ms) == (
            spend.valid_from,
            spend.expire_at,
            spend.approved_at,
        )
        assert (row.failure or "") == shown["error"]
        assert row.paid_at_ms == (spend.ended_at if spend.status == "paid" else None)


def _check_validators(store: MemoryStore, state: StateVersion) -> None:
    counts = {each.validator: each for each in validators.PROPOSAL_COUNTS.require(state, None).counts}
    found = store.page(VALIDATORS, order=VALIDATORS.key, limit=ALL)
    assert [
        (row.id, row.public_key, row.power, row.moniker, row.payout_account, row.address, row.proposed, row.missed)
        for row in found
    ] == [
        (
            validator,
            record.public_key,
            record.power,
            record.moniker,
            record.payout_account,
            record.address,
            counts[validator].proposed,
            counts[validator].failed,
        )
        for validator, record in validators.VALIDATORS.iterate(state)
    ]


def _ask(chain: SmallChain, module: str, name: str, arguments: Json) -> dict[str, Json]:
    answer = chain.application.query(chain.tip, module=module, name=name, arguments=arguments)
    assert isinstance(answer, dict)
    return answer
