"""What queries with long answers share: how many items a page has, how many records it looks at, what a cursor is.

A page that ends because it looked at `MAX_SCANNED` records may be short, or empty, and still have a next one. Cursors
are opaque to whoever asks. This file knows no module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from msgspec import Meta

from daonode.ledger.errors import QueryError

T = TypeVar("T")

DEFAULT_PAGE: Final = 30
MAX_PAGE: Final = 100
MAX_SCANNED: Final = 1_000
"""How many records one page looks at, at most."""

PageLimit = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


def unknown_cursor(cursor: str) -> QueryError:
    """The refusal of a cursor that no page gave."""
    return QueryError(f"{cursor[:80]!r} is no cursor", hint="pass on `next_cursor` as it was given, or leave it out")


def read_number(cursor: str) -> int:
    """Return the number that a cursor is, or raise `QueryError`."""
    if _NUMBER.fullmatch(cursor) is None:
        raise unknown_cursor(cursor)
    return int(cursor)


def newest_first(
    read: Callable[[int], T | None], *, last: int, cursor: str | None, limit: int
) -> tuple[tuple[T, ...], str | None]:
    """Return a page of what is numbered from 1 to `last`, the highest number first, and the cursor of the next page.

    `read` gives the item with a number, or None where it is not wanted. A cursor is the number that the page before
    ended with, so what is added meanwhile neither drops nor repeats an item.

    Raises:
        QueryError: it is no cursor.
    """
    number = last if cursor is None else min(last, read_number(cursor) - 1)
    lowest = max(number - MAX_SCANNED, 0)
    items: list[T] = []
    while number > lowest and len(items) < limit:
        item = read(number)
        if item is not None:
            items.append(item)
        number -= 1
    return tuple(items), str(number + 1) if number > 0 else None
