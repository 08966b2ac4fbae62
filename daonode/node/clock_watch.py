"""Whether this node's clock is right, judged by the times of certified blocks: a quorum has found each near its own.

One block proves little: it may have been under way for long. So a clock is called wrong when no block has been near it
for `CONFIRM_SECONDS` and at least `CONFIRM_BLOCKS` have come meanwhile, all on the same side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WARN_FRACTION = 0.5
"""Of the drift that the chain allows: beyond all of it a validator votes for no block, so it hears of it before."""
CONFIRM_SECONDS = 3.0
CONFIRM_BLOCKS = 3
WARN_INTERVAL_SECONDS = 60.0
"""A clock that stays wrong on one side is told at most this often."""


@dataclass(slots=True)
class _Row:
    """Blocks one after the other that were far from the clock on the same side."""

    is_ahead: bool
    since: float
    blocks: int = 0


class ClockWatch:
    """Judges one node's clock. `now` tells monotonic seconds; `max_drift_ms` is what the chain allows."""

    def __init__(self, *, max_drift_ms: int, now: Callable[[], float]) -> None:
        self._allowed_ms = round(max_drift_ms * WARN_FRACTION)
        self._now = now
        self._row: _Row | None = None
        self._told: _Row | None = None
        """The row that was told last, `since` being when."""

    def note(self, ahead_ms: int) -> bool:
        """Take how far the clock was ahead of a block's time at its commit; returns whether to warn of it now.

        Negative is behind. Not to be called with blocks that were fetched: those are old.
        """
        if abs(ahead_ms) <= self._allowed_ms:
            self._row = None
            return False
        now, is_ahead = self._now(), ahead_ms > 0
        if self._row is None or self._row.is_ahead != is_ahead:
            self._row = _Row(is_ahead, since=now)
        self._row.blocks += 1
        if self._row.blocks < CONFIRM_BLOCKS or now - self._row.since < CONFIRM_SECONDS:
            return False
        told = self._told
        if told is not None and told.is_ahead == is_ahead and now - told.since < WARN_INTERVAL_SECONDS:
            return False
        self._told = _Row(is_ahead, since=now)
        return True
