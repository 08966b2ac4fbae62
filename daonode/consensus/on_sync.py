"""Certificates alone, and blocks that were fetched."""

from __future__ import annotations

from daonode.consensus.events import BlocksFetched, SyncReceived
from daonode.consensus.state import CoreState


def on_sync(state: CoreState, event: SyncReceived) -> None:
    """Take the certificates."""
    state.observe_sync(event.message.sync)


def on_blocks_fetched(state: CoreState, event: BlocksFetched) -> None:
    """Take blocks that descend from the root; what is still missing is asked for again.

    When nothing came of it, that waits for the round's timer: a peer that answers with nothing is not asked in a loop.
    """
    for block in event.blocks:
        if block.header.height > state.tree.root.height and state.tree.is_known(block.header.parent_id):
            node = state.tree.insert(block, proposal=None, certified=True, now_ms=event.now_ms)
            if node is not None:
                state.take_block(node)
                state.fetching = None
    if event.finality is not None:
        state.range_finality = event.finality
        # What a proof over a block after the end of the epoch says of that block is of no use to anyone.
        if not event.finality.descendants:
            state.observe_proof(event.finality.proof)
