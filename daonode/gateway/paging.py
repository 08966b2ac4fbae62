"""Pages of rows: a bounded number at a time, and a cursor that goes on exactly after the last of them.

A cursor holds the place of the last row in the order that was read, and a fingerprint of what was asked for, so that it
goes on with the same question only. It grants nothing: whoever makes one up gets rows that anybody may read.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Final, Generic, TypeVar, cast, get_type_hints

import msgspec

from daonode.primitives.hashing import sha256
from daonode.stores.access import Between, Snapshot, Value
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)
MAX_PAGE: Final = 100
DEFAULT_PAGE: Final = 30
MAX_SCANNED: Final = 1_000
"""Rows that a search looks at for one page; it goes on with the next."""
MAX_CURSOR_CHARACTERS: Final = 512
_FINGERPRINT_BYTES: Final = 8
_STORED_INT: Final = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class PageError(ValueError):
    """A page cannot be given: the text says which part of the question was wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows, and the cursor of what comes after them; None at the end."""

    items: tuple[R, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Question(Generic[R]):
    """Which rows of a table, in which order. `search` names what `keep` looks for, so that cursors tell searches
    apart."""

    table: Table[R]
    order: tuple[str, ...]
    where: Mapping[str, Value | Between]
    descending: bool = False
    keep: Callable[[R], bool] | None = None
    search: str = ""

    def fingerprint(self) -> bytes:
        """What a cursor of this question begins with."""
        filters = sorted((name, repr(value)) for name, value in self.where.items())
        whole = (self.table.name, self.order, filters, self.descending, self.search)
        return sha256(repr(whole).encode())[:_FINGERPRINT_BYTES]


def read_page(
    rows: Snapshot,
    question: Question[R],
    *,
    limit: int,
    cursor: str | None = None,
    begin_after: Sequence[Value] | None = None,
) -> Page[R]:
    """The rows after a cursor; without one, those after `begin_after`, or the first.

    Raises:
        PageError: the limit is out of range, or the cursor is not one of this question.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise PageError(f"expected 1 to {MAX_PAGE} rows in a page, got {limit}")
    after = begin_after if cursor is None else read_cursor(cursor, question)
    if question.keep is None:
        found = _read(rows, question, after=after, limit=limit + 1)
        return _cut(found, question, limit=limit)
    kept: list[R] = []
    scanned = 0
    while scanned < MAX_SCANNED:
        found = _read(rows, question, after=after, limit=MAX_PAGE)
        scanned += len(found)
        for row in found:
            after = _place(row, question)
            if question.keep(row):
                kept.append(row)
                if len(kept) == limit:
                    return Page(tuple(kept), write_cursor(after, question))
        if len(found) < MAX_PAGE:
            return Page(tuple(kept), None)
    return Page(tuple(kept), None if after is None else write_cursor(after, question))


def _read(rows: Snapshot, question: Question[R], *, after: Sequence[Value] | None, limit: int) -> list[R]:
    return rows.page(
        question.table,
        order=question.order,
        where=question.where,
        descending=question.descending,
        after=after,
        limit=limit,
    )


def _cut(found: list[R], question: Question[R], *, limit: int) -> Page[R]:
    if len(found) <= limit:
        return Page(tuple(found), None)
    return Page(tuple(found[:limit]), write_cursor(_place(found[limit - 1], question), question))


def _place(row: Row, question: Question[R]) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in question.order)


def write_cursor(place: Sequence[Value], question: Question[R]) -> str:
    packed = msgspec.msgpack.encode((question.fingerprint(), *place))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, question: Question[R]) -> tuple[Value, ...]:
    strange = PageError("the cursor is none of this question: give the one of the page before, with the same filters")
    if len(text) > MAX_CURSOR_CHARACTERS:
        raise strange
    decoder = _decoder(question.table, question.order)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        fingerprint, *place = decoder.decode(packed)
    except (ValueError, msgspec.MsgspecError):
        raise strange from None
    if fingerprint != question.fingerprint():
        raise strange
    return cast("tuple[Value, ...]", tuple(place))  # The decoder took each as its field's type.


@cache
def _decoder(table: Table[Row], order: tuple[str, ...]) -> msgspec.msgpack.Decoder[tuple[object, ...]]:
    """What reads the cursors of an order: each value as the type that its field has."""
    hints = get_type_hints(table.row, include_extras=True)
    fields = (_STORED_INT if hints[name] is int else hints[name] for name in order)
    return msgspec.msgpack.Decoder(tuple.__class_getitem__((bytes, *fields)))
