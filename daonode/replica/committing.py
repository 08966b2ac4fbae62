"""The one batch that a committed height writes, and the pruning of old tree nodes that rides along with a commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

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
"""Heights below the tip whose state can still be proven, where that does not keep too much."""
LEAST_KEPT_VERSIONS = 64
"""Those whose state can be proven under any load."""
MAX_OBSOLETE_NODES = 1 << 18
"""Nodes that are kept for old versions alone, about 100 MB: at 480 votes a second those of 720 versions. Larger blocks
make more of them obsolete, and what the database holds beside the newest state must not grow with the load."""
MIN_PRUNED_A_COMMIT = 1_024
"""Obsolete nodes after which a commit deletes those of no further height, and twice as many as it makes obsolete are
allowed besides: so the deletions keep pace with every load, and no commit does much more work than it does anyway."""

Writes = tuple[tuple[bytes, bytes | None], ...]


def commit_writes(header: Header, result: BlockResult, proof: CommitProof | None) -> Writes:
    """Everything that committing a block changes in the `state` database."""
    return result_writes(header.height, result) + final_writes(header, result, proof)


def result_writes(height: int, result: BlockResult) -> Writes:
    """What a block does, which is known before it is final."""
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
    return tuple(writes)


def final_writes(
    header: Header, result: BlockResult, proof: CommitProof | None, *, descendants: tuple[Header, ...] = ()
) -> Writes:
    """What makes a block the tip.

    `proof` is None for a block that a descendant's proof makes final, and over the last of the `descendants`, if any.
    """
    height, block_id = header.height, header.id()
    committed = CommittedBlock(block_id=block_id, header=header, proof=proof, descendants=descendants)
    tip = Tip(height=height, block_id=block_id, next_deadline_ms=result.next_deadline_ms)
    return (height_key(HEADER_PREFIX, height), encode(committed)), (TIP_KEY, encode(tip))


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
    """Deletes tree nodes that only versions of old heights need.

    Kept are the newest `kept_versions` versions below the tip, fewer where they would keep more than
    `MAX_OBSOLETE_NODES`, and `LEAST_KEPT_VERSIONS` in any case.
    """

    def __init__(self, state: KeyValueReader, *, kept_versions: int, kept_nodes: int = MAX_OBSOLETE_NODES) -> None:
        self._state = state
        self._kept_versions = kept_versions
        self._kept_nodes = kept_nodes
        self._obsolete: deque[tuple[int, int]] | None = None
        """How many nodes each height has made obsolete, of those that are kept; None before the first commit."""
        self._obsolete_nodes = 0
        self._next_height = 0
        """Nothing is left to delete below; not stored: after a start the first look is at everything."""
        self._newest_height = -1
        """What this height and those before have made obsolete may be deleted."""

    def writes(self, *, tip_height: int, written_height: int, made_obsolete: int) -> Writes:
        """The deletions of a commit up to `tip_height` whose blocks have made so many nodes obsolete.

        The storage holds what commits up to `written_height` have written, so no more can be found there.
        """
        if self._obsolete is None:
            self._obsolete = self._count(written_height)
        self._obsolete.append((tip_height, made_obsolete))
        self._obsolete_nodes += made_obsolete
        self._give_up(self._obsolete, tip_height)
        newest_obsolete = min(self._newest_height, written_height)
        if newest_obsolete < self._next_height:
            return ()
        most = MIN_PRUNED_A_COMMIT + 2 * made_obsolete
        pruned = 0
        writes: list[tuple[bytes, bytes | None]] = []
        for height, stale in self._marked(self._next_height, newest_obsolete):
            if pruned >= most:
                self._next_height = height
                return tuple(writes)
            writes.extend((NODE_PREFIX + node_key, None) for node_key in stale.node_keys)
            writes.append((height_key(STALE_PREFIX, height), None))
            pruned += len(stale.node_keys)
        self._next_height = newest_obsolete + 1
        return tuple(writes)

    def _give_up(self, obsolete: deque[tuple[int, int]], tip_height: int) -> None:
        """Keep as many versions as may be kept now; what was given up before stays so."""
        last = tip_height - self._kept_versions
        last_in_any_case = tip_height - min(self._kept_versions, LEAST_KEPT_VERSIONS)
        self._newest_height = max(self._newest_height, last)
        while obsolete:
            height, count = obsolete[0]
            is_too_much = self._obsolete_nodes > self._kept_nodes and height <= last_in_any_case
            if height > last and not is_too_much:
                return
            obsolete.popleft()
            self._obsolete_nodes -= count
            self._newest_height = max(self._newest_height, height)

    def _count(self, written_height: int) -> deque[tuple[int, int]]:
        """What was made obsolete before this node was started, and is still there."""
        found = deque((height, len(stale.node_keys)) for height, stale in self._marked(0, written_height))
        self._obsolete_nodes = sum(count for _, count in found)
        return found

    def _marked(self, first: int, last: int) -> Iterator[tuple[int, StaleNodes]]:
        """The obsolete nodes of each of these heights that has any left."""
        start, end = height_key(STALE_PREFIX, first), height_key(STALE_PREFIX, last + 1)
        for key, value in self._state.iterate(start=start, end=end):
            height = int.from_bytes(key[len(STALE_PREFIX) :], "big")
            yield height, read_record(value, StaleNodes, store="state", record=f"the stale nodes of height {height}")
