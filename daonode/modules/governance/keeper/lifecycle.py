"""How a proposal moves from phase to phase, and what each end does to its deposits, snapshot and place.

Time alone moves a proposal through `advance`, which a deadline calls. A phase's period begins when the proposal really
enters it, so a late block shortens nobody's time to react. Every decision ends in `_leave_decision`, every proposal
whose actions do not run in `_end`.
"""

from __future__ import annotations

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.errors import TransactionError
from daonode.ledger.failures import failure_of
from daonode.ledger.snapshots import release
from daonode.modules.governance.errors import NotCancellable, NotExecutable
from daonode.modules.governance.events import ProposalMoved
from daonode.modules.governance.keeper.deposits import Deposits
from daonode.modules.governance.keeper.execution import run_actions
from daonode.modules.governance.keeper.live_proposals import leave
from daonode.modules.governance.keeper.polls import tally_of
from daonode.modules.governance.keys import DECIDING, NAME, PARAMS, PROPOSALS, QUEUE, TRACK_KEY
from daonode.modules.governance.rules import is_past, outlook, reaches_quorum, status_at
from daonode.modules.governance.types import (
    BEFORE_DECISION_ENDS,
    Counter,
    Proposal,
    ProposalReference,
    Status,
    TrackId,
)
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.units import BPS_MAX, Bps, TimeMs


class Lifecycle:
    """Moves proposals."""

    def __init__(self, deposits: Deposits) -> None:
        self._deposits = deposits

    def begin(self, context: Context, proposal: Proposal) -> Proposal:
        """Move a new proposal, or one whose deposit grew, to the phase that its deposit allows."""
        track = proposal.track
        if proposal.deposit < track.decision_deposit:
            due = proposal.due or _later(context, PARAMS.require(context.state, None).deposit_period)
            return self._move(context, proposal, phase="deposit", due=due)
        if track.prepare:
            return self._move(context, proposal, phase="prepare", due=_later(context, track.prepare))
        return self._queue(context, proposal)

    def advance(self, context: Context, proposal: Proposal) -> None:
        """Do what time has made due; what is not due, or was done already, changes nothing."""
        now_ms = context.block.time_ms
        match proposal.phase:
            case "deposit" if is_past(proposal.due, now_ms):
                self._end(context, proposal, phase="timed_out")
            case "prepare" if is_past(proposal.due, now_ms):
                self._queue(context, proposal)
            case "deciding" if is_past(proposal.due, now_ms):
                self._decide(context, proposal)
            case "timelocked" if is_past(proposal.timelock_ends, now_ms):
                self._attempt(context, proposal)
            case "execution_failed" if is_past(proposal.grace_ends, now_ms):
                self._end(context, proposal, phase="expired")
            case _:
                pass

    def cancel(self, context: Context, proposal: Proposal) -> None:
        """End a proposal before its decision ends, or raise `NotCancellable`."""
        now_ms = context.block.time_ms
        tally = tally_of(context.state, proposal)
        over = proposal.phase == "deciding" and not outlook(proposal, tally, now_ms=now_ms).is_open
        if over or proposal.phase not in BEFORE_DECISION_ENDS:
            raise NotCancellable(
                f"proposal {proposal.number} is {status_at(proposal, tally, now_ms=now_ms)}: its decision has ended"
            )
        self._end(context, proposal, phase="cancelled")

    def close_if_lost(self, context: Context, proposal: Proposal) -> None:
        """End a decision that a ballot has just ended: one prolonged for confirmation that lost its majority."""
        now_ms = context.block.time_ms
        if not is_past(proposal.decision_ends, now_ms):
            return
        if not outlook(proposal, tally_of(context.state, proposal), now_ms=now_ms).is_open:
            self._decide(context, proposal)

    def execute(self, context: Context, proposal: Proposal) -> None:
        """Do what is due for a proposal, by the gas of whoever asks; a ready or failed one runs, and fails as it does.

        Time is expected to have done the rest. Where a deadline failed, or waits because too many are due, anyone does
        its work by this.

        Raises:
            NotExecutable: nothing is due, and it is not ready at this block's time.
            TransactionError: an action failed; the proposal is as it was.
        """
        if proposal.phase != "timelocked" and is_past(proposal.due, context.block.time_ms):
            self.advance(context, proposal)
            return
        if self._deposits.settle_next(context, proposal.id):
            return
        status = status_at(proposal, tally_of(context.state, proposal), now_ms=context.block.time_ms)
        if status not in ("ready", "execution_failed"):
            raise NotExecutable(
                f"proposal {proposal.number} is {status}",
                hint="it can be executed from the end of its timelock to the end of its grace",
            )
        run_actions(context, proposal)
        self._executed(context, proposal)

    def _attempt(self, context: Context, proposal: Proposal) -> None:
        try:
            run_actions(context, proposal)
        except (TransactionError, PrimitiveError) as error:
            # Grace runs from the first attempt, however late it came.
            grace_ends = max(proposal.grace_ends or TimeMs(0), _later(context, proposal.track.grace))
            failed = replace(proposal, grace_ends=grace_ends, failure=failure_of(error))
            self._move(context, failed, phase="execution_failed", due=grace_ends)
            return
        self._executed(context, proposal)

    def _executed(self, context: Context, proposal: Proposal) -> None:
        done = replace(proposal, ended_at=TimeMs(context.block.time_ms), failure=None)
        self._move(context, done, phase="executed", due=None)

    def _queue(self, context: Context, proposal: Proposal) -> Proposal:
        track = proposal.track
        if _deciding(context, track.id) >= track.max_deciding:
            QUEUE.set(context.state, (track.id, proposal.number), ProposalReference(proposal=proposal.id))
            return self._move(context, proposal, phase="queued", due=None)
        return self._start_decision(context, proposal)

    def _start_decision(self, context: Context, proposal: Proposal) -> Proposal:
        track = proposal.track
        _set_deciding(context, track.id, _deciding(context, track.id) + 1)
        ends = _later(context, track.decision)
        starting = replace(proposal, decision_starts=TimeMs(context.block.time_ms), decision_ends=ends)
        return self._move(context, starting, phase="deciding", due=ends)

    def _decide(self, context: Context, proposal: Proposal) -> None:
        now = outlook(proposal, tally_of(context.state, proposal), now_ms=context.block.time_ms)
        match now.status:
            case "succeeded":
                self._succeed(context, proposal)
            case "rejected":
                self._end(context, proposal, phase="rejected")
            case _:
                self._move(context, proposal, phase="deciding", due=now.ends)

    def _succeed(self, context: Context, proposal: Proposal) -> None:
        self._deposits.settle(context, proposal.id, burned=Bps(0))
        timelock_ends = _later(context, proposal.enactment)
        grace_ends = TimeMs(timelock_ends + proposal.track.grace)
        approved = replace(proposal, timelock_ends=timelock_ends, grace_ends=grace_ends)
        self._move(context, approved, phase="timelocked", due=timelock_ends)
        self._leave_decision(context, proposal)

    def _end(self, context: Context, proposal: Proposal, *, phase: Status) -> None:
        """Close for good: deposits settled, snapshot released, place given to the next, no deadline left."""
        if proposal.phase in BEFORE_DECISION_ENDS:
            self._deposits.settle(context, proposal.id, burned=_burned_share(context, proposal, phase=phase))
        ended = replace(proposal, ended_at=TimeMs(context.block.time_ms))
        self._move(context, ended, phase=phase, due=None)
        if proposal.phase in BEFORE_DECISION_ENDS:
            self._leave_decision(context, proposal)

    def _leave_decision(self, context: Context, proposal: Proposal) -> None:
        """`proposal` as it was before its end: the snapshot goes, and the next in the queue takes its place."""
        release(context, proposal.snapshot_height)
        leave(context.state, proposal)
        track = proposal.track
        if proposal.phase == "queued":
            QUEUE.delete(context.state, (track.id, proposal.number))
        if proposal.phase != "deciding":
            return
        _set_deciding(context, track.id, _deciding(context, track.id) - 1)
        waiting = QUEUE.first(context.state, prefix=TRACK_KEY.encode(track.id))
        if waiting is not None:
            key, entry = waiting
            QUEUE.delete(context.state, key)
            self._start_decision(context, PROPOSALS.require(context.state, entry.proposal))

    def _move(self, context: Context, proposal: Proposal, *, phase: Status, due: TimeMs | None) -> Proposal:
        """Store the new phase, replace the proposal's deadline by the new one, and say so."""
        if proposal.due is not None:
            context.cancel(proposal.due, NAME, proposal.id)
        if due is not None:
            context.schedule(due, NAME, proposal.id)
        moved = replace(proposal, phase=phase, due=due)
        PROPOSALS.set(context.state, proposal.id, moved)
        if phase != proposal.phase or due != proposal.due:
            context.emit(
                ProposalMoved(
                    proposal=proposal.id,
                    number=proposal.number,
                    before=proposal.phase,
                    after=phase,
                    due=due,
                    failure=moved.failure,
                )
            )
        return moved


def _burned_share(context: Context, proposal: Proposal, *, phase: Status) -> Bps:
    """The share of its deposits that a proposal loses when it ends before or in its decision."""
    if phase == "rejected" and not reaches_quorum(proposal, tally_of(context.state, proposal)):
        return Bps(BPS_MAX)
    if phase == "cancelled" and proposal.phase == "deciding":
        return PARAMS.require(context.state, None).cancel_burn
    return Bps(0)


def _later(context: Context, period_ms: int) -> TimeMs:
    return TimeMs(context.block.time_ms + period_ms)


def _deciding(context: Context, track: TrackId) -> int:
    counter = DECIDING.get(context.state, track)
    return 0 if counter is None else counter.value


def _set_deciding(context: Context, track: TrackId, count: int) -> None:
    DECIDING.set(context.state, track, Counter(value=count))
