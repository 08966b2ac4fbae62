"""What can be followed: each field of `Subscription` as an interest in the happenings of the chain, and its values.

An interest is in rows that are only ever added, so that what is told live and what is read back later are the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

import msgspec

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import filters, proposal_filter
from daonode.gateway.graphql.resolvers.forms import Account
from daonode.gateway.graphql.resolvers.governance import transaction_of
from daonode.gateway.live import ADDED_BLOCKS, CAST_VOTES, STATUS_CHANGES, Interest, Live
from daonode.primitives.addresses import decode_account, encode_account
from daonode.primitives.ids import Address
from daonode.primitives.positions import Position
from daonode.stores.rows import BlockRow, EventRow, MoveRow, ProposalRow, Row
from daonode.stores.tables import PROPOSALS

Value = BlockRow | MoveRow | EventRow


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
    """What one subscription asks for. Iterating gives happenings, some at a time, after `since`, without end."""

    live: Live
    interest: Interest
    tell: Callable[[Row], Happening]
    since: Position

    async def __aiter__(self) -> AsyncGenerator[Sequence[Happening], None]:
        async for rows in self.live.follow(self.interest, self.since):
            yield [self.tell(row) for row in rows]


def block_added(live: Live, _: Reading, *, since: Position | None = None) -> Topic:
    return Topic(live, Interest(ADDED_BLOCKS), _block_added, live.start(since))


def proposal_changed(
    live: Live,
    reading: Reading,
    *,
    since: Position | None = None,
    proposal: str | None = None,
    status: str | None = None,
) -> Topic:
    where = filters(proposal=proposal_filter(proposal, reading), after=status)
    return Topic(live, Interest(STATUS_CHANGES, where), _proposal_changed, live.start(since))


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
        return text is None or _ballot(cast(EventRow, row)).voter == text

    return Topic(live, Interest(CAST_VOTES, where, passes), _vote_cast, live.start(since))


def _block_added(row: Row) -> Happening:
    block = cast(BlockRow, row)
    return BlockAdded(ADDED_BLOCKS.position(row), block)


def _proposal_changed(row: Row) -> Happening:
    move = cast(MoveRow, row)
    return ProposalChanged(STATUS_CHANGES.position(row), move.time_ms, move.before, move.after, move.proposal)


def _vote_cast(row: Row) -> Happening:
    event = cast(EventRow, row)
    ballot = _ballot(event)
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


def _ballot(event: EventRow) -> _Ballot:
    return msgspec.json.decode(event.value, type=_Ballot)


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
