"""The signer's answers."""

from __future__ import annotations

from daonode.consensus.effects import Broadcast
from daonode.consensus.events import Signed, SignRefused
from daonode.consensus.messages import CommitVoteMessage, ProposalMessage, TimeoutMessage, VoteMessage
from daonode.consensus.on_commit_vote import count_commit_vote
from daonode.consensus.on_timeout import count_timeout
from daonode.consensus.on_vote import count_vote
from daonode.consensus.requests import CommitRequest, ProposeRequest, TimeoutRequest, VoteRequest, epoch_of
from daonode.consensus.state import CoreState
from daonode.consensus.timing import send_timeout
from daonode.consensus.voting import send_vote
from daonode.primitives.ids import Signature


def on_signed(state: CoreState, event: Signed) -> None:
    """Send what was signed, and count it here too, unless its epoch is over."""
    if epoch_of(event.request) != state.validators.epoch:
        return
    assert state.own_index is not None, "a full node asks for no signature"
    match event.request:
        case ProposeRequest():
            _on_proposal_signed(state, event.request, event.signature)
        case VoteRequest():
            _on_vote_signed(state, event.request, event.signature, voter=state.own_index)
        case CommitRequest():
            _on_commit_signed(state, event.request, event.signature, voter=state.own_index)
        case TimeoutRequest():
            _on_timeout_signed(state, event.request, event.signature, voter=state.own_index)


def on_sign_refused(state: CoreState, event: SignRefused) -> None:
    """Nothing is sent; the reasons of a refusal end with the round.

    But a block that may not be voted for does not use up the vote: a Byzantine validator may lead the same round on an
    older parent, and be first with a block that nothing justifies.
    """
    if not isinstance(event.request, VoteRequest) or epoch_of(event.request) != state.validators.epoch:
        return
    header = event.request.header
    node = state.tree.get(header.id())
    if node is not None and state.vote_asked_round == header.round:
        node.is_vote_refused = True
        state.vote_asked_round = header.round - 1


def _on_proposal_signed(state: CoreState, request: ProposeRequest, signature: Signature) -> None:
    node = state.tree.get(request.header.id())
    if node is None:
        return
    node.proposal = signature
    state.emit(Broadcast(ProposalMessage(block=node.block, signature=signature, sync=state.sync_info())))


def _on_vote_signed(state: CoreState, request: VoteRequest, signature: Signature, *, voter: int) -> None:
    header = request.header
    message = VoteMessage(
        epoch=header.epoch,
        round=header.round,
        block_id=header.id(),
        qc_round=request.qc.round,
        voter=voter,
        signature=signature,
        sync=state.sync_info(),
    )
    send_vote(state, message, block_id=message.block_id)
    count_vote(state, message)


def _on_commit_signed(state: CoreState, request: CommitRequest, signature: Signature, *, voter: int) -> None:
    qc = request.qc
    message = CommitVoteMessage(
        epoch=qc.epoch,
        round=qc.round,
        block_id=qc.block_id,
        voter=voter,
        signature=signature,
        sync=state.sync_info(),
    )
    send_vote(state, message, block_id=message.block_id)
    count_commit_vote(state, message)


def _on_timeout_signed(state: CoreState, request: TimeoutRequest, signature: Signature, *, voter: int) -> None:
    if request.round != state.round:
        return
    # The message carries the QC that the statement names; newer ones are in `sync`.
    state.timeout = TimeoutMessage(
        epoch=request.high_qc.epoch,
        round=request.round,
        high_qc=request.high_qc,
        voter=voter,
        signature=signature,
        sync=state.sync_info(),
    )
    send_timeout(state)
    count_timeout(state, state.timeout)
