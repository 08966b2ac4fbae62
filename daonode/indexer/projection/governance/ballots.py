"""Ballots, what they count, and delegations.

One ballot may tell two events: a delegator that votes changes what its delegate's ballot counts, and that is told
first. Since when a tally passes is decided between the tallies before and after both.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from daonode.indexer.projection.governance.work import GovernanceWork, OpenProposal
from daonode.indexer.projection.interface import Moment, on
from daonode.modules.governance.events import (
    DelegateWeightChanged,
    DelegationEnded,
    DelegationSet,
    VoteCast,
    VoteRemoved,
)
from daonode.modules.governance.rules import is_passing, passing_since
from daonode.modules.governance.types import Tally
from daonode.primitives.units import TimeMs
from daonode.stores.rows import DelegationRow, VoteRow
from daonode.stores.tables import DELEGATIONS, VOTES


def _on_cast(work: GovernanceWork, moment: Moment, event: VoteCast) -> None:
    opened = work.open(event.proposal)
    former = work.draft.get(VOTES, event.proposal, event.voter)
    tally = opened.tally
    if former is None:
        opened.voters += 1
        work.count_for_member(event.voter, votes=1)
    else:
        tally = recount(tally, former.choice, -former.weight)
    _settle(opened, recount(tally, event.choice, event.weight), now_ms=moment.time_ms)
    work.draft.put(
        VOTES,
        VoteRow(
            proposal=event.proposal,
            voter=event.voter,
            proposal_number=opened.proposal.number,
            choice=event.choice,
            weight=event.weight,
            reason=event.reason,
            height=moment.height,
            position=moment.position,
            time_ms=moment.time_ms,
            tx_id=moment.tx_id,
        ),
    )


def _on_removed(work: GovernanceWork, moment: Moment, event: VoteRemoved) -> None:
    opened = work.open(event.proposal)
    opened.voters -= 1
    work.count_for_member(event.voter, votes=-1)
    _settle(opened, recount(opened.tally, event.choice, -event.weight), now_ms=moment.time_ms)
    work.draft.remove(VOTES, event.proposal, event.voter)


def _on_weight_changed(work: GovernanceWork, moment: Moment, event: DelegateWeightChanged) -> None:
    opened = work.open(event.proposal)
    row = work.draft.get(VOTES, event.proposal, event.delegate)
    assert row is not None, "only a ballot that was cast has a weight that changes"
    if opened.before is None:
        opened.before = opened.tally
    opened.tally = recount(opened.tally, row.choice, event.weight - row.weight)
    work.draft.put(
        VOTES,
        replace(
            row,
            weight=event.weight,
            height=moment.height,
            position=moment.position,
            time_ms=moment.time_ms,
            tx_id=moment.tx_id,
        ),
    )


def _on_delegation_set(work: GovernanceWork, moment: Moment, event: DelegationSet) -> None:
    row = DelegationRow(event.track, event.delegator, event.delegate, event.power, moment.height)
    work.draft.put(DELEGATIONS, row)


def _on_delegation_ended(work: GovernanceWork, _: Moment, event: DelegationEnded) -> None:
    work.draft.remove(DELEGATIONS, event.track, event.delegator)


def recount(tally: Tally, choice: str, change: int) -> Tally:
    """A tally with the power behind one choice changed."""
    if choice == "yes":
        return replace(tally, yes=tally.yes + change)
    if choice == "no":
        return replace(tally, no=tally.no + change)
    assert choice == "abstain", "there are three choices"
    return replace(tally, abstain=tally.abstain + change)


def _settle(opened: OpenProposal, tally: Tally, *, now_ms: int) -> None:
    """Take the tally after a ballot, with the time since when it passes: that begins anew where passing was lost."""
    proposal, before = opened.proposal, opened.before or opened.tally
    starts = proposal.decision_starts
    assert starts is not None, "ballots are cast in decisions"
    since = passing_since(proposal, before, now_ms=now_ms)
    if not is_passing(proposal, tally, elapsed_ms=now_ms - starts):
        since = None
    elif since is None:
        since = TimeMs(now_ms)
    opened.tally, opened.before = replace(tally, passing_since=since), None


BALLOT_HANDLERS: Final = dict(
    (
        on(VoteCast, _on_cast),
        on(VoteRemoved, _on_removed),
        on(DelegateWeightChanged, _on_weight_changed),
        on(DelegationSet, _on_delegation_set),
        on(DelegationEnded, _on_delegation_ended),
    )
)
