"""A verified block as projections see it: messages and events decoded once, by the types of the chain's own modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from daonode.consensus.types import Header
from daonode.indexer.verifying import VerifiedBlock
from daonode.ledger.block import SUCCESS, Receipt
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.registry import Registry
from daonode.ledger.session import NO_TRANSACTION
from daonode.ledger.shown import fields_of, message_of
from daonode.primitives.codec import Record
from daonode.primitives.ids import BlockId, TxId


@dataclass(frozen=True, slots=True)
class DecodedTransaction:
    """A transaction with what it did. `messages` are those of the body, None where this chain has no such message."""

    checked: CheckedTransaction
    receipt: Receipt
    messages: tuple[Record | None, ...]

    @property
    def succeeded(self) -> bool:
        """Whether its messages applied."""
        return self.receipt.code == SUCCESS


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """An event at its position in the block. `fields` are None where its type is not known; `tx_id` is None for what
    the block itself did."""

    position: int
    type: str
    fields: Record | None
    body: bytes
    tx_id: TxId | None


@dataclass(frozen=True)
class DecodedBlock:
    """A block; `events` stand in the order of their positions."""

    header: Header
    block_id: BlockId
    interval_ms: int
    payload_bytes: int
    transactions: tuple[DecodedTransaction, ...]
    events: tuple[DecodedEvent, ...]

    @property
    def height(self) -> int:
        """Its height."""
        return self.header.height

    @property
    def time_ms(self) -> int:
        """Its block time."""
        return self.header.time_ms

    @cached_property
    def happened(self) -> tuple[DecodedEvent, ...]:
        """Its events in the order in which they happened: what the block itself did first, because deadlines are met
        before the transactions run. (Shares of fees are paid after them, and add the same in any order.)"""
        own = tuple(event for event in self.events if event.tx_id is None)
        return (*own, *self.events[: len(self.events) - len(own)])


def decode_block(block: VerifiedBlock, registry: Registry) -> DecodedBlock:
    """Take the messages and events of a block apart."""
    return DecodedBlock(
        header=block.header,
        block_id=block.block_id,
        interval_ms=block.header.time_ms - block.before_ms,
        payload_bytes=block.payload_bytes,
        transactions=tuple(
            DecodedTransaction(
                checked=checked,
                receipt=receipt,
                messages=tuple(message_of(registry, call) for call in checked.body.messages),
            )
            for checked, receipt in zip(block.transactions, block.receipts, strict=False)
        ),
        events=tuple(_events(block.receipts, registry)),
    )


def _events(receipts: tuple[Receipt, ...], registry: Registry) -> Iterator[DecodedEvent]:
    position = 0
    for receipt in receipts:
        tx_id = None if receipt.tx_id == NO_TRANSACTION else receipt.tx_id
        for record in receipt.events:
            yield DecodedEvent(position, record.type, fields_of(registry, record), record.body, tx_id)
            position += 1
