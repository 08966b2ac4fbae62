"""What can be followed: each field of `Subscription` as an interest in the happenings of the chain, and its values.

An interest is in rows that are only ever added, so that what is told live and what is read back later are the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal, cast

import msgspec

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import filters, proposal_filter
from daonode.gateway.graphql.resolvers.forms import Account
from daonode.gateway.graphql.resolvers.governance import transaction_of
from daonode.gateway.live import ADDED_BLOCKS, CAST_VOTES, END_INDEX, STATUS_CHANGES, Interest, Live
from daonode.gateway.paging import PageError
from daonode.primitives.addresses import decode_account, encode_account
from daonode.primitives.ids import Address
from daonode.primitives.positions import Position
from daonode.stores.rows import BlockRow, EventRow, MoveRow, ProposalRow, Row
from daonode.stores.tables import PROPOSALS

MAX_AT_ONCE: Final = 32
"""Happenings that are told, and selected from, at one time."""


@dataclass(frozen=True, slots=True)
class BlockAdded:
    """A value of `blockAdded`."""

    position: Position
    block: BlockRow


@dataclass(frozen=True, slots=True)
class ProposalChanged:
    """A value of `proposalChanged`; `proposal` is the id."""

    position: Position
    time_ms: int
    before: str
    after: str
    proposal: bytes


class _Ballot(msgspec.Struct, frozen=True):
    """What a `governance.VoteCast` event says."""

    voter: str
    choice: Literal["yes", "no", "abstain"]
    weight: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoteCast:
    """A value of `voteCast`; `proposal` is the id."""

    position: Position
    time_ms: int
    voter: bytes
    choice: str
    weight: int
    reason: str
    tx_id: bytes | None
    proposal: bytes | None


Happening = BlockAdded | ProposalChanged | VoteCast


@dataclass(frozen=True, slots=True)
class Topic:
    """What one subscription asks for."""

    live: Live
    interest: Interest
    tell: Callable[[Row], Happening]
    since: Position

    def position(self, row: Row) -> Position:
        """The position that a row is told with."""
        return self.interest.log.position(row)

    async def follow(self) -> AsyncGenerator[Sequence[Row], None]:
        """The rows after `since`, some at a time, without end; `tell` makes a happening of each."""
        async with aclosing(self.live.follow(self.interest, self.since)) as found:
            async for rows in found:
                for start in range(0, len(rows), MAX_AT_ONCE):
                    yield rows[start : start + MAX_AT_ONCE]

    __aiter__ = follow


def block_added(live: Live, reading: Reading, *, since: Position | None = None) -> Topic:
    return Topic(live, Interest(ADDED_BLOCKS), _block_added, _start(since, reading))


def proposal_changed(
    live: Live,
    reading: Reading,
    *,
    since: Position | None = None,
    proposal: str | None = None,
    status: str | None = None,
) -> Topic:
    where = filters(proposal=proposal_filter(proposal, reading), after=status)
    return Topic(live, Interest(STATUS_CHANGES, where), _proposal_changed, _start(since, reading))


def vote_cast(
    live: Live,
    reading: Reading,
    *,
    since: Position | None = None,
    proposal: str | None = None,
    voter: bytes | None = None,
) -> Topic:
    where = filters(proposal=proposal_filter(proposal, reading))
    text = None if voter is None else encode_account(Address(voter))

    def passes(row: Row) -> bool:
        ballot = _ballot(cast(EventRow, row))
        return ballot is not None and (text is None or ballot.voter == text)

    return Topic(live, Interest(CAST_VOTES, where, passes), _vote_cast, _start(since, reading))


def _start(since: Position | None, reading: Reading) -> Position:
    """The position after which somebody is told: the one that was asked for, or now.

    Raises:
        PageError: the index is not so far.
    """
    height = reading.head.height
    if since is None:
        return Position(height, END_INDEX)
    if since.height > height:
        raise PageError(
            f"the position {since} is ahead of the index, which is at height {height}: is it the same chain?"
        )
    return since


def _block_added(row: Row) -> Happening:
    block = cast(BlockRow, row)
    return BlockAdded(ADDED_BLOCKS.position(row), block)


def _proposal_changed(row: Row) -> Happening:
    move = cast(MoveRow, row)
    return ProposalChanged(STATUS_CHANGES.position(row), move.time_ms, move.before, move.after, move.proposal)


def _vote_cast(row: Row) -> Happening:
    event = cast(EventRow, row)
    ballot = _ballot(event)
    assert ballot is not None, "others do not pass"
    return VoteCast(
        position=CAST_VOTES.position(row),
        time_ms=event.time_ms,
        voter=decode_account(ballot.voter),
        choice=ballot.choice,
        weight=int(ballot.weight),
        reason=ballot.reason,
        tx_id=event.tx_id,
        proposal=event.proposal,
    )


def _ballot(event: EventRow) -> _Ballot | None:
    """What an event says; None where it is of another form, as a chain with other modules may tell it."""
    try:
        return msgspec.json.decode(event.value, type=_Ballot)
    except msgspec.ValidationError:
        return None


def proposal_of(happening: ProposalChanged | VoteCast, reading: Reading) -> ProposalRow | None:
    return None if happening.proposal is None else reading.get(PROPOSALS, happening.proposal)


TOPICS: Final[Mapping[str, Callable[..., Topic]]] = {
    "blockAdded": block_added,
    "proposalChanged": proposal_changed,
    "voteCast": vote_cast,
}
FIELDS: Final[Mapping[str, Callable[..., object]]] = {
    "ProposalChanged.before": lambda happening, _: happening.before or None,
    "ProposalChanged.proposal": proposal_of,
    "VoteCast.voter": lambda happening, _: Account(happening.voter),
    "VoteCast.transaction": transaction_of,
    "VoteCast.proposal": proposal_of,
}
