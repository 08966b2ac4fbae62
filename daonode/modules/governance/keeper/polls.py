"""Ballots and tallies: what is cast, changed, overridden and taken back while a proposal is being decided.

A tally is a running sum: reading it costs the same at any number of ballots. A delegator's own ballot takes exactly its
snapshot power out of its delegate's ballot, whichever of the two came first, and gives it back when it is removed.
All powers are those at the proposal's snapshot, so nothing that happens later moves a tally but ballots.
"""

from __future__ import annotations

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import NoPower, NoVote, VotingClosed
from daonode.modules.governance.events import DelegateWeightChanged, VoteCast, VoteRemoved
from daonode.modules.governance.keeper.delegations import DelegationBook
from daonode.modules.governance.keeper.sources import Sources
from daonode.modules.governance.keys import BALLOTS, TALLIES
from daonode.modules.governance.rules import is_passing, outlook, passing_since, status_at
from daonode.modules.governance.types import Ballot, Choice, Proposal, Tally
from daonode.primitives.ids import Address
from daonode.primitives.times import format_time
from daonode.primitives.units import TimeMs

EMPTY_TALLY = Tally()


def tally_of(state: StateReader, proposal: Proposal) -> Tally:
    """The tally of a proposal; all zeros before its first ballot."""
    return TALLIES.get(state, proposal.id) or EMPTY_TALLY


class Polls:
    """Ballots of open decisions."""

    def __init__(self, sources: Sources, delegations: DelegationBook) -> None:
        self._sources = sources
        self._delegations = delegations

    def cast(self, context: Context, *, proposal: Proposal, voter: Address, choice: Choice, reason: str) -> None:
        """Cast the voter's ballot, or change it.

        Raises:
            VotingClosed: the decision has not begun, or has ended, at this block's time.
            NoPower: the voter had no power at the snapshot, its own or delegated, or is not of the electorate.
        """
        tally = self._open_tally(context, proposal)
        ballot = self.ballot_of(context.state, proposal=proposal, voter=voter)
        if ballot.own + ballot.received == 0:
            raise NoPower(
                f"the account had no power on track {proposal.track.id} at height {proposal.snapshot_height}, where "
                f"proposal {proposal.number} took its snapshot",
                hint="power counts if it was there before the proposal was submitted",
            )
        if not self._sources.is_elector(
            context.state, track=proposal.track, account=voter, height=proposal.snapshot_height
        ):
            raise NoPower(
                f"only who was a member at height {proposal.snapshot_height} votes on track {proposal.track.id}",
                hint="a registrar makes members; it counts for later proposals",
            )
        changed = replace(ballot, choice=choice)
        counted = _count(_count(tally, ballot, sign=-1), changed, sign=1)
        BALLOTS.set(context.state, (proposal.id, voter), changed)
        if ballot.choice is None:
            counted = self._override(context, proposal=proposal, delegator=voter, ballot=changed, tally=counted, sign=1)
        self._store(context, proposal=proposal, before=tally, tally=counted)
        context.emit(VoteCast(proposal=proposal.id, voter=voter, choice=choice, weight=changed.weight, reason=reason))

    def remove(self, context: Context, *, proposal: Proposal, voter: Address) -> None:
        """Take the voter's ballot back. Raises `VotingClosed`, or `NoVote` where there is none."""
        tally = self._open_tally(context, proposal)
        ballot = BALLOTS.get(context.state, (proposal.id, voter))
        if ballot is None or ballot.choice is None:
            raise NoVote(f"the account has no ballot on proposal {proposal.number} to take back")
        counted = _count(tally, ballot, sign=-1)
        if ballot.overridden:
            BALLOTS.set(context.state, (proposal.id, voter), replace(ballot, choice=None))
        else:
            BALLOTS.delete(context.state, (proposal.id, voter))
        counted = self._override(context, proposal=proposal, delegator=voter, ballot=ballot, tally=counted, sign=-1)
        self._store(context, proposal=proposal, before=tally, tally=counted)
        context.emit(VoteRemoved(proposal=proposal.id, voter=voter, choice=ballot.choice, weight=ballot.weight))

    def ballot_of(self, state: StateReader, *, proposal: Proposal, voter: Address) -> Ballot:
        """The voter's ballot, or the empty one that it would fill: its powers at the snapshot."""
        found = BALLOTS.get(state, (proposal.id, voter))
        if found is not None:
            return found
        height = proposal.snapshot_height
        source = self._sources.of_track(state, proposal.track)
        return Ballot(
            choice=None,
            own=source.power_at(state, account=voter, height=height),
            received=self._delegations.received_at(state, track=proposal.track.id, account=voter, height=height),
            overridden=0,
        )

    def _open_tally(self, context: Context, proposal: Proposal) -> Tally:
        now_ms = context.block.time_ms
        tally = tally_of(context.state, proposal)
        if proposal.phase == "deciding":
            now = outlook(proposal, tally, now_ms=now_ms)
            if now.is_open:
                return tally
            raise VotingClosed(f"voting on proposal {proposal.number} ended at {format_time(now.ends)}")
        raise VotingClosed(
            f"proposal {proposal.number} is not being decided: it is {status_at(proposal, tally, now_ms=now_ms)}"
        )

    def _override(
        self, context: Context, *, proposal: Proposal, delegator: Address, ballot: Ballot, tally: Tally, sign: int
    ) -> Tally:
        """Take the delegator's own power out of its delegate's ballot (sign 1), or put it back (-1)."""
        height = proposal.snapshot_height
        delegate = self._delegations.delegate_at(
            context.state, track=proposal.track.id, account=delegator, height=height
        )
        if delegate is None or ballot.own == 0:
            return tally
        before = self.ballot_of(context.state, proposal=proposal, voter=delegate)
        after = replace(before, overridden=before.overridden + sign * ballot.own)
        assert 0 <= after.overridden <= after.received, "an override takes what was delegated, and gives it back"
        if after.choice is None and after.overridden == 0:
            BALLOTS.delete(context.state, (proposal.id, delegate))
        else:
            BALLOTS.set(context.state, (proposal.id, delegate), after)
        if after.choice is not None:
            context.emit(
                DelegateWeightChanged(proposal=proposal.id, delegate=delegate, delegator=delegator, weight=after.weight)
            )
        return _count(_count(tally, before, sign=-1), after, sign=1)

    def _store(self, context: Context, *, proposal: Proposal, before: Tally, tally: Tally) -> None:
        """Write the tally with the time since when it passes, which begins anew where passing was lost."""
        now_ms = context.block.time_ms
        since = passing_since(proposal, before, now_ms=now_ms)
        starts = proposal.decision_starts
        assert starts is not None, "a proposal being decided has a start"
        if not is_passing(proposal, tally, elapsed_ms=now_ms - starts):
            since = None
        elif since is None:
            since = TimeMs(now_ms)
        TALLIES.set(context.state, proposal.id, replace(tally, passing_since=since))


def _count(tally: Tally, ballot: Ballot, *, sign: int) -> Tally:
    weight = sign * ballot.weight
    match ballot.choice:
        case "yes":
            return replace(tally, yes=tally.yes + weight)
        case "no":
            return replace(tally, no=tally.no + weight)
        case "abstain":
            return replace(tally, abstain=tally.abstain + weight)
        case None:
            return tally
