"""What the resolvers of one request read from: one state of the store, each row once, within a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from daonode.gateway.graphql.limits import MAX_TEXT_CHARACTERS
from daonode.gateway.paging import Page, Question, read_page
from daonode.stores.access import Between, Head, Snapshot, Value
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)


class Exhausted(BaseException):
    """The request is at one of its bounds. No `Exception`: an executor that notes those and goes on would go on."""


class OutOfTime(Exhausted):
    """It takes too long."""


class TooMuchText(Exhausted):
    """The texts of its answer have more characters than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} characters")
        self.limit = limit


class Reading:
    """One state of a store as a request sees it. What was read once is not read again."""

    def __init__(self, rows: Snapshot, head: Head, *, deadline: float, text_limit: int = MAX_TEXT_CHARACTERS) -> None:
        self.head = head
        self._text_limit = text_limit
        self._rows = rows
        self._deadline = deadline
        self._found: dict[tuple[str, tuple[Value, ...]], Row | None] = {}
        self._pages: dict[object, Page[Row]] = {}
        self._characters = 0

    def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with a key, or None."""
        name = (table.name, key)
        if name not in self._found:
            self._check_time()
            self._found[name] = self._rows.get(table, *key)
        return cast("R | None", self._found[name])

    def page(
        self,
        question: Question[R],
        *,
        first: int,
        after: str | None = None,
        begin_after: Sequence[Value] | None = None,
    ) -> Page[R]:
        """A page of rows.

        Raises:
            PageError: there is no such page.
        """
        name = (question.fingerprint(), first, after, None if begin_after is None else tuple(begin_after))
        if name not in self._pages:
            self._check_time()
            page = read_page(self._rows, question, limit=first, cursor=after, begin_after=begin_after)
            self._pages[name] = cast("Page[Row]", page)
        return cast("Page[R]", self._pages[name])

    def every(
        self, table: Table[R], *, order: Sequence[str], most: int, where: Mapping[str, Value | Between] | None = None
    ) -> list[R]:
        """The rows that the rules of the chain keep to a small number: `most`."""
        self._check_time()
        return self._rows.page(table, order=order, where=where or {}, limit=most)

    def text(self, text: str) -> str:
        """A text that goes into the answer, where all together are bounded."""
        self._characters += len(text)
        if self._characters > self._text_limit:
            raise TooMuchText(self._text_limit)
        return text

    def anew(self) -> None:
        """Begin another answer from the same state."""
        self._characters = 0

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise OutOfTime
