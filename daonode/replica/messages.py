"""What nodes send each other, and on which lane each message travels.

Consensus messages have a lane of their own, ahead of all else, so that neither a flood of transactions nor a peer that
catches up delays a vote.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, assert_never

from msgspec import Meta

from daonode.consensus.evidence import Evidence
from daonode.consensus.messages import (
    CommitVoteMessage,
    ConsensusMessage,
    ProposalMessage,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.types import Block, CommitProof, Header
from daonode.primitives.codec import U32, U64, Record
from daonode.primitives.ids import BlockId
from daonode.replica.snapshot import SNAPSHOTS_KEPT

MAX_BLOCKS_A_RESPONSE = 64
"""The most blocks in one `BlockResponse`."""
MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""The most bytes of blocks in one `BlockResponse`, but for a single block, or a run of them, that has one proof."""
MAX_TRANSACTIONS_A_MESSAGE = 256
"""The most transactions in one gossip message."""
MAX_EVIDENCE_A_MESSAGE = 16
"""The most evidence in one gossip message."""
MAX_TRANSACTION_BYTES_A_MESSAGE = 1024 * 1024
"""The most bytes of transactions that an honest peer puts into one gossip message; any single one fits."""


NO_BLOCK = BlockId(bytes(32))
"""The id of no block."""


class Lane(Enum):
    """Independent ordered queues between two peers, most urgent first."""

    CONSENSUS = "consensus"
    SYNC = "sync"
    MEMPOOL = "mempool"


class TransactionsMessage(Record, frozen=True, tag="transactions"):
    """Encoded transactions that the sender holds in its mempool."""

    transactions: tuple[bytes, ...]


class EvidenceMessage(Record, frozen=True, tag="evidence"):
    """Evidence that the sender has found to be true, and knows in no committed block."""

    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=MAX_EVIDENCE_A_MESSAGE)]


class BlockRequest(Record, frozen=True, tag="block_request"):
    """Ask for the blocks above `above_height`, at best up to `tip` (a certified block, perhaps not yet committed).

    `NO_BLOCK` as the tip asks for committed ones alone.
    """

    above_height: U64
    tip: BlockId


class BlockResponse(Record, frozen=True, tag="block_response"):
    """The answer to `BlockRequest(above_height, tip)`: blocks in ascending height, none when the sender has none.

    With `proof` the last block, so every one, is committed; without, they lead to the `tip` that was asked for. The
    proof is over the last block, or over the last of `descendants`, headers after the last block of an epoch. All
    blocks are of one epoch.
    """

    above_height: U64
    tip: BlockId
    blocks: tuple[Block, ...]
    proof: CommitProof | None
    descendants: tuple[Header, ...] = ()


class ManifestRequest(Record, frozen=True, tag="manifest_request"):
    """Ask which snapshots a peer has."""


class ManifestResponse(Record, frozen=True, tag="manifest_response"):
    """The encoded manifests of the snapshots that the sender keeps, by ascending height."""

    manifests: Annotated[tuple[bytes, ...], Meta(max_length=SNAPSHOTS_KEPT)]


class ChunkRequest(Record, frozen=True, tag="chunk_request"):
    """Ask for a chunk of the snapshot of a block."""

    block_id: BlockId
    index: U32


class ChunkResponse(Record, frozen=True, tag="chunk_response"):
    """The answer to `ChunkRequest(block_id, index)`: the encoded chunk, None when the sender does not have it."""

    block_id: BlockId
    index: U32
    chunk: bytes | None


Request = BlockRequest | ManifestRequest | ChunkRequest
SnapshotMessage = ManifestRequest | ManifestResponse | ChunkRequest | ChunkResponse
SyncLaneMessage = BlockRequest | BlockResponse | SnapshotMessage
Message = (
    ProposalMessage
    | VoteMessage
    | CommitVoteMessage
    | TimeoutMessage
    | SyncMessage
    | BlockRequest
    | BlockResponse
    | ManifestRequest
    | ManifestResponse
    | ChunkRequest
    | ChunkResponse
    | TransactionsMessage
    | EvidenceMessage
)


def epoch_of(message: ConsensusMessage) -> int:
    """The epoch that a consensus message says it is of."""
    match message:
        case ProposalMessage():
            return message.block.header.epoch
        case SyncMessage():
            return message.sync.high_qc.epoch
        case _:
            return message.epoch


def lane_of(message: Message) -> Lane:
    """The lane on which `message` travels."""
    match message:
        case ProposalMessage() | VoteMessage() | CommitVoteMessage() | TimeoutMessage() | SyncMessage():
            return Lane.CONSENSUS
        case BlockRequest() | BlockResponse():
            return Lane.SYNC
        case ManifestRequest() | ManifestResponse() | ChunkRequest() | ChunkResponse():
            return Lane.SYNC
        case TransactionsMessage() | EvidenceMessage():
            return Lane.MEMPOOL
        case _:
            assert_never(message)


__all__ = [
    "MAX_BLOCKS_A_RESPONSE",
    "MAX_EVIDENCE_A_MESSAGE",
    "MAX_RESPONSE_BYTES",
    "MAX_TRANSACTIONS_A_MESSAGE",
    "MAX_TRANSACTION_BYTES_A_MESSAGE",
    "NO_BLOCK",
    "BlockRequest",
    "BlockResponse",
    "ChunkRequest",
    "ChunkResponse",
    "ConsensusMessage",
    "EvidenceMessage",
    "Lane",
    "ManifestRequest",
    "ManifestResponse",
    "Message",
    "Request",
    "SnapshotMessage",
    "SyncLaneMessage",
    "TransactionsMessage",
    "epoch_of",
    "lane_of",
]
