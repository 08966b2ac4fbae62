"""Voting for the leader's block of this round, and committing votes for certified blocks.

Asked here: what the block tree and the clock know. Whether the rules allow the signature is asked of the signer.
"""

from __future__ import annotations

from daonode.consensus.effects import Broadcast, Send, Sign
from daonode.consensus.messages import CommitVoteMessage, VoteMessage
from daonode.consensus.requests import CommitRequest, VoteRequest
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockStatus, Node
from daonode.consensus.types import Header
from daonode.primitives.ids import BlockId


def is_votable(state: CoreState, node: Node) -> bool:
    """Whether to vote for a block of this round, once executed. It has no QC yet: its QC would end the round."""
    header = node.header
    parent = state.tree.header_of(header.parent_id)
    return (
        state.can_sign
        and header.round == state.round
        and state.vote_asked_round < header.round
        and node.proposal is not None
        and not node.is_vote_refused
        and parent is not None
        and header.height == parent.height + 1
        and is_timely(state, header, parent)
        and is_by_leader(state, node)
    )


def is_timely(state: CoreState, header: Header, parent: Header) -> bool:
    """Whether block time advances and is within the drift bound of our own clock, both ways."""
    return header.time_ms > parent.time_ms and abs(header.time_ms - state.now_ms) <= state.config.max_drift_ms


def is_by_leader(state: CoreState, node: Node) -> bool:
    """Whether the block is by the leader of its round, and names those who failed before it, by its own QC."""
    header, qc = node.header, node.block.qc
    if header.proposer != state.leaders.leader(header.round, extends=header.parent_id):
        return False
    failed = state.leaders.failed_proposers(round_=header.round, qc_round=qc.round, extends=header.parent_id)
    return header.failed_proposers == failed


def vote(state: CoreState) -> None:
    """Ask for a vote for the first executed block of this round that deserves one."""
    for node in state.tree:
        if node.status is BlockStatus.EXECUTED and is_votable(state, node):
            state.vote_asked_round = node.header.round
            state.emit(Sign(VoteRequest(header=node.header, qc=node.block.qc, tc=node.block.tc)))


def vote_to_commit(state: CoreState) -> None:
    """Ask for a commit vote for the block of the high QC, once it has been executed."""
    qc = state.high_qc
    node = state.tree.get(qc.block_id)
    if not state.can_sign or node is None or node.status is not BlockStatus.EXECUTED:
        return
    if qc.round > state.commit_asked_round:
        state.commit_asked_round = qc.round
        state.emit(Sign(CommitRequest(qc=qc)))


def send_vote(state: CoreState, message: VoteMessage | CommitVoteMessage, *, block_id: BlockId) -> None:
    """Send a vote to everyone in a small set, else to the current leader and the next one."""
    if len(state.validators.validators) <= state.config.broadcast_votes_up_to:
        state.emit(Broadcast(message))
        return
    leaders = [
        state.leaders.leader(state.round, extends=state.high_qc.block_id),
        state.leaders.leader(message.round + 1, extends=block_id),
        state.leaders.leader(message.round + 2, extends=block_id),
    ]
    for place, leader in enumerate(leaders):
        if leader is not None and leader != state.own_id and leader not in leaders[:place]:
            state.emit(Send(leader, message))
