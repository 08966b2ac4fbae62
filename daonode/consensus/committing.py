"""Rule 5: what is final. A quorum of commit votes, or a certified child in the round right after a block's own.

A block is committed with all its ancestors, once all of them have been executed here.
"""

from __future__ import annotations

from daonode.consensus.effects import Commit
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockStatus, Node
from daonode.consensus.types import CommitProof, TwoChain, proof_block, proof_round


def is_two_chain(*, parent: Node, child: Node) -> bool:
    """Rule 5: whether the parent is final because its child is certified and of the round right after."""
    return child.certificate is not None and child.header.round == parent.header.round + 1


def find_two_chain(state: CoreState) -> None:
    """Look for the highest pair of consecutive rounds below the high QC."""
    path = state.tree.path(state.high_qc.block_id)
    for place in range(len(path) - 1, 0, -1):
        parent, child = path[place - 1], path[place]
        if child.certificate is not None and is_two_chain(parent=parent, child=child):
            state.observe_proof(TwoChain(child=child.header, qc=child.certificate))
            return


def commit(state: CoreState) -> bool:
    """Commit up to the block of the best proof that has been executed. Whether anything was committed.

    A node that catches up range by range knows a proof of the tip, whose block it does not have yet, besides the proof
    of each range.
    """
    find_two_chain(state)
    return any(_commit_by(state, proof) for proof in (state.proof, state.range_proof) if proof is not None)


def _commit_by(state: CoreState, proof: CommitProof) -> bool:
    path = state.tree.path(proof_block(proof))
    if not path or any(node.status is not BlockStatus.EXECUTED for node in path):
        return False
    state.emit(Commit(blocks=tuple(node.block for node in path), proof=proof))
    state.tree.commit(path[-1].id)
    state.collector.forget_committed(proof_round(proof))
    if state.proof is not None and proof_round(state.proof) <= proof_round(proof):
        state.proof = None
    state.range_proof = None
    return True
