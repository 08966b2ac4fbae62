"""How the fields of a row are kept in SQLite's columns, exactly and in their order.

==================  =================================================================
field               column
==================  =================================================================
``int``             INTEGER, signed 64 bits
``U64``             TEXT, twenty decimal digits: SQLite has no unsigned integers
``bool``            INTEGER, 0 or 1
``str``, ``bytes``  TEXT, BLOB
``... | None``      the same, or NULL
==================  =================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec.structs import astuple

from daonode.primitives.codec import U64
from daonode.primitives.units import U64_MAX
from daonode.stores.access import Value
from daonode.stores.rows import Row
from daonode.stores.tables import Table

R = TypeVar("R", bound=Row)
U64_DIGITS: Final = 20
INTEGER_MAX: Final = 2**63 - 1
Stored = int | str | bytes | None


@dataclass(frozen=True, slots=True)
class Column:
    """One field's column. `is_wide` marks an unsigned number of 64 bits."""

    name: str
    sql_type: str
    nullable: bool
    is_wide: bool
    is_flag: bool

    def store(self, value: Value) -> Stored:
        """The value as SQLite keeps it."""
        if self.is_wide and isinstance(value, int):
            return f"{value:0{U64_DIGITS}d}"
        return value

    def bound(self, value: Value) -> Stored:
        """A value to compare with: a number beyond what the column can hold stands for its end."""
        if isinstance(value, int):
            return self.store(min(value, U64_MAX if self.is_wide else INTEGER_MAX))
        return value

    def load(self, stored: Stored) -> Value:
        """The value that is kept."""
        if stored is None:
            return None
        if self.is_wide:
            return int(stored)
        return bool(stored) if self.is_flag else stored


@dataclass(frozen=True, slots=True)
class Layout(Generic[R]):
    """A table's columns, and how a row goes to them and comes back."""

    table: Table[R]
    columns: tuple[Column, ...]
    by_name: Mapping[str, Column]
    wide: tuple[int, ...]
    """The places of unsigned numbers."""
    converted: tuple[tuple[int, Callable[[Stored], Value]], ...]
    """The places whose values come back in another form, and how they are read."""

    def column(self, name: str) -> Column:
        """The column of a field; an unknown field is a `KeyError`."""
        found = self.by_name.get(name)
        if found is None:
            raise KeyError(f"{self.table.name} has no field {name}")
        return found

    def store(self, row: Row) -> tuple[Stored, ...]:
        """A row as SQLite keeps it, in the order of its fields."""
        values: list[Stored] = list(astuple(row))
        for place in self.wide:
            values[place] = self.columns[place].store(values[place])
        return tuple(values)

    def bounds(self, names: Sequence[str], values: Sequence[Value]) -> tuple[Stored, ...]:
        """Values of these fields to compare with."""
        return tuple([self.column(name).bound(value) for name, value in zip(names, values, strict=True)])

    def load(self, stored: Sequence[Stored]) -> R:
        """The row that is kept."""
        values: list[Value] = list(stored)
        for place, load in self.converted:
            values[place] = load(stored[place])
        return self.table.row(*values)


@lru_cache(maxsize=256)
def layout_of(table: Table[R]) -> Layout[R]:
    """The layout of a table; a field of a type that has no column is a `TypeError`."""
    hints = get_type_hints(table.row, include_extras=True)
    columns = tuple(_column(name, hints[name]) for name in table.row.__struct_fields__)
    wide = tuple(place for place, each in enumerate(columns) if each.is_wide)
    converted = tuple((place, each.load) for place, each in enumerate(columns) if each.is_wide or each.is_flag)
    by_name = {column.name: column for column in columns}
    return Layout(table=table, columns=columns, by_name=by_name, wide=wide, converted=converted)


def _column(name: str, hint: object) -> Column:
    nullable = False
    if get_origin(hint) in (Union, UnionType):
        present = [each for each in get_args(hint) if each is not NoneType]
        nullable = True
        if len(present) != 1:
            raise TypeError(f"{name}: {hint!r} has no column")
        hint = present[0]
    is_wide = hint == U64
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    types = {int: "TEXT" if is_wide else "INTEGER", bool: "INTEGER", str: "TEXT", bytes: "BLOB"}
    if base not in types:
        raise TypeError(f"{name}: {hint!r} has no column")
    return Column(name=name, sql_type=types[base], nullable=nullable, is_wide=is_wide, is_flag=base is bool)
