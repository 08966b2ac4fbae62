"""A small DAO as rows of a store: two proposals, five members who voted, a treasury, some blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from daonode.modules.governance.types import Curve, Track, TrackId
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, BlockId, ChainId, Hash
from daonode.primitives.json_form import to_json
from daonode.primitives.units import Amount, Bps, DurationMs
from daonode.stores.access import Change, Changes, Head, Value, Writer
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import (
    AssetRow,
    BalanceRow,
    BlockRow,
    DelegationRow,
    EventRow,
    LimitRow,
    MemberRow,
    MoveRow,
    PointRow,
    ProposalRow,
    Row,
    SpendRow,
    TrackRow,
    TransactionRow,
    ValidatorRow,
    VoteRow,
)
from daonode.stores.tables import (
    ASSETS,
    BALANCES,
    BLOCKS,
    DELEGATIONS,
    EVENTS,
    LIMITS,
    MEMBERS,
    MOVES,
    POINTS,
    PROPOSALS,
    SPENDS,
    TRACKS,
    TRANSACTIONS,
    VALIDATORS,
    VOTES,
    Table,
)

CHAIN_ID: Final = ChainId("daonode:test")
START_MS: Final = 1_780_000_000_000
BLOCK_MS: Final = 1_000
HEIGHT: Final = 10
MEMBERS_THERE: Final = 5
TREASURY: Final = bytes([200] * 32)
VALIDATOR: Final = bytes([100] * 32)
RULES: Final = Track(
    id=TrackId(1),
    name="treasury",
    origin="treasurer",
    criticality=1,
    weight_fn="token",
    electorate="all",
    max_deciding=5,
    submission_deposit=Amount(10),
    decision_deposit=Amount(10),
    prepare=DurationMs(0),
    decision=DurationMs(3_600_000),
    confirm=DurationMs(0),
    enactment=DurationMs(0),
    grace=DurationMs(3_600_000),
    approval=Curve(kind="linear", start=Bps(6_000), end=Bps(5_000)),
    support=Curve(kind="linear", start=Bps(6_000), end=Bps(5_000)),
    quorum=Bps(1_000),
)
CURVE: Final = '{"kind":"linear","start":6000,"end":5000}'


def account(index: int) -> Address:
    """The address of a member."""
    return Address(bytes([index + 1] * 32))


def proposal_id(number: int) -> bytes:
    return bytes([150 + number] * 32)


def tx_id(height: int, position: int) -> bytes:
    return height.to_bytes(16, "big") + position.to_bytes(16, "big")


def time_of(height: int) -> int:
    return START_MS + height * BLOCK_MS


def head_at(height: int) -> Head:
    return Head(CHAIN_ID, Hash(bytes([9] * 32)), height, BlockId(height.to_bytes(32, "big")), time_of(height))


def block(height: int, *, transactions: int = 0, events: int = 0) -> BlockRow:
    return BlockRow(
        height=height,
        id=height.to_bytes(32, "big"),
        time_ms=time_of(height),
        interval_ms=BLOCK_MS,
        round=0,
        proposer=VALIDATOR,
        state_root=bytes(32),
        transactions=transactions,
        events=events,
        payload_bytes=0,
    )


def proposal(
    number: int, *, status: str = "deciding", yes: int = 0, height: int = 1, body: str | None = None
) -> ProposalRow:
    return ProposalRow(
        id=proposal_id(number),
        number=number,
        status=status,
        title=f"Proposal {number}",
        body=body or ("Pay the gardeners" if number % 2 else "Mend the roof"),
        text_hash=bytes(32),
        proposer=account(0),
        track=1,
        track_name="treasury",
        kind="standard",
        actions='[{"type":"treasury.Spend","value":{"amount":"50"}}]',
        yes=yes,
        no=0,
        abstain=0,
        voters=1 if yes else 0,
        electorate_power=2**64 - 1,
        quorum_power=2**63,
        approval=CURVE,
        support=CURVE,
        deposit=10,
        decision_deposit=10,
        snapshot_height=1,
        submitted_at_ms=time_of(height),
        submitted_height=height,
        tx_id=tx_id(height, 0),
        decision_starts_ms=time_of(height),
        decision_ends_ms=time_of(height) + 3_600_000,
        passing_since_ms=None,
        timelock_ends_ms=None,
        grace_ends_ms=None,
        ended_at_ms=None,
        next_change_ms=None,
        failure=None,
        updated_height=height,
    )


def vote(number: int, voter: int, *, height: int, position: int = 0, choice: str = "yes") -> VoteRow:
    return VoteRow(
        proposal=proposal_id(number),
        voter=account(voter),
        proposal_number=number,
        choice=choice,
        weight=2**60 + voter,
        reason="because",
        height=height,
        position=position,
        time_ms=time_of(height),
        tx_id=tx_id(height, position),
    )


def vote_event(number: int, voter: int, *, height: int, position: int = 0, choice: str = "yes") -> EventRow:
    value = {
        "proposal": "0x" + proposal_id(number).hex(),
        "voter": encode_account(account(voter)),
        "choice": choice,
        "weight": str(2**60 + voter),
        "reason": "because",
    }
    return event("governance.VoteCast", value, height=height, position=position, number=number)


def event(type_: str, value: object, *, height: int, position: int, number: int | None = None) -> EventRow:
    named = None if number is None else proposal_id(number)
    return EventRow(height, position, time_of(height), type_, tx_id(height, position), named, json.dumps(value))


def move(number: int, before: str, after: str, *, height: int, position: int) -> MoveRow:
    return MoveRow(proposal_id(number), height, position, time_of(height), before, after)


def transaction(height: int, position: int, *, sender: int) -> TransactionRow:
    return TransactionRow(
        tx_id=tx_id(height, position),
        height=height,
        position=position,
        time_ms=time_of(height),
        sender=account(sender),
        code=0,
        error="",
        gas_used=21_000,
        fee=2**64 - 1,
        memo="",
        messages='[{"type":"governance.Vote","value":{"choice":"yes"}}]',
    )


def member(index: int) -> MemberRow:
    name = ("Alice", "Bob", "Carol", "Dave", "Erin")[index % 5]
    registrar = None if index == 0 else account(0)
    return MemberRow(account(index), index, name, "gardener", "", index != 4, registrar, START_MS, 1, 0)


def changes(height: int, rows: Iterable[tuple[Table[Row], Row]]) -> Changes:
    """Rows as what a block changes."""
    return Changes(head_at(height), [Change(table, key_of(table, row), row) for table, row in rows])


def key_of(table: Table[Row], row: Row) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in table.key)


def vote_block(height: int, voters: Sequence[int], *, number: int = 2, body: str | None = None) -> Changes:
    """A block in which members vote yes on a proposal, again if they have."""
    rows: list[tuple[Table[Row], Row]] = [
        (BLOCKS, block(height, transactions=len(voters), events=len(voters))),
        (PROPOSALS, proposal(number, yes=height, body=body)),
    ]
    for position, voter in enumerate(voters):
        rows += [
            (TRANSACTIONS, transaction(height, position, sender=voter)),
            (EVENTS, vote_event(number, voter, height=height, position=position)),
            (VOTES, vote(number, voter, height=height, position=position)),
        ]
    return changes(height, rows)


def founding() -> Changes:
    """Everything up to height `HEIGHT`."""
    rows: list[tuple[Table[Row], Row]] = [
        (TRACKS, TrackRow(1, "treasury", "token", json.dumps(to_json(RULES)))),
        (ASSETS, AssetRow("dao", 9, native=True, votes=True, supply=2**64 - 1)),
        (BALANCES, BalanceRow(account(0), "dao", 5, is_treasury=False)),
        (BALANCES, BalanceRow(TREASURY, "dao", 2**63, is_treasury=True)),
        (LIMITS, LimitRow("dao", 86_400_000, 1_000, START_MS)),
        (SPENDS, spend()),
        (DELEGATIONS, DelegationRow(1, account(3), account(0), 7, 2)),
        (VALIDATORS, ValidatorRow(VALIDATOR, bytes([7] * 32), 1, "north", account(1), "127.0.0.1:26656", 10, 0, 10)),
        (POINTS, PointRow("treasury", "dao", time_of(1), 1, 100)),
        (POINTS, PointRow("treasury", "dao", time_of(5), 5, 2**63)),
        (POINTS, PointRow("members", "", time_of(0), 0, MEMBERS_THERE)),
        (PROPOSALS, proposal(1, status="executed", yes=2**60)),
        (PROPOSALS, proposal(2)),
        (MOVES, move(1, "", "deciding", height=1, position=0)),
        (MOVES, move(1, "deciding", "executed", height=5, position=2)),
        (MOVES, move(2, "", "deciding", height=6, position=0)),
        (TRANSACTIONS, transaction(1, 0, sender=0)),
    ]
    rows += [(BLOCKS, block(height)) for height in range(1, HEIGHT + 1)]
    rows += [(MEMBERS, member(index)) for index in range(MEMBERS_THERE)]
    for index in range(MEMBERS_THERE):
        height = 2 + index % 3
        rows += [
            (VOTES, vote(1, index, height=height, position=index)),
            (EVENTS, vote_event(1, index, height=height, position=index)),
            (TRANSACTIONS, transaction(height, index, sender=index)),
        ]
    return changes(HEIGHT, rows)


def spend() -> SpendRow:
    return SpendRow(
        id=bytes([77] * 32),
        proposal=proposal_id(1),
        track=1,
        asset="dao",
        amount=50,
        beneficiary=account(2),
        status="approved",
        valid_from_ms=None,
        expires_at_ms=None,
        approved_at_ms=time_of(5),
        paid_at_ms=None,
        failure=None,
        updated_height=5,
    )


def founded_store() -> MemoryStore:
    """A store in memory with the founding rows."""
    store = MemoryStore()
    found(store)
    return store


def found(writer: Writer) -> None:
    """Write the founding rows."""
    writer.apply(founding())
