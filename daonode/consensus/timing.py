"""The round timer runs while there is work; on expiry, or with more than f others, the round is given up."""

from __future__ import annotations

from daonode.consensus.effects import Broadcast, CancelTimer, SetTimer, Sign
from daonode.consensus.events import Timer
from daonode.consensus.fetching import find_missing
from daonode.consensus.pacemaker import timeout_ms
from daonode.consensus.requests import TimeoutRequest
from daonode.consensus.state import CoreState


def has_work(state: CoreState) -> bool:
    """Whether this validator knows of anything that the chain has not finished."""
    return (
        state.pending_work
        or state.timeout is not None
        or state.tree.has_unfinished()
        or find_missing(state) is not None
    )


def time_round(state: CoreState) -> None:
    """Run the timer of the current round exactly while there is work."""
    if not has_work(state):
        if state.armed_round is not None:
            state.armed_round = None
            state.emit(CancelTimer(Timer.ROUND))
    elif state.armed_round != state.round:
        rounds_without_commit = max(0, state.round - state.tree.root.round - 1)
        duration_ms = timeout_ms(
            base_ms=state.config.timeout_base_ms,
            cap_ms=state.config.max_timeout_ms,
            rounds_without_commit=rounds_without_commit,
        )
        arm(state, duration_ms)


def arm(state: CoreState, duration_ms: int) -> None:
    """Set the round timer."""
    state.armed_round = state.round
    state.emit(SetTimer(Timer.ROUND, state.round, state.now_ms + duration_ms))


def stop_timers(state: CoreState) -> None:
    """Nothing is to happen any more."""
    for timer in Timer:
        state.emit(CancelTimer(timer))


def give_up(state: CoreState) -> None:
    """Ask for a timeout when the round has expired, or when more than f have given it up: one of them is honest."""
    if not state.can_sign or state.timeout_asked_round >= state.round:
        return
    if state.round_has_expired or state.validators.exceeds_faulty(state.collector.timeout_power(state.round)):
        state.round_has_expired = True
        state.timeout_asked_round = state.round
        state.emit(Sign(TimeoutRequest(round=state.round, high_qc=state.high_qc, tc=state.tc_for_round)))


def send_timeout(state: CoreState) -> None:
    """Send our timeout of this round, with our newest certificates."""
    if state.timeout is not None:
        message = state.timeout
        state.timeout = type(message)(
            epoch=message.epoch,
            round=message.round,
            high_qc=message.high_qc,
            voter=message.voter,
            signature=message.signature,
            sync=state.sync_info(),
        )
        state.emit(Broadcast(state.timeout))
