"""The chain itself: blocks, transactions, events, validators, and values over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import filters, newest_or_since, proposal_filter
from daonode.gateway.graphql.resolvers.forms import Account, Call, read_calls, read_json
from daonode.gateway.graphql.resolvers.governance import proposal_of, transaction_of
from daonode.gateway.paging import Page, PageError, Question
from daonode.primitives.positions import Position
from daonode.stores.access import Between, Head, Value
from daonode.stores.rows import BlockRow, EventRow, PointRow, TransactionRow, ValidatorRow
from daonode.stores.tables import BLOCKS, EVENTS, POINTS, TRANSACTIONS, VALIDATORS

MAX_VALIDATORS: Final = 1_000
"""Validators that are shown at one time."""


class _AtHeight(Protocol):
    @property
    def height(self) -> int: ...


class _AtPosition(_AtHeight, Protocol):
    @property
    def position(self) -> int: ...


def block(_: object, reading: Reading, *, height: int | None = None, id_: bytes | None = None) -> BlockRow | None:
    if id_ is None:
        return reading.get(BLOCKS, reading.head.height if height is None else height)
    if height is not None:
        raise PageError("expected a height or an id, got both")
    found = reading.page(Question(BLOCKS, ("height",), {"id": id_}), first=1).items
    return found[0] if found else None


def blocks(_: object, reading: Reading, *, first: int, after: str | None = None) -> Page[BlockRow]:
    return reading.page(Question(BLOCKS, ("height",), {}, descending=True), first=first, after=after)


def block_of(row: _AtHeight, reading: Reading) -> BlockRow | None:
    return reading.get(BLOCKS, row.height)


def position_of(row: _AtPosition, _: Reading) -> Position:
    return Position(row.height, row.position)


def transaction(_: object, reading: Reading, *, id_: bytes) -> TransactionRow | None:
    return reading.get(TRANSACTIONS, id_)


def transactions_of_block(
    block: BlockRow, reading: Reading, *, first: int, after: str | None = None
) -> Page[TransactionRow]:
    question = Question(TRANSACTIONS, ("height", "position"), {"height": block.height})
    return reading.page(question, first=first, after=after)


def events_of_block(block: BlockRow, reading: Reading, *, first: int, after: str | None = None) -> Page[EventRow]:
    return reading.page(Question(EVENTS, ("height", "position"), {"height": block.height}), first=first, after=after)


def events_of_transaction(
    transaction: TransactionRow, reading: Reading, *, first: int, after: str | None = None
) -> Page[EventRow]:
    where: dict[str, Value | Between] = {"height": transaction.height, "tx_id": transaction.tx_id}
    return reading.page(Question(EVENTS, ("height", "position"), where), first=first, after=after)


def events(
    _: object,
    reading: Reading,
    *,
    first: int,
    type_: str | None = None,
    proposal: str | None = None,
    since: Position | None = None,
    after: str | None = None,
) -> Page[EventRow]:
    where = filters(type=type_, proposal=proposal_filter(proposal, reading))
    return newest_or_since(EVENTS, reading, where, since=since, first=first, after=after)


def messages(transaction: TransactionRow, reading: Reading) -> tuple[Call, ...]:
    return read_calls(reading.text(transaction.messages))


def proposer_of(block: BlockRow, reading: Reading) -> ValidatorRow | None:
    return reading.get(VALIDATORS, block.proposer)


def validators(_: object, reading: Reading) -> list[ValidatorRow]:
    return reading.every(VALIDATORS, order=("id",), most=MAX_VALIDATORS)


def validator(_: object, reading: Reading, *, id_: bytes) -> ValidatorRow | None:
    return reading.get(VALIDATORS, id_)


def last_proposed(validator: ValidatorRow, reading: Reading) -> BlockRow | None:
    return reading.get(BLOCKS, validator.last_proposed_height) if validator.proposed else None


def metrics(
    _: object,
    reading: Reading,
    *,
    first: int,
    series: str,
    label: str | None = None,
    from_: int | None = None,
    to: int | None = None,
    after: str | None = None,
) -> Page[PointRow]:
    where: dict[str, Value | Between] = {**filters(series=series, label=label)}
    if from_ is not None or to is not None:
        where["time_ms"] = Between(from_, to)
    return reading.page(Question(POINTS, ("time_ms", "label"), where), first=first, after=after)


def status(_: object, reading: Reading) -> Head:
    return reading.head


FIELDS: Final[Mapping[str, Callable[..., object]]] = {
    "Query.status": status,
    "Query.block": block,
    "Query.blocks": blocks,
    "Query.transaction": transaction,
    "Query.events": events,
    "Query.validators": validators,
    "Query.validator": validator,
    "Query.metrics": metrics,
    "Status.block": block_of,
    "Vote.block": block_of,
    "Vote.position": position_of,
    "Move.block": block_of,
    "Move.position": position_of,
    "Event.block": block_of,
    "Event.position": position_of,
    "Event.value": lambda row, reading: read_json(reading.text(row.value)),
    "Event.transaction": transaction_of,
    "Event.proposal": proposal_of,
    "Block.proposer": proposer_of,
    "Block.transactionCount": lambda row, _: row.transactions,
    "Block.eventCount": lambda row, _: row.events,
    "Block.transactions": transactions_of_block,
    "Block.events": events_of_block,
    "Transaction.id": lambda row, _: row.tx_id,
    "Transaction.block": block_of,
    "Transaction.place": lambda row, _: row.position,
    "Transaction.sender": lambda row, _: Account(row.sender),
    "Transaction.messages": messages,
    "Transaction.events": events_of_transaction,
    "Validator.payout": lambda row, _: Account(row.payout_account),
    "Validator.lastProposed": last_proposed,
}
