"""What governance answers. Results have fixed fields, shown as JSON by their types; lists have opaque cursors.

A proposal is named by its id in hex, with or without `0x`, or by its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from daonode.ledger.errors import QueryError
from daonode.ledger.module import Query, QueryContext
from daonode.ledger.paging import DEFAULT_PAGE, MAX_SCANNED, PageLimit, newest_first, unknown_cursor
from daonode.ledger.state import StateReader
from daonode.ledger.typed import answers
from daonode.modules.governance.keeper import GovernanceKeeper, tally_of
from daonode.modules.governance.keeper.live_proposals import live_on, with_deposits_due
from daonode.modules.governance.keys import ACTIONS, BALLOTS, LAST_NUMBER, NUMBERS, PARAMS, TRACKS
from daonode.modules.governance.params import GovernanceParams
from daonode.modules.governance.rules import outlook, quorum_power, status_at, turnout
from daonode.modules.governance.types import (
    Actions,
    Ballot,
    Choice,
    Curve,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalNumber,
    Status,
    Tally,
    Track,
    TrackId,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, Hash
from daonode.primitives.units import Amount, Bps, TimeMs

_HEX_ID = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_NUMBER = re.compile(r"#?([0-9]{1,19})", re.ASCII)


class NoArguments(Record, frozen=True):
    """Nothing to say."""


class ProposalArguments(Record, frozen=True):
    """One proposal, by id or number."""

    proposal: str


class ProposalsArguments(Record, frozen=True):
    """A page of proposals, the newest first, of one status or track if given."""

    status: Status | None = None
    track: TrackId | None = None
    cursor: str | None = None
    limit: PageLimit = DEFAULT_PAGE


class VoteArguments(Record, frozen=True):
    """One account's ballot on one proposal."""

    proposal: str
    voter: Address


class VotesArguments(Record, frozen=True):
    """A page of a proposal's ballots, by voter."""

    proposal: str
    cursor: str | None = None
    limit: PageLimit = DEFAULT_PAGE


class AccountOnTrack(Record, frozen=True):
    """One account on one track."""

    account: Address
    track: TrackId


class PowerArguments(Record, frozen=True):
    """One account on one track, now or at the end of a height that an open proposal holds."""

    account: Address
    track: TrackId
    height: U64 | None = None


class TallyResult(Record, frozen=True):
    """Power by choice. `quorum` is the turnout that is needed, `electorate` the power that there is."""

    yes: U64
    no: U64
    abstain: U64
    turnout: U64
    quorum: U64
    electorate: U64
    passing_since: TimeMs | None


class ProposalResult(Record, frozen=True):
    """A proposal as it is at the block's time. `decision_closes` is when it ends if nobody votes any more."""

    id: ProposalId
    number: ProposalNumber
    status: Status
    title: str
    text_hash: Hash
    proposer: Address
    track: TrackId
    kind: ProposalKind
    tally: TallyResult
    quorum: Bps
    approval: Curve
    support: Curve
    deposit: Amount
    decision_deposit: Amount
    snapshot_height: U64
    submitted_at: TimeMs
    decision_starts: TimeMs | None
    decision_ends: TimeMs | None
    decision_closes: TimeMs | None
    timelock_ends: TimeMs | None
    grace_ends: TimeMs | None
    ended_at: TimeMs | None
    next_change: TimeMs | None
    actions: Actions
    error: str


class ProposalSummary(Record, frozen=True):
    """A proposal in a list."""

    id: ProposalId
    number: ProposalNumber
    status: Status
    title: str
    proposer: Address
    track: TrackId
    tally: TallyResult
    submitted_at: TimeMs
    next_change: TimeMs | None


class ProposalsResult(Record, frozen=True):
    """A page."""

    items: tuple[ProposalSummary, ...]
    next_cursor: str | None


class VoteResult(Record, frozen=True):
    """A ballot; `weight` is its own and received power without what delegators overrode."""

    voter: Address
    choice: Choice
    weight: U64
    own: U64
    received: U64
    overridden: U64


class VotesResult(Record, frozen=True):
    """A page."""

    items: tuple[VoteResult, ...]
    next_cursor: str | None


class TrackDeposits(Record, frozen=True):
    """What the next proposal on a track has to deposit, while `live` others of the track are live."""

    track: TrackId
    submission: Amount
    decision: Amount
    live: U64


class TracksResult(Record, frozen=True):
    """All tracks, by id, and what each takes in deposits at present."""

    items: tuple[Track, ...]
    deposits: tuple[TrackDeposits, ...]


class DelegationResult(Record, frozen=True):
    """An account's present delegate on a track, and what is delegated to it."""

    delegate: Address | None
    received: U64


class PowerResult(Record, frozen=True):
    """What a ballot would count: `own` and `received`. Own power also counts with the delegate while it is not used."""

    own: U64
    received: U64
    total: U64
    delegate: Address | None


class Queries:
    """The queries of this module."""

    def __init__(self, keeper: GovernanceKeeper) -> None:
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Query]:
        """Return each query under its name."""
        return {
            "proposal": answers(ProposalArguments, ProposalResult, self.proposal),
            "proposals": answers(ProposalsArguments, ProposalsResult, self.proposals),
            "vote": answers(VoteArguments, VoteResult, self.vote),
            "votes": answers(VotesArguments, VotesResult, self.votes),
            "tracks": answers(NoArguments, TracksResult, self.tracks),
            "delegation": answers(AccountOnTrack, DelegationResult, self.delegation),
            "voting_power": answers(PowerArguments, PowerResult, self.voting_power),
            "params": answers(NoArguments, GovernanceParams, self.params),
        }

    def proposal(self, context: QueryContext, arguments: ProposalArguments) -> ProposalResult:
        """One proposal in full, but for its text."""
        found = self._find(context.state, arguments.proposal)
        tally = tally_of(context.state, found)
        closes = found.decision_ends
        if found.phase == "deciding":
            closes = outlook(found, tally, now_ms=context.time_ms).ends
        return ProposalResult(
            id=found.id,
            number=found.number,
            status=status_at(found, tally, now_ms=context.time_ms),
            title=found.title,
            text_hash=found.text_hash,
            proposer=found.proposer,
            track=found.track.id,
            kind=found.kind,
            tally=_tally_result(found, tally),
            quorum=found.track.quorum,
            approval=found.track.approval,
            support=found.track.support,
            deposit=found.deposit,
            decision_deposit=found.track.decision_deposit,
            snapshot_height=found.snapshot_height,
            submitted_at=found.submitted_at,
            decision_starts=found.decision_starts,
            decision_ends=found.decision_ends,
            decision_closes=closes,
            timelock_ends=found.timelock_ends,
            grace_ends=found.grace_ends,
            ended_at=found.ended_at,
            next_change=found.due,
            actions=ACTIONS.require(context.state, found.id).calls,
            error="" if found.failure is None else found.failure.describe(),
        )

    def proposals(self, context: QueryContext, arguments: ProposalsArguments) -> ProposalsResult:
        """Proposals from the newest on."""
        state = context.state

        def read(number: int) -> ProposalSummary | None:
            reference = NUMBERS.require(state, ProposalNumber(number))
            summary = _summary(context, self._keeper.proposal(state, reference.proposal))
            is_wanted = arguments.status in (None, summary.status) and arguments.track in (None, summary.track)
            return summary if is_wanted else None

        last = LAST_NUMBER.get(state, None)
        items, next_cursor = newest_first(
            read, last=0 if last is None else last.value, cursor=arguments.cursor, limit=arguments.limit
        )
        return ProposalsResult(items=items, next_cursor=next_cursor)

    def vote(self, context: QueryContext, arguments: VoteArguments) -> VoteResult:
        """One ballot."""
        found = self._find(context.state, arguments.proposal)
        ballot = BALLOTS.get(context.state, (found.id, arguments.voter))
        result = None if ballot is None else _vote_result(arguments.voter, ballot)
        if result is None:
            raise QueryError(f"the account has no ballot on proposal {found.number}", not_found=True)
        return result

    def votes(self, context: QueryContext, arguments: VotesArguments) -> VotesResult:
        """Ballots by voter; a cursor is the voter that the page before ended with."""
        found = self._find(context.state, arguments.proposal)
        after = None if arguments.cursor is None else (found.id, _cursor_address(arguments.cursor))
        items: list[VoteResult] = []
        for scanned, ((_, voter), ballot) in enumerate(
            BALLOTS.iterate(context.state, prefix=found.id, after=after), start=1
        ):
            result = _vote_result(voter, ballot)
            if result is not None:
                items.append(result)
            if len(items) == arguments.limit or scanned == MAX_SCANNED:
                return VotesResult(items=tuple(items), next_cursor=voter.hex())
        return VotesResult(items=tuple(items), next_cursor=None)

    def tracks(self, context: QueryContext, _: NoArguments) -> TracksResult:
        """All tracks; there are at most 64."""
        state = context.state
        tracks = tuple(track for _, track in TRACKS.iterate(state))
        return TracksResult(items=tracks, deposits=tuple(_deposits_now(state, track) for track in tracks))

    def delegation(self, context: QueryContext, arguments: AccountOnTrack) -> DelegationResult:
        """Whom an account delegates to, and what is delegated to it."""
        book, state = self._keeper.delegations, context.state
        track = self._keeper.track(state, arguments.track)
        return DelegationResult(
            delegate=book.delegate_now(state, track=track.id, account=arguments.account),
            received=book.received_at(state, track=track.id, account=arguments.account, height=context.height),
        )

    def voting_power(self, context: QueryContext, arguments: PowerArguments) -> PowerResult:
        """What an account's ballot would count."""
        book, state = self._keeper.delegations, context.state
        track = self._keeper.track(state, arguments.track)
        height = context.height if arguments.height is None else arguments.height
        if height > context.height:
            raise QueryError(f"height {height} is not committed; the chain is at {context.height}")
        own = self._keeper.sources.of_track(state, track).power_at(state, account=arguments.account, height=height)
        received = book.received_at(state, track=track.id, account=arguments.account, height=height)
        delegate = book.delegate_at(state, track=track.id, account=arguments.account, height=height)
        return PowerResult(own=own, received=received, total=own + received, delegate=delegate)

    def params(self, context: QueryContext, _: NoArguments) -> GovernanceParams:
        """The module's parameters."""
        return PARAMS.require(context.state, None)

    def _find(self, state: StateReader, name: str) -> Proposal:
        by_id, by_number = _HEX_ID.fullmatch(name), _NUMBER.fullmatch(name)
        if by_id is not None:
            return self._keeper.proposal(state, ProposalId(bytes.fromhex(by_id.group(1))))
        if by_number is None:
            raise QueryError(
                f"{name[:80]!r} names no proposal", hint="give its number, or its id as 0x and 64 hex digits"
            )
        reference = NUMBERS.get(state, ProposalNumber(int(by_number.group(1))))
        if reference is None:
            raise QueryError(f"there is no proposal number {by_number.group(1)}", not_found=True)
        return self._keeper.proposal(state, reference.proposal)


def _deposits_now(state: StateReader, track: Track) -> TrackDeposits:
    due = with_deposits_due(state, track)
    return TrackDeposits(
        track=track.id,
        submission=due.submission_deposit,
        decision=due.decision_deposit,
        live=live_on(state, track.id),
    )


def _tally_result(proposal: Proposal, tally: Tally) -> TallyResult:
    return TallyResult(
        yes=tally.yes,
        no=tally.no,
        abstain=tally.abstain,
        turnout=turnout(tally),
        quorum=quorum_power(proposal.track, proposal.electorate_power),
        electorate=proposal.electorate_power,
        passing_since=tally.passing_since,
    )


def _summary(context: QueryContext, proposal: Proposal) -> ProposalSummary:
    tally = tally_of(context.state, proposal)
    return ProposalSummary(
        id=proposal.id,
        number=proposal.number,
        status=status_at(proposal, tally, now_ms=context.time_ms),
        title=proposal.title,
        proposer=proposal.proposer,
        track=proposal.track.id,
        tally=_tally_result(proposal, tally),
        submitted_at=proposal.submitted_at,
        next_change=proposal.due,
    )


def _vote_result(voter: Address, ballot: Ballot) -> VoteResult | None:
    """A ballot that was cast; one that only remembers overrides is none."""
    if ballot.choice is None:
        return None
    return VoteResult(
        voter=voter,
        choice=ballot.choice,
        weight=ballot.weight,
        own=ballot.own,
        received=ballot.received,
        overridden=ballot.overridden,
    )


def _cursor_address(cursor: str) -> Address:
    match = _HEX_ID.fullmatch(cursor)
    if match is None:
        raise unknown_cursor(cursor)
    return Address(bytes.fromhex(match.group(1)))
