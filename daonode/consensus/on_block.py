"""What the ledger answers: a block that was built for us, and the outcome of an execution."""

from __future__ import annotations

from daonode.consensus.effects import PersistBlock, Sign
from daonode.consensus.events import BlockBuilt, BlockExecuted
from daonode.consensus.requests import ProposeRequest
from daonode.consensus.state import CoreState
from daonode.consensus.tree import BlockStatus


def on_block_built(state: CoreState, event: BlockBuilt) -> None:
    """Make our block durable and have it signed, unless the round is over."""
    block, header = event.block, event.block.header
    if header.round != state.round or state.round_has_expired or not state.can_sign:
        return
    node = state.tree.insert(block, proposal=None, certified=False, now_ms=event.now_ms)
    if node is None:
        return
    node.status, node.work_ms = BlockStatus.EXECUTED, event.work_ms
    state.emit(PersistBlock(block))
    state.emit(Sign(ProposeRequest(header=header, qc=block.qc, tc=block.tc)))


def on_block_executed(state: CoreState, event: BlockExecuted) -> None:
    """Make an executed block durable; remember one whose roots are wrong, so that nothing is built on it."""
    node = state.tree.get(event.block_id)
    if node is None or node.status is not BlockStatus.EXECUTING:
        return
    if event.error is not None:
        node.status = BlockStatus.REFUSED
        return
    node.status, node.work_ms = BlockStatus.EXECUTED, event.work_ms
    # Before any vote for it or for a child can leave: after a crash of all, somebody has to have the block.
    state.emit(PersistBlock(node.block))
