"""Which blocks are the chain's, whoever gives them: decided from the genesis document and the last block alone.

The sets of later epochs are learnt from what proves that earlier ones are over.

A batch is accepted where its headers lead by their parents' ids from the last known block to one that a quorum made
final, and where each payload and each list of receipts is the one that its header binds. A receipt's text for people is
bound by nothing and is taken as it comes; its code, fee and events are bound. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from daonode.client.answers import Blocks, EncodedBlock
from daonode.client.epochs import Epochs
from daonode.client.errors import FinalityNotProven
from daonode.client.light import TrustedChain
from daonode.consensus.types import CommitProof, Header, payload_digest
from daonode.genesis.document import GenesisDocument
from daonode.indexer.errors import NodeLied
from daonode.ledger.block import Payload, Receipt
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.errors import TransactionError
from daonode.ledger.params import MAX_BLOCK_BYTES
from daonode.ledger.receipts import receipts_root
from daonode.ledger.session import NO_TRANSACTION
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import BlockId, check_block_id
from daonode.replica.layout import Receipts

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A block that is known from elsewhere: a chain that has another one at this height is not followed."""

    height: int
    block_id: BlockId


@dataclass(frozen=True, slots=True)
class Known:
    """The last block that is known to be the chain's, and the block time there."""

    height: int
    block_id: BlockId
    time_ms: int


@dataclass(frozen=True, slots=True)
class VerifiedBlock:
    """A block that is final, whole and taken apart. `receipts` are those of `transactions`, in their order, and where
    the block itself did something, one more; `before_ms` is the block time of its parent."""

    header: Header
    block_id: BlockId
    before_ms: int
    payload_bytes: int
    transactions: tuple[CheckedTransaction, ...]
    receipts: tuple[Receipt, ...]

    def known(self) -> Known:
        """This block as the one that the next must follow."""
        return Known(self.header.height, self.block_id, self.header.time_ms)


class BlockVerifier:
    """Verifies batches of one chain. Making one executes its genesis block."""

    def __init__(self, document: GenesisDocument, *, checkpoint: Checkpoint | None = None) -> None:
        """Raise `GenesisError` where the document makes no chain."""
        self.trusted = TrustedChain(document)
        self._checkpoint = checkpoint

    def genesis(self) -> Known:
        """The block that the first batch must follow."""
        header = self.trusted.genesis_header
        return Known(header.height, header.id(), header.time_ms)

    @property
    def epoch(self) -> int:
        """The newest epoch whose set is known."""
        return self.trusted.epoch

    def epoch_of(self, batch: Blocks) -> int:
        """The epoch whose set has to be known for an answer with blocks.

        Raises:
            NodeLied: the last header is none.
        """
        return _decode(batch.blocks[-1].header, Header, height=None, what="the header").epoch

    def follow(self, epochs: Epochs) -> None:
        """Go on from the newest known epoch.

        Raises:
            NodeLied: what the node says proves nothing, or is nothing.
        """
        if not epochs.changes:
            raise NodeLied(f"it does not show that epoch {self.epoch} is over", kind="epoch", height=None)
        try:
            self.trusted.follow(epochs.changes)
        except FinalityNotProven as error:
            raise NodeLied(error.message, kind="epoch", height=epochs.changes[0].header.height) from error

    def verify(self, batch: Blocks, *, after: Known) -> tuple[VerifiedBlock, ...]:
        """Return the blocks of an answer, taken apart.

        Raises:
            NodeLied: something in it is not the chain's; nothing of the batch is to be used.
        """
        headers = [_decode(each.header, Header, height=None, what="the header") for each in batch.blocks]
        self._check_chain(headers, after=after)
        if headers:
            self._check_final(headers[-1], batch)
        blocks: list[VerifiedBlock] = []
        before = after
        for header, encoded in zip(headers, batch.blocks, strict=True):
            block = _take_apart(header, encoded, before=before)
            blocks.append(block)
            before = block.known()
        return tuple(blocks)

    def _check_chain(self, headers: Sequence[Header], *, after: Known) -> None:
        parent, height = after.block_id, after.height
        for header in headers:
            height += 1
            if header.chain_id != self.trusted.chain_id:
                raise NodeLied(
                    f"it is of chain {header.chain_id}, expected {self.trusted.chain_id}", kind="chain", height=height
                )
            if header.height != height:
                raise NodeLied(f"got the block of height {header.height}", kind="parent", height=height)
            if header.parent_id != parent:
                raise NodeLied(
                    f"it follows 0x{header.parent_id.hex()}, expected 0x{parent.hex()} of height {height - 1}",
                    kind="parent",
                    height=height,
                )
            parent = header.id()
            self._check_checkpoint(height, parent)

    def _check_checkpoint(self, height: int, block_id: BlockId) -> None:
        wanted = self._checkpoint
        if wanted is not None and height == wanted.height and block_id != wanted.block_id:
            raise NodeLied(
                f"it is 0x{block_id.hex()}, the checkpoint says 0x{wanted.block_id.hex()}",
                kind="checkpoint",
                height=height,
            )

    def _check_final(self, last: Header, batch: Blocks) -> None:
        if batch.proof is None:
            raise NodeLied("it came without a proof", kind="proof", height=last.height)
        proof: CommitProof = _decode(batch.proof, CommitProof, height=last.height, what="the proof")
        descendants = [
            _decode(each, Header, height=last.height, what="a header behind it") for each in batch.descendants
        ]
        try:
            self.trusted.verify_finality(last, proof=proof, descendants=descendants)
        except FinalityNotProven as error:
            raise NodeLied(error.message, kind="proof", height=last.height) from error


def parse_checkpoint(text: str) -> Checkpoint:
    """Read `HEIGHT:BLOCK_ID`, the id in `0x` and hex.

    Raises:
        ValueError: it is none.
    """
    height, separator, block_id = text.partition(":")
    try:
        if not separator or not height.isdecimal():
            raise ValueError("no height")
        return Checkpoint(int(height), check_block_id(bytes.fromhex(block_id.removeprefix("0x"))))
    except (ValueError, PrimitiveError):
        raise ValueError(f"{text[:100]!r} is no checkpoint: expected HEIGHT:BLOCK_ID, such as 1000:0x89ab...") from None


def _take_apart(header: Header, encoded: EncodedBlock, *, before: Known) -> VerifiedBlock:
    height = header.height
    if payload_digest(encoded.payload) != header.payload_digest:
        raise NodeLied("the payload is not the one that the header binds", kind="payload", height=height)
    receipts = _decode(encoded.receipts, Receipts, height=height, what="the list of receipts").receipts
    if receipts_root(receipts) != header.receipts_root:
        raise NodeLied("the receipts are not those that the header binds", kind="receipts", height=height)
    payload = _decode(encoded.payload, Payload, height=height, what="the payload", max_bytes=MAX_BLOCK_BYTES)
    try:
        transactions = tuple([decode_transaction(raw) for raw in payload.transactions])
    except TransactionError as error:
        raise NodeLied(f"a transaction is none: {error.message}", kind="payload", height=height) from error
    expected = [transaction.id for transaction in transactions]
    if len(receipts) > len(expected):
        expected.append(NO_TRANSACTION)
    if [receipt.tx_id for receipt in receipts] != expected:
        raise NodeLied("the receipts are not those of its transactions", kind="receipts", height=height)
    return VerifiedBlock(
        header=header,
        block_id=header.id(),
        before_ms=before.time_ms,
        payload_bytes=len(encoded.payload),
        transactions=transactions,
        receipts=receipts,
    )


def _decode(data: bytes, type_: TypeForm[T], *, height: int | None, what: str, max_bytes: int | None = None) -> T:
    try:
        return decode(data, type_, max_bytes=max_bytes)
    except DecodeError as error:
        raise NodeLied(f"{what} is not encoded as it should be: {error.reason}", kind="form", height=height) from error
