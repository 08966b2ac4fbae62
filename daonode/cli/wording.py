"""Words for people: times as distances, shares as percentages and gauges, addresses with the names of keys."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.primitives.times import MS_PER_DAY

MS_PER_SECOND = 1_000
_SCALES_MS = (("d", MS_PER_DAY), ("h", 3_600_000), ("min", 60_000), ("s", MS_PER_SECOND))
GAUGE_CHARACTERS = 24


def distance(time_ms: int, *, now_ms: int) -> str:
    """How far a time is from now: `in 3 s`, `2 min ago`, `now`."""
    apart_ms = abs(time_ms - now_ms)
    for unit, size_ms in _SCALES_MS:
        if apart_ms >= size_ms:
            count = apart_ms // size_ms
            return f"in {count} {unit}" if time_ms > now_ms else f"{count} {unit} ago"
    return "now"


def percentage(part: int, whole: int) -> str:
    """A share with one decimal, rounded down."""
    tenths = part * 1_000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def gauge(part: int, whole: int) -> str:
    """A share as a row of blocks."""
    filled = part * GAUGE_CHARACTERS // whole if whole else 0
    return "█" * filled + "░" * (GAUGE_CHARACTERS - filled)


def named(address: str, names: Mapping[str, str]) -> str:
    """An address with the name of the home's key for it."""
    name = names.get(address)
    return address if name is None else f"{name} ({address})"
