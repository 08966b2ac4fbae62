"""How fast something may go on: so much a second, and after a pause a burst of it at once."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Counts what was used, against `rate` units a second. Nothing is ever refused here: the user waits, or refuses.

    What is used stands as a debt, which `rate` pays off. Up to `burst_seconds` of it is free.
    """

    def __init__(self, *, rate: float, burst_seconds: float, now: Callable[[], float]) -> None:
        self._rate = rate
        self._burst_seconds = burst_seconds
        self._now = now
        self._paid_at = 0.0

    def use(self, units: float) -> float:
        """Take units; returns after how many seconds the next may be taken, 0 for at once."""
        self._paid_at = max(self._paid_at, self._now()) + units / self._rate
        return self.seconds_left()

    def seconds_left(self) -> float:
        """After how many seconds the next may be taken, 0 for at once."""
        return max(0.0, self._paid_at - self._now() - self._burst_seconds)
