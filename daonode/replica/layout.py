"""What a node keeps on disk: the keys and records of its three databases.

`blocks` holds every block by id from before it is voted for until it is abandoned (``b`` + id), and the list of those
that are neither committed nor abandoned yet (``u`` + round + id). `state` holds
what commits change, one batch a height:

======================  =============================================================
key                     value
======================  =============================================================
``s`` + state key       the state's value at the committed tip
``n`` + node key        a node of the state tree
``x`` + height          `StaleNodes`
``h`` + height          `CommittedBlock`
``r`` + height          `Receipts`
``t`` + transaction id  `TransactionPlace`
``e`` + epoch           `EpochRecord`
``m`` + name            single values: `Tip`, `StoredGenesis`, `Base`
======================  =============================================================

`snapshots` holds snapshots of the state for peers (`snapshot.py`), and the one that a new node fetches:

==================================  =================================================
key                                 value
==================================  =================================================
``m`` + height                      the `Manifest` of a whole snapshot
``c`` + block id + index (4 bytes)  an encoded `Chunk`
``f``                               the `Manifest` whose chunks are being fetched
``e`` + run + block (4 bytes each)  a `SortedBlock`, while a snapshot is made
==================================  =================================================

Heights and epochs are 8 bytes, big-endian, so that they sort.
"""

from __future__ import annotations

from daonode.consensus.types import CommitProof, Header, QuorumCertificate, ValidatorSet
from daonode.genesis.document import ChainDescription
from daonode.ledger.block import Receipt
from daonode.primitives.codec import Record
from daonode.primitives.ids import BlockId, TxId
from daonode.replica.snapshot import Ancestor

STATE_PREFIX = b"s"
NODE_PREFIX = b"n"
STALE_PREFIX = b"x"
HEADER_PREFIX = b"h"
RECEIPTS_PREFIX = b"r"
PLACE_PREFIX = b"t"
EPOCH_PREFIX = b"e"
TIP_KEY = b"mtip"
GENESIS_KEY = b"mgenesis"
BASE_KEY = b"mbase"
BLOCK_PREFIX = b"b"
ROUND_PREFIX = b"u"
"""In `blocks`: ``u`` + round + block id, for blocks that are not yet known to be committed or abandoned."""

MANIFEST_PREFIX = b"m"
CHUNK_PREFIX = b"c"
FETCHING_KEY = b"f"
SORTING_PREFIX = b"e"


class CommittedBlock(Record, frozen=True):
    """A committed header. `proof` is None where the proof at the next height that has one makes it final too.

    The proof of the last block of an epoch may be over the last of its `descendants`, which are not committed.
    """

    block_id: BlockId
    header: Header
    proof: CommitProof | None
    descendants: tuple[Header, ...] = ()


class EpochRecord(Record, frozen=True):
    """An epoch: the height of the block that it begins on, who decides in it, and its first certificate."""

    start_height: int
    validators: ValidatorSet
    genesis_qc: QuorumCertificate


class Receipts(Record, frozen=True):
    """All receipts of one height, in execution order."""

    receipts: tuple[Receipt, ...]


class TransactionPlace(Record, frozen=True):
    """Where a transaction stands: the height, and its index among the receipts and in the payload."""

    height: int
    index: int


class StaleNodes(Record, frozen=True):
    """The keys of the tree's nodes that no height from this one on needs."""

    node_keys: tuple[bytes, ...]


class Tip(Record, frozen=True):
    """The highest committed block, and the deadline at which the ledger has work again."""

    height: int
    block_id: BlockId
    next_deadline_ms: int | None


class Base(Record, frozen=True):
    """Where a store begins that was made from a snapshot: of the block at this height it has the header alone.

    `history` are the last blocks of its epoch up to there, ascending, as far as the choice of leaders needs them.
    """

    height: int
    history: tuple[Ancestor, ...]


class StoredGenesis(Record, frozen=True):
    """What a start needs of the genesis document, which need not be executed again. `header` is the genesis block's."""

    chain: ChainDescription
    modules: tuple[str, ...]
    header: Header
    validators: ValidatorSet


def height_key(prefix: bytes, height: int) -> bytes:
    """The key of a per-height record."""
    return prefix + height.to_bytes(8, "big")


def place_key(tx_id: TxId) -> bytes:
    """The key of a transaction's place."""
    return PLACE_PREFIX + tx_id


def block_key(block_id: BlockId) -> bytes:
    """The key of a block in `blocks`."""
    return BLOCK_PREFIX + block_id


def round_key(round_: int, block_id: BlockId) -> bytes:
    """The key that lists a block in `blocks` as not yet settled."""
    return ROUND_PREFIX + round_.to_bytes(8, "big") + block_id


def chunk_key(block_id: BlockId, index: int) -> bytes:
    """The key of a chunk of the snapshot of a block."""
    return CHUNK_PREFIX + block_id + index.to_bytes(4, "big")


def prefix_end(prefix: bytes) -> bytes:
    """The first key above all that begin with a prefix, whose last byte is not the highest."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
