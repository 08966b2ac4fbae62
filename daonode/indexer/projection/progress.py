"""What a projection has to know at the next block and no reader asks for: rows of its own, one for each name."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeVar, cast

from daonode.indexer.projection.draft import Draft
from daonode.primitives.codec import Record, decode, encode
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Record)


class ProgressRow(Row, frozen=True):
    """The encoding of a record, under the projection's name and a key of its choice."""

    projection: str
    name: bytes
    value: bytes


PROGRESS: Final = Table("progress", ProgressRow, ("projection", "name"))


def load(draft: Draft, projection: str, name: bytes, type_: type[R]) -> R | None:
    """The record that was saved, or None."""
    row = draft.get(PROGRESS, projection, name)
    return None if row is None else cast("R", _decoded(row.value, type_))


def save(draft: Draft, projection: str, name: bytes, record: Record) -> None:
    """Keep a record."""
    draft.put(PROGRESS, ProgressRow(projection, name, encode(record)))


@lru_cache(maxsize=2_048)
def _decoded(value: bytes, type_: type[Record]) -> Record:
    """Most records are read at every block and change at few."""
    return decode(value, type_)
