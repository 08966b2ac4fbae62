"""When this validator, as leader of the round, asks for a block: only with work to do, and at the chain's pace."""

from __future__ import annotations

from daonode.consensus.effects import Build, SetTimer
from daonode.consensus.events import Timer
from daonode.consensus.pacemaker import EMPTY_BLOCK_DIVISOR
from daonode.consensus.state import CoreState
from daonode.consensus.types import Header

REST_FACTOR = 3
"""How many times as long as a block takes to execute it stands alone: under load the next ones are larger for that, and
larger ones cost less a transaction."""
REST_DIVISOR = 4
"""The part of the base timeout that it stands alone at most."""


def propose(state: CoreState) -> None:
    """Ask for a block on the high QC, once, when it is our turn, there is work, and it is time."""
    if not _is_our_turn(state):
        return
    if not state.pending_work and not state.tree.has_unfinished():
        return
    parent = state.tree.header_of(state.high_qc.block_id)
    assert parent is not None, "our turn is known from the parent"
    due_ms = _due_ms(state)
    if state.now_ms < due_ms:
        # The time changes with the work: a block with transactions is due sooner than an empty one.
        if state.propose_armed != (state.round, due_ms):
            state.propose_armed = (state.round, due_ms)
            state.emit(SetTimer(Timer.PROPOSE, state.round, due_ms))
        return
    state.build_asked_round = state.round
    state.emit(_build(state, parent))


def _is_our_turn(state: CoreState) -> bool:
    return (
        state.can_sign
        and state.build_asked_round < state.round
        and not state.round_has_expired
        and state.tree.is_executed(state.high_qc.block_id)
        and state.leader() == state.own_id
    )


def _due_ms(state: CoreState) -> int:
    """When the next block may come: a block interval after the parent came, later after a large or for an empty one.

    An empty block only helps to commit its ancestors, which commit votes do first where everyone gets them.
    """
    arrived_ms = state.tree.arrived_ms(state.high_qc.block_id)
    if arrived_ms > state.now_ms:
        # The clock has been set back: the interval must not last until the clock is there again.
        return state.now_ms
    config, work_ms = state.config, state.tree.work_ms(state.high_qc.block_id)
    wait_ms = max(config.min_block_interval_ms, min(REST_FACTOR * work_ms, config.timeout_base_ms // REST_DIVISOR))
    if not state.pending_work and len(state.validators.validators) <= config.broadcast_votes_up_to:
        wait_ms = max(wait_ms, config.timeout_base_ms // EMPTY_BLOCK_DIVISOR)
    return arrived_ms + wait_ms


def _build(state: CoreState, parent: Header) -> Build:
    qc = state.high_qc
    own_id = state.own_id
    assert own_id is not None, "only a validator has turns"
    return Build(
        epoch=state.validators.epoch,
        round=state.round,
        time_ms=max(state.now_ms, parent.time_ms + 1),
        proposer=own_id,
        parent=parent,
        qc=qc,
        tc=state.tc_for_round,
        failed_proposers=state.leaders.failed_proposers(round_=state.round, qc_round=qc.round, extends=qc.block_id),
        # What waits for its commit is held in memory: while much does, the chain goes on, but nothing is added.
        empty=not state.pending_work or state.tree.is_overgrown,
    )
