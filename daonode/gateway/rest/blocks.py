"""Blocks, their transactions and their events, as they were committed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.problems import invalid, not_found
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import MessagesJson, ObjectJson, address_text, optional_hex, raw_json
from daonode.gateway.rest.listing import Cursor, Limit, given, read_all
from daonode.gateway.rest.proposals import ProposalName, find_proposal
from daonode.gateway.rest.votes import ORDER, Since, place_after
from daonode.primitives.ids import Address, TxId, ValidatorId, check_hash
from daonode.primitives.json_texts import (
    MAX_COUNT,
    AccountText,
    Count,
    Decimal,
    HexText,
    TimeText,
    ValidatorText,
    decimal,
    hex_text,
    time_text,
    validator_text,
)
from daonode.primitives.positions import Position, PositionText
from daonode.stores.rows import BlockRow, EventRow, TransactionRow
from daonode.stores.tables import BLOCKS, EVENTS, TRANSACTIONS

MAX_EVENTS_OF_TRANSACTION: Final = 1_000
BlockName = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,15}|0x[0-9a-f]{64})$")]
"""A block's height, or its id."""
EventType = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]


class BlocksParameters(Parameters, frozen=True):
    """Which page."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class BlockParameters(Parameters, frozen=True):
    """One block, by height or id."""

    block: BlockName


class TransactionsParameters(Parameters, frozen=True):
    """Whose transactions, or those of which block."""

    sender: Address | None = None
    height: Count | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class TransactionParameters(Parameters, frozen=True):
    """One transaction."""

    tx_id: TxId


class EventsParameters(Parameters, frozen=True):
    """Which events. With `since`, those after this position, the oldest first; else the newest first."""

    type: EventType | None = None
    proposal: ProposalName | None = None
    height: Count | None = None
    since: Since | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class BlockForm(Form, frozen=True):
    """A committed block; `interval_ms` is the time since the block before it."""

    height: Count
    id: HexText
    time: TimeText
    interval_ms: Count
    round: Count
    proposer: ValidatorText
    state_root: HexText
    transactions: Count
    events: Count
    payload_bytes: Count


class BlocksPage(Form, frozen=True):
    """Blocks, the newest first."""

    items: list[BlockForm]
    next_cursor: str | None


class TransactionSummary(Form, frozen=True):
    """A committed transaction; `code` 0 is success, `error` is text for people."""

    tx_id: HexText
    height: Count
    index: Count
    time: TimeText
    sender: AccountText
    code: Count
    error: str
    gas_used: Decimal
    fee: Decimal
    memo: str
    messages: MessagesJson


class TransactionsPage(Form, frozen=True):
    """Transactions, the newest first."""

    items: list[TransactionSummary]
    next_cursor: str | None


class EventForm(Form, frozen=True):
    """An event; `tx_id` is null for what the block itself did, `proposal` for what names none."""

    position: PositionText
    time: TimeText
    type: str
    tx_id: HexText | None
    proposal: HexText | None
    value: ObjectJson


class EventsPage(Form, frozen=True):
    """Events."""

    items: list[EventForm]
    next_cursor: str | None


class TransactionForm(TransactionSummary, frozen=True):
    """A committed transaction with what it did."""

    events: list[EventForm]


def list_blocks(asked: Asked, parameters: BlocksParameters) -> BlocksPage:
    """Blocks, the newest first."""
    question = Question(BLOCKS, ("height",), {}, descending=True)
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return BlocksPage(items=[_block(row) for row in page.items], next_cursor=page.next_cursor)


def get_block(asked: Asked, parameters: BlockParameters) -> BlockForm:
    """One block."""
    name = parameters.block
    if name.startswith("0x"):
        rows = read_all(asked, Question(BLOCKS, ("height",), {"id": bytes.fromhex(name[2:])}), most=1)
        row = rows[0] if rows else None
    elif int(name) > MAX_COUNT:
        raise invalid(f"block: expected a height up to {MAX_COUNT}, got {name}")
    else:
        row = asked.snapshot.get(BLOCKS, int(name))
    if row is None:
        raise not_found(f"there is no block {name}", hint=f"the last one here is at height {asked.head.height}")
    return _block(row)


def list_transactions(asked: Asked, parameters: TransactionsParameters) -> TransactionsPage:
    """Transactions, the newest first."""
    question = Question(TRANSACTIONS, ORDER, given(sender=parameters.sender, height=parameters.height), descending=True)
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return TransactionsPage(items=[_transaction(row) for row in page.items], next_cursor=page.next_cursor)


def get_transaction(asked: Asked, parameters: TransactionParameters) -> TransactionForm:
    """One committed transaction with its events."""
    row = asked.snapshot.get(TRANSACTIONS, parameters.tx_id)
    if row is None:
        raise not_found(
            f"no block up to height {asked.head.height} has transaction {hex_text(parameters.tx_id)}",
            hint="ask again where it was sent a moment ago",
            retryable=True,
        )
    events = Question(EVENTS, ("position",), {"height": row.height, "tx_id": row.tx_id})
    form = _transaction(row)
    return TransactionForm(
        **{name: getattr(form, name) for name in TransactionSummary.__struct_fields__},
        events=[_event(each) for each in read_all(asked, events, most=MAX_EVENTS_OF_TRANSACTION)],
    )


def list_events(asked: Asked, parameters: EventsParameters) -> EventsPage:
    """Events, the newest first; with `since` those after a position, the oldest first."""
    proposal = None if parameters.proposal is None else find_proposal(asked, parameters.proposal).id
    where = given(type=parameters.type, proposal=proposal, height=parameters.height)
    question = Question(EVENTS, ORDER, where, descending=parameters.since is None)
    page = read_page(
        asked.snapshot,
        question,
        limit=parameters.limit,
        cursor=parameters.cursor,
        begin_after=place_after(parameters.since),
    )
    return EventsPage(items=[_event(row) for row in page.items], next_cursor=page.next_cursor)


def _block(row: BlockRow) -> BlockForm:
    return BlockForm(
        height=row.height,
        id=hex_text(row.id),
        time=time_text(row.time_ms),
        interval_ms=row.interval_ms,
        round=row.round,
        proposer=validator_text(ValidatorId(check_hash(row.proposer))),
        state_root=hex_text(row.state_root),
        transactions=row.transactions,
        events=row.events,
        payload_bytes=row.payload_bytes,
    )


def _transaction(row: TransactionRow) -> TransactionSummary:
    return TransactionSummary(
        tx_id=hex_text(row.tx_id),
        height=row.height,
        index=row.position,
        time=time_text(row.time_ms),
        sender=address_text(row.sender),
        code=row.code,
        error=row.error,
        gas_used=decimal(row.gas_used),
        fee=decimal(row.fee),
        memo=row.memo,
        messages=raw_json(row.messages),
    )


def _event(row: EventRow) -> EventForm:
    return EventForm(
        position=Position(row.height, row.position).text(),
        time=time_text(row.time_ms),
        type=row.type,
        tx_id=optional_hex(row.tx_id),
        proposal=optional_hex(row.proposal),
        value=raw_json(row.value),
    )


ENDPOINTS: Final = (
    endpoint("/api/blocks", BlocksParameters, BlocksPage, list_blocks),
    endpoint("/api/blocks/{block}", BlockParameters, BlockForm, get_block),
    endpoint("/api/transactions", TransactionsParameters, TransactionsPage, list_transactions),
    endpoint("/api/transactions/{tx_id}", TransactionParameters, TransactionForm, get_transaction),
    endpoint("/api/events", EventsParameters, EventsPage, list_events),
)
