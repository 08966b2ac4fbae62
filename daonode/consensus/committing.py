"""Rule 5: what is final. A quorum of commit votes, or a certified child in the round right after a block's own.

A block is committed with all its ancestors, once all of them have been executed here. The last block of an epoch is the
last that its core commits: what makes a block after it final commits it, and nothing above it.
"""

from __future__ import annotations

from daonode.consensus.effects import Commit
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockStatus, Node
from daonode.consensus.types import Finality, TwoChain, proof_round


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
    """Commit up to the block of the best proof that has been executed. Whether anything was committed."""
    find_two_chain(state)
    return any(_commit_by(state, finality) for finality in state.finalities)


def committable(path: tuple[Node, ...]) -> tuple[Node, ...]:
    """The blocks of a final path, ascending, that commit: all up to the last block of the epoch."""
    return tuple(node for node in path if not node.header.is_suffix)


def _commit_by(state: CoreState, finality: Finality) -> bool:
    path = state.tree.path(finality.block_id)
    final = committable(path)
    if not final or any(node.status is not BlockStatus.EXECUTED for node in final):
        return False
    proof, suffix = finality.proof, tuple(node.header for node in path[len(final) :])
    blocks = tuple(node.block for node in final)
    state.emit(Commit(blocks=blocks, proof=proof, descendants=(*suffix, *finality.descendants)))
    state.tree.commit(final[-1].id)
    state.is_over = final[-1].header.ends_epoch
    state.collector.forget_committed(proof_round(proof))
    if state.proof is not None and proof_round(state.proof) <= proof_round(proof):
        state.proof = None
    state.range_finality = None
    return True
