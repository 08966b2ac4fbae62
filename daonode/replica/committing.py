"""The one batch that a committed height writes, and the pruning of old tree nodes that rides along with a commit."""

from __future__ import annotations

from daonode.consensus.types import Block, CommitProof, Header, TwoChain
from daonode.ledger.block import BlockResult
from daonode.ledger.session import NO_TRANSACTION
from daonode.primitives.codec import encode
from daonode.replica.archive import KeyValueReader, read_record
from daonode.replica.layout import (
    EPOCH_PREFIX,
    HEADER_PREFIX,
    NODE_PREFIX,
    RECEIPTS_PREFIX,
    STALE_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    CommittedBlock,
    EpochRecord,
    Receipts,
    StaleNodes,
    Tip,
    TransactionPlace,
    height_key,
    place_key,
)

KEPT_VERSIONS = 1_024
"""Heights below the tip whose state can still be proven."""
MIN_PRUNED_A_COMMIT = 1_024
"""Obsolete nodes after which a commit deletes those of no further height, and twice as many as it makes obsolete are
allowed besides: so the deletions keep pace with every load, and no commit does much more work than it does anyway."""

Writes = tuple[tuple[bytes, bytes | None], ...]


def commit_writes(
    header: Header, result: BlockResult, proof: CommitProof | None, *, descendants: tuple[Header, ...] = ()
) -> Writes:
    """Everything that committing a block changes in the `state` database.

    `proof` is None for a block that a descendant's proof makes final, and over the last of the `descendants`, if any.
    """
    height, block_id = header.height, header.id()
    writes: list[tuple[bytes, bytes | None]] = [(STATE_PREFIX + key, value) for key, value in result.writes]
    writes.extend((NODE_PREFIX + key, node) for key, node in result.nodes)
    if result.stale_nodes:
        writes.append((height_key(STALE_PREFIX, height), encode(StaleNodes(node_keys=result.stale_nodes))))
    writes.extend(
        (place_key(receipt.tx_id), encode(TransactionPlace(height=height, index=index)))
        for index, receipt in enumerate(result.receipts)
        if receipt.tx_id != NO_TRANSACTION
    )
    writes.append((height_key(RECEIPTS_PREFIX, height), encode(Receipts(receipts=result.receipts))))
    committed = CommittedBlock(block_id=block_id, header=header, proof=proof, descendants=descendants)
    writes.append((height_key(HEADER_PREFIX, height), encode(committed)))
    writes.append((TIP_KEY, encode(Tip(height=height, block_id=block_id, next_deadline_ms=result.next_deadline_ms))))
    return tuple(writes)


def epoch_writes(epoch: EpochRecord) -> Writes:
    """What the beginning of an epoch adds to the batch of the block that it begins on."""
    return ((height_key(EPOCH_PREFIX, epoch.validators.epoch), encode(epoch)),)


def proofs_of(blocks: tuple[Block, ...], proof: CommitProof) -> tuple[CommitProof | None, ...]:
    """What is written as the proof of each block when `proof` makes the last of them final, and so all.

    A block is final by itself too when the one after it is of the next round and the one after that carries its QC
    (rule 5). Ranges that are served later can end at each block that has a proof of its own.
    """
    proofs: list[CommitProof | None] = []
    for place, block in enumerate(blocks[:-1]):
        child = blocks[place + 1].header
        qc = blocks[place + 2].qc if place + 2 < len(blocks) else None
        is_final = qc is not None and child.round == block.header.round + 1
        proofs.append(TwoChain(child=child, qc=qc) if qc is not None and is_final else None)
    return (*proofs, proof)


class Pruning:
    """Deletes tree nodes that only versions more than `kept_versions` heights below the tip need."""

    def __init__(self, state: KeyValueReader, *, kept_versions: int) -> None:
        self._state = state
        self._kept_versions = kept_versions
        self._next_height = 0
        """Nothing is left to delete below; not stored: after a start the first look is at everything."""

    def writes(self, *, tip_height: int, written_height: int, made_obsolete: int) -> Writes:
        """The deletions of a commit up to `tip_height` whose blocks have made so many nodes obsolete.

        The storage holds what commits up to `written_height` have written, so no more can be found there.
        """
        newest_obsolete = min(tip_height - self._kept_versions, written_height)
        if newest_obsolete < self._next_height:
            return ()
        most = MIN_PRUNED_A_COMMIT + 2 * made_obsolete
        pruned = 0
        writes: list[tuple[bytes, bytes | None]] = []
        start = height_key(STALE_PREFIX, self._next_height)
        end = height_key(STALE_PREFIX, newest_obsolete + 1)
        for key, value in self._state.iterate(start=start, end=end):
            height = int.from_bytes(key[len(STALE_PREFIX) :], "big")
            if pruned >= most:
                self._next_height = height
                return tuple(writes)
            stale = read_record(value, StaleNodes, store="state", record=f"the stale nodes of height {height}")
            writes.extend((NODE_PREFIX + node_key, None) for node_key in stale.node_keys)
            writes.append((key, None))
            pruned += len(stale.node_keys)
        self._next_height = newest_obsolete + 1
        return tuple(writes)
