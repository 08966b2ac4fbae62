"""A proposal of a validator, our own included once it is signed."""

from __future__ import annotations

from daonode.consensus.events import ProposalReceived
from daonode.consensus.reporting import report
from daonode.consensus.state import CoreState
from daonode.consensus.statements import Propose


def on_proposal(state: CoreState, event: ProposalReceived) -> None:
    """Take the certificates, then the block, if it belongs to this round or one that may still be certified."""
    message = event.message
    block, header = message.block, message.block.header
    statement = Propose(chain_id=header.chain_id, epoch=header.epoch, round=header.round, block_id=header.id())
    report(state, header.proposer, statement, message.signature)
    state.observe_sync(message.sync)
    state.observe_qc(block.qc)
    if block.tc is not None:
        state.observe_tc(block.tc)
    # Its certificates open its round, if anything does. A block of a later round is justified by nothing.
    if header.round > state.round:
        return
    leader = state.leaders.leader(header.round, extends=header.parent_id)
    if leader is not None and leader != header.proposer:
        return
    certified = statement.block_id == state.high_qc.block_id
    node = state.tree.insert(block, proposal=message.signature, certified=certified, now_ms=event.now_ms)
    if node is not None:
        state.take_block(node)
