"""Committed blocks as they are encoded, with the proof that the last of them is final: what an indexer follows.

The blocks follow one another by their parents' ids, so one proof makes all of them final.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import trio
from msgspec import Meta

from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import Unavailable, not_found
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import BlocksResult, EncodedBlockForm
from daonode.primitives.codec import Record, encode
from daonode.primitives.json_texts import Count, hex_text
from daonode.replica.archive import Archive

MAX_BLOCKS: Final = 256
"""Blocks in one answer."""
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Encoded bytes after which an answer ends: twice as many digits, far below what a client of ours reads. A block of
more comes alone."""
MAX_WAIT_MS: Final = 30_000
"""How long a caller may let the node wait for the next block."""

_WaitMs = Annotated[int, Meta(ge=0, le=MAX_WAIT_MS)]
_BlockCount = Annotated[int, Meta(ge=1, le=MAX_BLOCKS)]


class BlocksParameters(Record, frozen=True):
    """The height above which blocks are wanted, at most how many, and how long to wait for the first of them."""

    above: Count
    limit: _BlockCount = MAX_BLOCKS
    wait_ms: _WaitMs = 0


async def get_blocks(node: RpcNode, parameters: BlocksParameters) -> BlocksResult:
    """Committed blocks above a height, encoded, with the proof that they are final."""
    if node.api.height <= parameters.above and parameters.wait_ms:
        with trio.move_on_after(parameters.wait_ms / 1_000):
            await node.api.wait_for_height(parameters.above + 1)
    initial = node.api.genesis.height
    return await node.read(partial(_read, above=max(parameters.above, initial), limit=parameters.limit))


def _read(archive: Archive, *, above: int, limit: int) -> BlocksResult:
    tip = archive.tip().height
    blocks: list[EncodedBlockForm] = []
    byte_count = 0
    for height in range(above + 1, min(tip, above + limit) + 1):
        encoded = archive.encoded(height)
        if encoded is None:
            break
        byte_count += len(encoded.payload) + len(encoded.receipts)
        if blocks and byte_count > MAX_ANSWER_BYTES:
            break
        header, payload, receipts = (hex_text(each) for each in (encoded.header, encoded.payload, encoded.receipts))
        blocks.append(EncodedBlockForm(header=header, payload=payload, receipts=receipts))
    if not blocks:
        if above < tip:
            raise not_found(
                f"this node does not keep the block at height {above + 1} any more",
                hint="ask a node that keeps all blocks",
            )
        return BlocksResult(height=tip, blocks=[], proof=None, descendants=[])
    finality = archive.finality(above + len(blocks))
    if finality is None:
        raise Unavailable("the proof of the last block is not kept", reason="no_proof", hint="ask another node")
    return BlocksResult(
        height=tip,
        blocks=blocks,
        proof=hex_text(encode(finality.proof)),
        descendants=[hex_text(encode(descendant)) for descendant in finality.descendants],
    )


BLOCK_METHODS = (method("dao_getBlocks", BlocksParameters, BlocksResult, get_blocks, cost=WORK),)
