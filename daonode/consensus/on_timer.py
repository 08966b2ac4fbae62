"""Timers, and what the driver says about itself: it has started, there is work, it is syncing."""

from __future__ import annotations

from daonode.consensus.events import CatchingUpChanged, PendingWorkChanged, Started, Timer, TimerFired
from daonode.consensus.state import CoreState
from daonode.consensus.timing import arm, send_timeout


def on_started(state: CoreState, event: Started) -> None:
    """From now on the core acts. A timeout of before the restart is said again at once: it may never have left."""
    state.started = True
    if state.timeout is not None:
        send_timeout(state)
        arm(state, state.config.timeout_base_ms)


def on_timer_fired(state: CoreState, event: TimerFired) -> None:
    """The pace allows a proposal, or the round has lasted too long: give it up, or say again that we have."""
    if event.timer is Timer.PROPOSE:
        state.propose_armed = None
        return
    if event.round != state.round or state.armed_round != state.round:
        return
    state.round_has_expired = True
    # A fetch that was not answered in a whole round is asked for again.
    state.fetching = None
    send_timeout(state)
    # Said again each base interval, however long rounds have become, so that a healed network moves on at once.
    arm(state, state.config.timeout_base_ms)


def on_pending_work_changed(state: CoreState, event: PendingWorkChanged) -> None:
    """Whether the ledger knows of work."""
    state.pending_work = event.pending


def on_catching_up_changed(state: CoreState, event: CatchingUpChanged) -> None:
    """While a range of blocks is synced nothing is signed."""
    state.catching_up = event.active
