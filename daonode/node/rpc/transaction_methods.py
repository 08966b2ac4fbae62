"""Methods about transactions: send, simulate, price, and what became of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import trio
from msgspec import UNSET, Meta

from daonode.ledger.application import Application
from daonode.ledger.block import Payload, Receipt
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.errors import TransactionError
from daonode.ledger.receipts import prove_receipt
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES
from daonode.node.rpc.chain_methods import committed_at
from daonode.node.rpc.costs import SEND
from daonode.node.rpc.errors import RpcError, not_found, of_transaction
from daonode.node.rpc.forms import call_value, event_value, json_object
from daonode.node.rpc.method import RpcNode, joint_method, method, telling_damage
from daonode.node.rpc.results import (
    EventForm,
    MessageForm,
    ReceiptForm,
    ReceiptProofForm,
    ReceiptResult,
    SentResult,
    TransactionResult,
)
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import TxId
from daonode.primitives.json_texts import account_text, decimal, hex_text, time_text
from daonode.primitives.positions import Position
from daonode.replica.archive import Archive
from daonode.replica.layout import TransactionPlace

if TYPE_CHECKING:
    from trio_typing import TaskStatus

MAX_WAIT_MS: Final = 30_000
"""How long a caller may let the node wait for a commit."""
SETTLING_MS: Final = 100
"""A transaction leaves the mempool a moment before its block is on disk: one that is in neither is waited for."""


class TransactionParameters(Record, frozen=True):
    """A transaction; with `wait_ms` the answer comes when it is committed, or after that time."""

    tx_id: TxId
    wait_ms: Annotated[int, Meta(ge=0, le=MAX_WAIT_MS)] = 0


class ReceiptParameters(Record, frozen=True):
    """A committed transaction, and whether its receipt's place is to be proven."""

    tx_id: TxId
    proof: bool = False


class RawParameters(Record, frozen=True):
    """An encoded transaction."""

    transaction: Annotated[bytes, Meta(min_length=1, max_length=MAX_TRANSACTION_BYTES)]


async def get_transaction(node: RpcNode, parameters: TransactionParameters) -> TransactionResult:
    """A transaction, waiting or committed."""
    tx_id = parameters.tx_id
    found = await _when_committed(node, tx_id, wait_ms=parameters.wait_ms)
    if found is not None:
        return found
    waiting = node.api.waiting(tx_id)
    if waiting is None:
        raise _unknown(tx_id)
    return _describe(waiting, node.api.application)


async def get_receipt(node: RpcNode, parameters: ReceiptParameters) -> ReceiptResult:
    """What a committed transaction did, with a proof if wanted."""
    return await node.read(
        partial(_read_receipt, application=node.api.application, tx_id=parameters.tx_id, with_proof=parameters.proof)
    )


async def send_raw_transactions(node: RpcNode, given: Sequence[RawParameters]) -> Sequence[SentResult | RpcError]:
    """Offer a signed transaction to the mempool."""
    with telling_damage():
        answers = await node.api.submit([each.transaction for each in given])
    return [
        of_transaction(answer) if isinstance(answer, TransactionError) else SentResult(tx_id=hex_text(answer))
        for answer in answers
    ]


async def _when_committed(node: RpcNode, tx_id: TxId, *, wait_ms: int) -> TransactionResult | None:
    """The committed transaction; None when it is in no block after `wait_ms`."""
    look = partial(_read_transaction, application=node.api.application, tx_id=tx_id)
    is_known = node.api.waiting(tx_id) is not None
    wait = wait_ms if is_known else max(wait_ms, SETTLING_MS)
    if not wait:
        return await node.read(look)
    async with trio.open_nursery() as nursery:
        # Listening begins before looking, so that no commit falls between them.
        commit = await nursery.start(_listen, node, tx_id, wait)
        found = await _caught(node, look)
        if found is None:
            await commit.wait()
            found = await _caught(node, look)
        nursery.cancel_scope.cancel()
    if isinstance(found, RpcError):
        raise found
    return found


async def _listen(node: RpcNode, tx_id: TxId, wait_ms: int, *, task_status: TaskStatus[trio.Event]) -> None:
    """Start with an event that comes at the commit or after `wait_ms`."""
    is_over = trio.Event()
    task_status.started(is_over)
    await node.api.wait_for_transaction(tx_id, timeout_ms=wait_ms)
    is_over.set()


async def _caught(
    node: RpcNode, look: Callable[[Archive], TransactionResult | None]
) -> TransactionResult | RpcError | None:
    """Read, and give back an error instead of raising it: one that leaves a nursery arrives in a group."""
    try:
        return await node.read(look)
    except RpcError as error:
        return error


def _read_transaction(archive: Archive, *, application: Application, tx_id: TxId) -> TransactionResult | None:
    place = archive.place(tx_id)
    if place is None:
        return None
    block = archive.block_at(place.height)
    if block is None:
        return None
    transaction = decode_transaction(decode(block.payload, Payload).transactions[place.index])
    receipts = archive.receipts(place.height)
    return _describe(
        transaction,
        application,
        place=place,
        block_id=block.header.id(),
        receipt=_receipt_form(receipts, place, application),
    )


def _describe(
    transaction: CheckedTransaction,
    application: Application,
    *,
    place: TransactionPlace | None = None,
    block_id: bytes | None = None,
    receipt: ReceiptForm | None = None,
) -> TransactionResult:
    body, registry = transaction.body, application.registry
    return TransactionResult(
        tx_id=hex_text(transaction.id),
        status="pending" if place is None else "committed",
        height=None if place is None else place.height,
        index=None if place is None else place.index,
        block_id=None if block_id is None else hex_text(block_id),
        sender=account_text(body.sender),
        lane=body.lane,
        sequence=decimal(body.sequence),
        expires_at=time_text(body.expires_at_ms),
        gas_limit=decimal(body.gas_limit),
        max_fee=decimal(body.max_fee),
        signers=[hex_text(key) for key in transaction.signers],
        messages=[MessageForm(type=call.type, value=call_value(registry, call)) for call in body.messages],
        memo=body.memo,
        receipt=receipt,
    )


def _read_receipt(archive: Archive, *, application: Application, tx_id: TxId, with_proof: bool) -> ReceiptResult:
    place = archive.place(tx_id)
    if place is None:
        raise _unknown(tx_id, hint="it may wait in the mempool: ask for the transaction")
    committed_at(archive, place.height)
    receipts = archive.receipts(place.height)
    proof = ReceiptProofForm(
        receipt=hex_text(encode(receipts[place.index])), inclusion=json_object(prove_receipt(receipts, place.index))
    )
    return ReceiptResult(
        tx_id=hex_text(tx_id),
        height=place.height,
        index=place.index,
        receipt=_receipt_form(receipts, place, application),
        proof=proof if with_proof else UNSET,
    )


def _receipt_form(receipts: tuple[Receipt, ...], place: TransactionPlace, application: Application) -> ReceiptForm:
    receipt = receipts[place.index]
    first = sum(len(earlier.events) for earlier in islice(receipts, place.index))
    return ReceiptForm(
        tx_id=hex_text(receipt.tx_id),
        code=receipt.code,
        error=receipt.error,
        gas_used=decimal(receipt.gas_used),
        fee=decimal(receipt.fee),
        events=[
            EventForm(
                type=event.type,
                position=Position(place.height, index).text(),
                value=event_value(application.registry, event),
            )
            for index, event in enumerate(receipt.events, start=first)
        ],
    )


def _unknown(tx_id: TxId, *, hint: str = "it may have expired, or not have reached this node") -> RpcError:
    return not_found(f"no transaction 0x{tx_id.hex()} is known here", hint=hint)


TRANSACTION_METHODS = (
    method("dao_getTransaction", TransactionParameters, TransactionResult, get_transaction, cost=SEND),
    method("dao_getReceipt", ReceiptParameters, ReceiptResult, get_receipt, cost=SEND),
    joint_method("dao_sendRawTransaction", RawParameters, SentResult, send_raw_transactions, cost=SEND),
)
