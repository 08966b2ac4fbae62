"""Blocks, transactions and events, of every module, known or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daonode.indexer.decoding import DecodedBlock, DecodedEvent, DecodedTransaction
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.interface import Genesis
from daonode.indexer.projection.json_text import json_text
from daonode.ledger.shown import shown
from daonode.primitives.json_form import Json
from daonode.stores.rows import BlockRow, EventRow, Row, TransactionRow
from daonode.stores.tables import BLOCKS, EVENTS, TRANSACTIONS, Table

PROPOSAL_FIELD: Final = "proposal"
"""The field by which an event of any module names a proposal."""


class ChainProjection:
    """What happened, as it stands on the chain."""

    tables: Sequence[Table[Row]] = ()

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """The genesis block."""
        header = genesis.initial.header
        draft.put(
            BLOCKS,
            BlockRow(
                height=header.height,
                id=header.id(),
                time_ms=header.time_ms,
                interval_ms=0,
                round=header.round,
                proposer=header.proposer,
                state_root=header.state_root,
                transactions=0,
                events=0,
                payload_bytes=0,
            ),
        )

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """A block with everything in it."""
        header = block.header
        draft.put(
            BLOCKS,
            BlockRow(
                height=header.height,
                id=block.block_id,
                time_ms=header.time_ms,
                interval_ms=block.interval_ms,
                round=header.round,
                proposer=header.proposer,
                state_root=header.state_root,
                transactions=len(block.transactions),
                events=len(block.events),
                payload_bytes=block.payload_bytes,
            ),
        )
        for position, transaction in enumerate(block.transactions):
            draft.put(TRANSACTIONS, _transaction(block, position, transaction))
        for event in block.events:
            draft.put(EVENTS, _event(block, event))


def _transaction(block: DecodedBlock, position: int, transaction: DecodedTransaction) -> TransactionRow:
    body, receipt = transaction.checked.body, transaction.receipt
    messages: list[Json] = [
        {"type": call.type, "value": shown(message, body=call.body)}
        for call, message in zip(body.messages, transaction.messages, strict=True)
    ]
    return TransactionRow(
        tx_id=transaction.checked.id,
        height=block.height,
        position=position,
        time_ms=block.time_ms,
        sender=body.sender,
        code=receipt.code,
        error=receipt.error,
        gas_used=receipt.gas_used,
        fee=receipt.fee,
        memo=body.memo,
        messages=json_text(messages),
    )


def _event(block: DecodedBlock, event: DecodedEvent) -> EventRow:
    proposal = getattr(event.fields, PROPOSAL_FIELD, None)
    return EventRow(
        height=block.height,
        position=event.position,
        time_ms=block.time_ms,
        type=event.type,
        tx_id=event.tx_id,
        proposal=proposal if isinstance(proposal, bytes) else None,
        value=json_text(shown(event.fields, body=event.body)),
    )
