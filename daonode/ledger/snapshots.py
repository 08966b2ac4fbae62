"""Which past heights somebody still reads voting power at, so that histories drop all others.

A proposal holds the height of its snapshot while it is open; several may hold the same height. Whoever records a
history (`history.py`) asks for the live heights and keeps what they need, so the length of every history is bounded by
`MAX_LIVE_SNAPSHOTS`. All heights stand in one record: reading them is one read, however many there are.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.ledger.context import Context
from daonode.ledger.errors import LimitExceeded
from daonode.ledger.state import StateReader
from daonode.ledger.table import ONLY_KEY, Table
from daonode.primitives.codec import U32, U64, Record

MAX_LIVE_SNAPSHOTS: Final = 128


class HeldHeight(Record, frozen=True):
    """A height and how many hold it, at least one."""

    height: U64
    holders: U32


class HeldHeights(Record, frozen=True):
    """All held heights, ascending."""

    heights: Annotated[tuple[HeldHeight, ...], Meta(max_length=MAX_LIVE_SNAPSHOTS)] = ()


HELD_HEIGHTS: Final = Table("ledger", 2, ONLY_KEY, HeldHeights)


def hold(context: Context, height: int) -> None:
    """Keep the histories readable at a height until `release` was called as often as this.

    Raises:
        LimitExceeded: `MAX_LIVE_SNAPSHOTS` other heights are held.
    """
    held = _read(context.state)
    holders = next((entry.holders for entry in held if entry.height == height), 0)
    if not holders and len(held) >= MAX_LIVE_SNAPSHOTS:
        raise LimitExceeded(
            f"snapshots of {MAX_LIVE_SNAPSHOTS} heights are in use", hint="wait until an open proposal is decided"
        )
    _write(context, held, HeldHeight(height=height, holders=holders + 1))


def release(context: Context, height: int) -> None:
    """Take back one `hold` of a height; a height that nobody holds changes nothing."""
    held = _read(context.state)
    holders = next((entry.holders for entry in held if entry.height == height), 0)
    if holders:
        _write(context, held, HeldHeight(height=height, holders=holders - 1))


def live(state: StateReader) -> tuple[int, ...]:
    """The held heights, ascending."""
    return tuple(entry.height for entry in _read(state))


def _read(state: StateReader) -> tuple[HeldHeight, ...]:
    record = HELD_HEIGHTS.get(state, None)
    return () if record is None else record.heights


def _write(context: Context, held: tuple[HeldHeight, ...], changed: HeldHeight) -> None:
    others = [entry for entry in held if entry.height != changed.height]
    if changed.holders:
        others.append(changed)
    if others:
        ordered = tuple(sorted(others, key=lambda entry: entry.height))
        HELD_HEIGHTS.set(context.state, None, HeldHeights(heights=ordered))
    else:
        # No record, as before the first one was held: what was held and released leaves no trace in the root.
        HELD_HEIGHTS.delete(context.state, None)
