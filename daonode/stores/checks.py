"""What every store checks alike, so that callers meet the same rules whatever they are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from daonode.stores.access import Head
from daonode.stores.errors import ChangesRefused
from daonode.stores.rows import Row
from daonode.stores.tables import Table


def check_follows(head: Head, *, before: Head | None, store: str) -> None:
    """Check that a store at `before` may go on to `head`.

    Raises:
        ChangesRefused: it is of another chain, or not above what is there.
    """
    if before is None:
        return
    if (head.chain_id, head.genesis_hash) != (before.chain_id, before.genesis_hash):
        raise ChangesRefused(
            f"holds chain {before.chain_id} of genesis 0x{before.genesis_hash.hex()}, not {head.chain_id} of "
            f"0x{head.genesis_hash.hex()}: choose another store, or build it again: daonode indexer reset",
            store=store,
        )
    if head.height <= before.height:
        raise ChangesRefused(f"has all rows up to height {before.height}; got those of {head.height}", store=store)


def find_index(table: Table[Row], *, order: Sequence[str], equal: Iterable[str]) -> tuple[str, ...]:
    """Return the declared index that gives an order, so that no read sorts or scans; the key is one too.

    An index gives an order once equality filters have fixed its other fields up to there; the key follows every index.
    Of several, the one whose first fields the filters fix most.

    Raises:
        ValueError: none gives it; the caller has to declare one.
    """
    fixed = frozenset(equal)
    wanted = [name for name in order if name not in fixed]
    best: tuple[int, tuple[str, ...]] | None = None
    for index in (table.key, *table.indexes):
        free = [name for name in with_key(table, index) if name not in fixed]
        led = sum(1 for _ in takewhile(fixed.__contains__, index))
        if free[: len(wanted)] == wanted and (best is None or led > best[0]):
            best = led, index
    if best is None:
        raise ValueError(f"table {table.name} has no index for the order {', '.join(order)} with {sorted(fixed)} fixed")
    return best[1]


def with_key(table: Table[Row], index: Sequence[str]) -> tuple[str, ...]:
    """The fields of an index and, behind them, those of the key that it lacks: an order of all rows."""
    return (*index, *(name for name in table.key if name not in index))
