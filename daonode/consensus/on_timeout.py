"""A timeout of another validator, or our own once it is signed."""

from __future__ import annotations

from daonode.consensus.effects import Send
from daonode.consensus.events import TimeoutReceived
from daonode.consensus.messages import SyncMessage, TimeoutMessage
from daonode.consensus.reporting import report
from daonode.consensus.state import CoreState
from daonode.consensus.verification import timeout_statement

ANSWER_DIVISOR = 4
"""A validator that is behind is answered at most once in this share of the base timeout."""


def on_timeout(state: CoreState, event: TimeoutReceived) -> None:
    """Take the certificates, then the timeout; send ours to whoever lacks them."""
    message = event.message
    voter = state.validators.validators[message.voter].id
    report(state, voter, timeout_statement(state.config.chain_id, message), message.signature)
    state.observe_qc(message.high_qc)
    state.observe_sync(message.sync)
    count_timeout(state, message)
    if is_behind(state, message):
        last_ms = state.answered_ms.get(voter)
        if last_ms is None or abs(event.now_ms - last_ms) >= state.config.timeout_base_ms // ANSWER_DIVISOR:
            state.answered_ms[voter] = event.now_ms
            state.emit(Send(voter, SyncMessage(sync=state.sync_info())))


def count_timeout(state: CoreState, message: TimeoutMessage) -> None:
    """Count a timeout of the current round; a TC opens the next one."""
    if message.round == state.round:
        tc = state.collector.add_timeout(message)
        if tc is not None:
            state.observe_tc(tc)


def is_behind(state: CoreState, message: TimeoutMessage) -> bool:
    """Whether the sender lacks a certificate that we have."""
    ours, theirs = state.sync_info(), message.sync
    if theirs.high_qc.round < ours.high_qc.round:
        return True
    if (
        ours.tc is not None
        and message.round <= ours.tc.round
        and (theirs.tc is None or theirs.tc.round < ours.tc.round)
    ):
        return True
    return ours.commit is not None and (theirs.commit is None or theirs.commit.round < ours.commit.round)
