"""The one batch that a committed height writes, and the pruning of old tree nodes that rides along with it."""

from __future__ import annotations

from daonode.consensus.types import CommitProof, Header
from daonode.ledger.block import BlockResult
from daonode.ledger.session import NO_TRANSACTION
from daonode.primitives.codec import encode
from daonode.replica.archive import KeyValueReader
from daonode.replica.layout import (
    HEADER_PREFIX,
    NODE_PREFIX,
    RECEIPTS_PREFIX,
    STALE_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    CommittedBlock,
    Receipts,
    Tip,
    TransactionPlace,
    height_key,
    place_key,
)

KEPT_VERSIONS = 1_024
"""Heights below the tip whose state can still be proven."""
MAX_PRUNED_A_HEIGHT = 4_096
"""Obsolete nodes deleted with one commit, so that no commit does unbounded work."""

Writes = tuple[tuple[bytes, bytes | None], ...]


def commit_writes(header: Header, result: BlockResult, proof: CommitProof | None) -> Writes:
    """Everything that committing a block changes in the `state` database.

    `proof` is None for a block that a descendant's proof makes final.
    """
    height, block_id = header.height, header.id()
    writes: list[tuple[bytes, bytes | None]] = [(STATE_PREFIX + key, value) for key, value in result.writes]
    writes.extend((NODE_PREFIX + key, node) for key, node in result.nodes)
    writes.extend((height_key(STALE_PREFIX, height) + key, b"") for key in result.stale_nodes)
    writes.extend(
        (place_key(receipt.tx_id), encode(TransactionPlace(height=height, index=index)))
        for index, receipt in enumerate(result.receipts)
        if receipt.tx_id != NO_TRANSACTION
    )
    writes.append((height_key(RECEIPTS_PREFIX, height), encode(Receipts(receipts=result.receipts))))
    writes.append(
        (height_key(HEADER_PREFIX, height), encode(CommittedBlock(block_id=block_id, header=header, proof=proof)))
    )
    writes.append((TIP_KEY, encode(Tip(height=height, block_id=block_id, next_deadline_ms=result.next_deadline_ms))))
    return tuple(writes)


def prune_writes(state: KeyValueReader, *, tip_height: int) -> Writes:
    """Deletions of tree nodes that only versions older than `KEPT_VERSIONS` heights need, at most a batch of them."""
    newest_obsolete = tip_height - KEPT_VERSIONS
    if newest_obsolete <= 0:
        return ()
    end = height_key(STALE_PREFIX, newest_obsolete + 1)
    writes: list[tuple[bytes, bytes | None]] = []
    for marker, _ in state.iterate(start=STALE_PREFIX, end=end):
        writes.append((marker, None))
        writes.append((NODE_PREFIX + marker[len(STALE_PREFIX) + 8 :], None))
        if len(writes) >= 2 * MAX_PRUNED_A_HEIGHT:
            break
    return tuple(writes)
