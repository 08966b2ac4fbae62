"""Proposals, their tallies and timelines, votes and tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import (
    filters,
    find_proposal,
    finder,
    newest_or_since,
    proposal_filter,
)
from daonode.gateway.graphql.resolvers.forms import Account, Call, read_calls, read_curve, read_json, tally_of
from daonode.gateway.paging import Page, Question
from daonode.modules.governance.types import MAX_TRACKS
from daonode.primitives.positions import Position
from daonode.stores.rows import EventRow, MoveRow, ProposalRow, SpendRow, TrackRow, TransactionRow, VoteRow
from daonode.stores.tables import EVENTS, MOVES, PROPOSALS, SPENDS, TRACKS, TRANSACTIONS, VOTES


def proposal(_: object, reading: Reading, *, id_: str) -> ProposalRow | None:
    return find_proposal(id_, reading)


def proposals(
    _: object,
    reading: Reading,
    *,
    first: int,
    status: str | None = None,
    track: int | None = None,
    proposer: bytes | None = None,
    search: str | None = None,
    after: str | None = None,
) -> Page[ProposalRow]:
    holds = finder(search)
    question = Question(
        PROPOSALS,
        ("number",),
        filters(status=status, track=track, proposer=proposer),
        descending=True,
        keep=None if search is None else lambda row: holds(row.title) or holds(row.body),
        search=search or "",
    )
    return reading.page(question, first=first, after=after)


def votes(
    _: object,
    reading: Reading,
    *,
    first: int,
    proposal: str | None = None,
    voter: bytes | None = None,
    choice: str | None = None,
    since: Position | None = None,
    after: str | None = None,
) -> Page[VoteRow]:
    where = filters(proposal=proposal_filter(proposal, reading), voter=voter, choice=choice)
    return newest_or_since(VOTES, reading, where, since=since, first=first, after=after)


def votes_of_proposal(
    proposal: ProposalRow,
    reading: Reading,
    *,
    first: int,
    choice: str | None = None,
    since: Position | None = None,
    after: str | None = None,
) -> Page[VoteRow]:
    where = filters(proposal=proposal.id, choice=choice)
    return newest_or_since(VOTES, reading, where, since=since, first=first, after=after)


def vote_of_proposal(proposal: ProposalRow, reading: Reading, *, voter: bytes) -> VoteRow | None:
    return reading.get(VOTES, proposal.id, voter)


def timeline(proposal: ProposalRow, reading: Reading, *, first: int, after: str | None = None) -> Page[MoveRow]:
    question = Question(MOVES, ("height", "position"), {"proposal": proposal.id})
    return reading.page(question, first=first, after=after)


def spends_of_proposal(
    proposal: ProposalRow, reading: Reading, *, first: int, after: str | None = None
) -> Page[SpendRow]:
    return reading.page(Question(SPENDS, ("id",), {"proposal": proposal.id}), first=first, after=after)


def events_of_proposal(
    proposal: ProposalRow,
    reading: Reading,
    *,
    first: int,
    since: Position | None = None,
    after: str | None = None,
) -> Page[EventRow]:
    return newest_or_since(EVENTS, reading, {"proposal": proposal.id}, since=since, first=first, after=after)


def actions(proposal: ProposalRow, reading: Reading) -> tuple[Call, ...]:
    return read_calls(reading.text(proposal.actions))


def transaction_of(row: ProposalRow | VoteRow | EventRow, reading: Reading) -> TransactionRow | None:
    return None if row.tx_id is None else reading.get(TRANSACTIONS, row.tx_id)


def proposal_of(row: VoteRow | MoveRow | SpendRow | EventRow, reading: Reading) -> ProposalRow | None:
    return None if row.proposal is None else reading.get(PROPOSALS, row.proposal)


def track_of(row: ProposalRow | SpendRow, reading: Reading) -> TrackRow | None:
    return reading.get(TRACKS, row.track)


def tracks(_: object, reading: Reading) -> list[TrackRow]:
    return reading.every(TRACKS, order=("id",), most=MAX_TRACKS)


def track(_: object, reading: Reading, *, id_: int) -> TrackRow | None:
    return reading.get(TRACKS, id_)


def proposals_of_track(
    track: TrackRow, reading: Reading, *, first: int, status: str | None = None, after: str | None = None
) -> Page[ProposalRow]:
    question = Question(PROPOSALS, ("number",), filters(track=track.id, status=status), descending=True)
    return reading.page(question, first=first, after=after)


FIELDS: Final[Mapping[str, Callable[..., object]]] = {
    "Query.proposal": proposal,
    "Query.proposals": proposals,
    "Query.votes": votes,
    "Query.tracks": tracks,
    "Query.track": track,
    "Proposal.proposer": lambda row, _: Account(row.proposer),
    "Proposal.track": track_of,
    "Proposal.actions": actions,
    "Proposal.tally": lambda row, _: tally_of(row),
    "Proposal.approval": lambda row, _: read_curve(row.approval),
    "Proposal.support": lambda row, _: read_curve(row.support),
    "Proposal.transaction": transaction_of,
    "Proposal.votes": votes_of_proposal,
    "Proposal.vote": vote_of_proposal,
    "Proposal.timeline": timeline,
    "Proposal.spends": spends_of_proposal,
    "Proposal.events": events_of_proposal,
    "Vote.proposal": proposal_of,
    "Vote.voter": lambda row, _: Account(row.voter),
    "Vote.transaction": transaction_of,
    "Move.proposal": proposal_of,
    "Move.before": lambda row, _: row.before or None,
    "Track.rules": lambda row, reading: read_json(reading.text(row.rules)),
    "Track.proposals": proposals_of_track,
}
