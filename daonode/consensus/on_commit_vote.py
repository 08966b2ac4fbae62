"""A commit vote of another validator, or our own once it is signed."""

from __future__ import annotations

from daonode.consensus.effects import Broadcast
from daonode.consensus.events import CommitVoteReceived
from daonode.consensus.messages import CommitVoteMessage, SyncMessage
from daonode.consensus.reporting import report
from daonode.consensus.state import CoreState
from daonode.consensus.verification import commit_statement


def on_commit_vote(state: CoreState, event: CommitVoteReceived) -> None:
    """Take the certificates, then the commit vote."""
    message = event.message
    voter = state.validators.validators[message.voter].id
    report(state, voter, commit_statement(state.config.chain_id, message), message.signature)
    state.observe_sync(message.sync)
    count_commit_vote(state, message)


def count_commit_vote(state: CoreState, message: CommitVoteMessage) -> None:
    """Count a commit vote for a certified round; a certificate makes its block final."""
    # Whoever says COMMIT has a QC of that round, and has sent it along.
    if not state.tree.root.round < message.round <= state.high_qc.round:
        return
    certificate = state.collector.add_commit_vote(message)
    if certificate is None:
        return
    state.observe_proof(certificate)
    # In a large set only leaders collect commit votes, and on an idle chain no proposal would carry the news.
    if len(state.validators.validators) > state.config.broadcast_votes_up_to and state.own_index is not None:
        state.emit(Broadcast(SyncMessage(sync=state.sync_info())))
