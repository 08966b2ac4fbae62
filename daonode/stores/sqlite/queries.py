"""The statements: made from a table's declaration and a filter's shape, with every value as a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from daonode.stores.access import Between, Value
from daonode.stores.checks import find_index
from daonode.stores.rows import Row
from daonode.stores.sqlite.columns import Stored, layout_of
from daonode.stores.tables import Table


@lru_cache(maxsize=256)
def select_one(table: Table[Row]) -> str:
    """The row with a key."""
    return f"SELECT {_names(_fields(table))} FROM {table.name} WHERE {_all_equal(table.key)}"


@lru_cache(maxsize=256)
def upsert(table: Table[Row]) -> str:
    """Write a whole row, new or changed."""
    fields = _fields(table)
    places = ", ".join("?" * len(fields))
    changed = ", ".join(f"{_name(field)} = excluded.{_name(field)}" for field in fields if field not in table.key)
    action = f"UPDATE SET {changed}" if changed else "NOTHING"
    return (
        f"INSERT INTO {table.name} ({_names(fields)}) VALUES ({places}) ON CONFLICT ({_names(table.key)}) DO {action}"
    )


@lru_cache(maxsize=256)
def delete(table: Table[Row]) -> str:
    """Remove the row with a key."""
    return f"DELETE FROM {table.name} WHERE {_all_equal(table.key)}"


def select_page(
    table: Table[Row],
    *,
    order: Sequence[str],
    where: Mapping[str, Value | Between],
    descending: bool,
    after: Sequence[Value] | None,
    limit: int,
) -> tuple[str, tuple[Stored, ...]]:
    """Rows in an order, with their parameters; see `Snapshot.page`.

    Raises:
        ValueError: no index gives the order.
        KeyError: a field is none of the table's.
    """
    layout = layout_of(table)
    index = find_index(
        table, order=order, equal=[name for name, value in where.items() if not isinstance(value, Between)]
    )
    conditions: list[str] = []
    parameters: list[Stored] = []
    for name, value in where.items():
        column = layout.column(name)
        if not isinstance(value, Between):
            conditions.append(f"{_name(name)} IS ?")
            parameters.append(column.bound(value))
            continue
        for sign, bound in ((">=", value.low), ("<", value.high)):
            if bound is not None:
                conditions.append(f"{_name(name)} {sign} ?")
                parameters.append(column.bound(bound))
    if after is not None:
        sign = "<" if descending else ">"
        conditions.append(f"({_names(order)}) {sign} ({', '.join('?' * len(order))})")
        parameters.extend(layout.bounds(order, after))
    direction = " DESC" if descending else ""
    # Named, so that the planner cannot take an index that has to be sorted; the key's own has no name.
    source = table.name if index == table.key else f"{table.name} INDEXED BY {index_name(table, index)}"
    text = f"SELECT {_names(_fields(table))} FROM {source}"
    if conditions:
        text += f" WHERE {' AND '.join(conditions)}"
    text += f" ORDER BY {', '.join(_name(layout.column(name).name) + direction for name in order)} LIMIT ?"
    return text, (*parameters, limit)


def index_name(table: Table[Row], index: Sequence[str]) -> str:
    """The name of a declared index."""
    return f"{table.name}_by_{'_'.join(index)}"


def _fields(table: Table[Row]) -> tuple[str, ...]:
    return table.row.__struct_fields__


def _all_equal(names: Sequence[str]) -> str:
    return " AND ".join(f"{_name(name)} = ?" for name in names)


def _names(names: Sequence[str]) -> str:
    return ", ".join(_name(name) for name in names)


def _name(name: str) -> str:
    return f'"{name}"'
