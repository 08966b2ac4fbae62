"""When a proposal passes, and what it is at a time: pure functions over a proposal and its tally.

All comparisons are of exact products. Quorum rounds up, a tie fails, and where a denominator is zero nothing passes.

The decision lasts its whole period, so that an early majority cuts nobody off. A proposal passes at its end if it has
passed without a break for the confirmation period; if it passes but not yet for so long, the decision goes on until it
has, and ends at once when passing is lost. So a decision is never longer than `decision` and `confirm` together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from daonode.modules.governance.types import Curve, Proposal, Status, Tally, Track
from daonode.primitives.units import BPS_MAX, TimeMs


def meets_threshold(part: int, whole: int, *, curve: Curve, elapsed_ms: int, period_ms: int) -> bool:
    """Say whether `part` of `whole` reaches the curve's value after `elapsed_ms` of `period_ms`."""
    if whole == 0:
        return False
    passed_ms = min(elapsed_ms, period_ms)
    wanted = curve.start * period_ms - (curve.start - curve.end) * passed_ms
    return part * BPS_MAX * period_ms >= whole * wanted


def turnout(tally: Tally) -> int:
    """Return all power that was cast, abstentions included."""
    return tally.yes + tally.no + tally.abstain


def quorum_power(track: Track, electorate_power: int) -> int:
    """Return the power that must be cast: the track's share of the electorate, rounded up."""
    return -(-track.quorum * electorate_power // BPS_MAX)


def reaches_quorum(proposal: Proposal, tally: Tally) -> bool:
    """Say whether enough power was cast, abstentions included."""
    return proposal.electorate_power > 0 and turnout(tally) >= quorum_power(proposal.track, proposal.electorate_power)


def is_passing(proposal: Proposal, tally: Tally, *, elapsed_ms: int) -> bool:
    """Say whether the tally would carry the proposal after this much of its decision period."""
    track = proposal.track
    if tally.yes <= tally.no or not reaches_quorum(proposal, tally):
        return False
    approved = meets_threshold(
        tally.yes, tally.yes + tally.no, curve=track.approval, elapsed_ms=elapsed_ms, period_ms=track.decision
    )
    return approved and meets_threshold(
        tally.yes, proposal.electorate_power, curve=track.support, elapsed_ms=elapsed_ms, period_ms=track.decision
    )


def passing_since(proposal: Proposal, tally: Tally, *, now_ms: int) -> TimeMs | None:
    """Return since when the tally has been enough without a break, or None where it is not at `now_ms`.

    Between two changes of the tally only the curves move, and they only fall: an unchanged tally that passes at one
    time passes at every later one, so the moment can be found by halving.
    """
    starts = proposal.decision_starts
    assert starts is not None, "only a proposal being decided has a tally"
    if tally.passing_since is not None:
        return tally.passing_since
    elapsed_ms = min(max(now_ms - starts, 0), proposal.track.decision)
    if not is_passing(proposal, tally, elapsed_ms=elapsed_ms):
        return None
    low_ms, high_ms = 0, elapsed_ms
    while low_ms < high_ms:
        middle_ms = (low_ms + high_ms) // 2
        if is_passing(proposal, tally, elapsed_ms=middle_ms):
            high_ms = middle_ms
        else:
            low_ms = middle_ms + 1
    return TimeMs(starts + high_ms)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a decision stands at a time; `ends` is when it ends if nobody votes any more."""

    status: Literal["deciding", "confirming", "succeeded", "rejected"]
    ends: TimeMs

    @property
    def is_open(self) -> bool:
        """Whether ballots are taken."""
        return self.status in ("deciding", "confirming")


def outlook(proposal: Proposal, tally: Tally, *, now_ms: int) -> Outlook:
    """Say how the decision of a proposal in phase `deciding` stands at `now_ms`."""
    ends = proposal.decision_ends
    assert ends is not None, "a proposal being decided has an end"
    since = passing_since(proposal, tally, now_ms=min(now_ms, ends))
    confirmed = ends if since is None else TimeMs(max(ends, since + proposal.track.confirm))
    if now_ms < ends:
        return Outlook("deciding" if since is None else "confirming", confirmed)
    if since is None:
        return Outlook("rejected", ends)
    return Outlook("confirming" if now_ms < confirmed else "succeeded", confirmed)


def status_at(proposal: Proposal, tally: Tally, *, now_ms: int) -> Status:
    """Say what a proposal is at a time, whatever was stored last."""
    phase = proposal.phase
    if phase == "deciding":
        return outlook(proposal, tally, now_ms=now_ms).status
    if phase == "deposit" and is_past(proposal.due, now_ms):
        return "timed_out"
    if phase == "prepare" and is_past(proposal.due, now_ms):
        return "queued"
    if phase in ("timelocked", "execution_failed") and is_past(proposal.grace_ends, now_ms):
        return "expired"
    if phase == "timelocked" and is_past(proposal.timelock_ends, now_ms):
        return "ready"
    return phase


def is_past(moment: TimeMs | None, now_ms: int) -> bool:
    """Say whether there is such a moment and it has come."""
    return moment is not None and moment <= now_ms
