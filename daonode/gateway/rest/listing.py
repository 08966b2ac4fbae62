"""What lists share: the types of their paging parameters, filters that may be absent, and reading rows."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from msgspec import Meta

from daonode.gateway import paging
from daonode.gateway.paging import MAX_CURSOR_CHARACTERS, MAX_PAGE, Question
from daonode.gateway.rest.endpoint import Asked
from daonode.stores.access import Between, Value
from daonode.stores.rows import Row

R = TypeVar("R", bound=Row)

DEFAULT_PAGE: Final = paging.DEFAULT_PAGE
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str, Meta(max_length=MAX_CURSOR_CHARACTERS, pattern=r"^[-_A-Za-z0-9]+$")]


def given(**filters: Value | Between) -> dict[str, Value | Between]:
    """The filters that were given: those that are not None."""
    return {name: value for name, value in filters.items() if value is not None}


def read_all(asked: Asked, question: Question[R], *, most: int) -> list[R]:
    """The rows of a list that is short by its nature, at most so many."""
    return asked.snapshot.page(
        question.table, order=question.order, where=question.where, descending=question.descending, limit=most
    )
