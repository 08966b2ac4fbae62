"""The queue of things that become due by time alone, in the state, ordered by time, then module, then item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daonode.ledger.errors import LimitExceeded
from daonode.ledger.state import StateReader, StateStore
from daonode.ledger.table import U64_KEY, KeyCodec, Table, pair_key
from daonode.primitives.codec import Record

MAX_DEADLINES_PER_BLOCK: Final = 256
"""How many due items one block works off; what is left waits for the next block."""
MAX_ITEM_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Deadline:
    """`module.on_deadline(context, item)` is to be called in the first block at or after `time_ms`."""

    time_ms: int
    module: str
    item: bytes


class Scheduled(Record, frozen=True):
    """The record of a deadline: all that there is to know stands in its key."""


def _join(key: tuple[str, bytes]) -> bytes:
    module, item = key
    return module.encode() + b"\x00" + item


def _split(data: bytes) -> tuple[str, bytes]:
    module, _, item = data.partition(b"\x00")
    return module.decode(), item


_MODULE_AND_ITEM: Final[KeyCodec[tuple[str, bytes]]] = KeyCodec(encode=_join, decode=_split, size=None)
QUEUE: Final = Table("ledger", 3, pair_key(U64_KEY, _MODULE_AND_ITEM), Scheduled)


def schedule_deadline(state: StateStore, *, time_ms: int, module: str, item: bytes) -> None:
    """Put a deadline in the queue; one that is there already stays once.

    Raises:
        LimitExceeded: the item is longer than `MAX_ITEM_BYTES`.
        EncodeError: the time is no unsigned 64-bit number.
    """
    if len(item) > MAX_ITEM_BYTES:
        raise LimitExceeded(f"a deadline's item has at most {MAX_ITEM_BYTES} bytes, got {len(item)}")
    QUEUE.set(state, (time_ms, (module, item)), Scheduled())


def cancel_deadline(state: StateStore, *, time_ms: int, module: str, item: bytes) -> None:
    """Take a deadline out of the queue; one that is not there changes nothing."""
    QUEUE.delete(state, (time_ms, (module, item)))


def first_deadline(state: StateReader) -> Deadline | None:
    """The earliest deadline, or None."""
    found = QUEUE.first(state)
    if found is None:
        return None
    (time_ms, (module, item)), _ = found
    return Deadline(time_ms=time_ms, module=module, item=item)


def next_deadline_ms(state: StateReader) -> int | None:
    """When the ledger has work to do without a transaction, or None. A time that has passed means: now."""
    deadline = first_deadline(state)
    return None if deadline is None else deadline.time_ms
