"""Which blocks are executed: those with a QC, and the leader's proposal of this round; a parent before its child.

A certified block whose execution gives other roots stops this validator: either it or a quorum is wrong, and both are
beyond what it may decide.
"""

from __future__ import annotations

from daonode.consensus.committing import committable
from daonode.consensus.effects import Execute, Halt
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockStatus, Node
from daonode.consensus.voting import is_votable


def execute_blocks(state: CoreState) -> None:
    """Ask for the execution of each block that is due."""
    for finality in state.finalities:
        for node in committable(state.tree.path(finality.block_id)):
            node.is_final = True
    for node in state.tree:
        certified = node.certificate is not None or node.is_final
        if certified and node.status is BlockStatus.REFUSED:
            stop(state, node)
            return
        if node.status is not BlockStatus.KNOWN or not state.tree.is_executed(node.link.parent_id):
            continue
        if certified or is_votable(state, node):
            node.status = BlockStatus.EXECUTING
            state.emit(Execute(node.block))


def stop(state: CoreState, node: Node) -> None:
    """Give up: a certified block disagrees with our own execution."""
    state.halted = True
    header = node.header
    state.emit(
        Halt(
            block=node.block,
            reason=f"the certified block at height {header.height}, round {header.round}, has other roots than ours",
        )
    )
