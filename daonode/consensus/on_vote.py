"""A vote of another validator, or our own once it is signed."""

from __future__ import annotations

from daonode.consensus.events import VoteReceived
from daonode.consensus.messages import VoteMessage
from daonode.consensus.reporting import report
from daonode.consensus.state import CoreState
from daonode.consensus.verification import vote_statement


def on_vote(state: CoreState, event: VoteReceived) -> None:
    """Take the certificates, then the vote."""
    message = event.message
    voter = state.validators.validators[message.voter].id
    report(state, voter, vote_statement(state.config.chain_id, message), message.signature)
    state.observe_sync(message.sync)
    count_vote(state, message)


def count_vote(state: CoreState, message: VoteMessage) -> None:
    """Count a vote of a round that is open or may still be certified; a QC moves on."""
    # An honest voter's certificates open the round it votes in.
    if state.tree.root.round < message.round <= state.round:
        qc = state.collector.add_vote(message)
        if qc is not None:
            state.observe_qc(qc)
