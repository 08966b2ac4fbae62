"""Live proposals: who has one on which track, and what a deposit costs while there are so many.

A proposal is live until its decision ends: it holds a snapshot, and a place in its track's queue or among those that
the track decides. Both are scarce, so deposits rise with the number of live proposals and fall as these end. The rise
has no memory: it lasts only as long as somebody's deposits are locked for it.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS
from daonode.ledger.state import StateReader, StateStore
from daonode.modules.governance.errors import AlreadyProposing
from daonode.modules.governance.keys import LIVE, LIVE_COUNTS, PARAMS
from daonode.modules.governance.types import Counter, Proposal, ProposalReference, Track, TrackId
from daonode.primitives.ids import Address
from daonode.primitives.units import BPS_MAX, U64_MAX, Amount, ceil_div

FREE_ON_ALL_TRACKS: Final = MAX_LIVE_SNAPSHOTS // 4
"""Live proposals of the chain that raise no deposit; from here on each raises it on every track, because all tracks
share the snapshots."""


def live_on(state: StateReader, track: TrackId) -> int:
    """How many proposals of a track are live."""
    counter = LIVE_COUNTS.get(state, track)
    return 0 if counter is None else counter.value


def with_deposits_due(state: StateReader, track: Track) -> Track:
    """The track with the deposits that the next proposal on it has to make."""
    params = PARAMS.require(state, None)
    all_live = sum(counter.value for _, counter in LIVE_COUNTS.iterate(state))
    steps = max(0, live_on(state, track.id) - params.free_proposals) + max(0, all_live - FREE_ON_ALL_TRACKS)

    def due(base: Amount) -> Amount:
        return Amount(min(base + ceil_div(base * steps * params.deposit_rise, BPS_MAX), U64_MAX))

    return replace(
        track, submission_deposit=due(track.submission_deposit), decision_deposit=due(track.decision_deposit)
    )


def check_may_propose(state: StateReader, *, track: TrackId, proposer: Address) -> None:
    """Raise `AlreadyProposing` where the account has a live proposal on the track."""
    found = LIVE.get(state, (track, proposer))
    if found is not None:
        raise AlreadyProposing(
            f"the account has a live proposal on track {track} already: 0x{found.proposal.hex()}",
            hint="cancel it, or wait until it is decided",
        )


def enter(state: StateStore, proposal: Proposal) -> None:
    """Count a new proposal."""
    track = proposal.track.id
    LIVE.set(state, (track, proposal.proposer), ProposalReference(proposal=proposal.id))
    LIVE_COUNTS.set(state, track, Counter(value=live_on(state, track) + 1))


def leave(state: StateStore, proposal: Proposal) -> None:
    """Count a proposal no more: its decision has ended."""
    track = proposal.track.id
    LIVE.delete(state, (track, proposal.proposer))
    others = live_on(state, track) - 1
    if others:
        LIVE_COUNTS.set(state, track, Counter(value=others))
    else:
        LIVE_COUNTS.delete(state, track)
