"""Virtual time: what is to happen, in the order of `(time_ms, sequence)`."""

from __future__ import annotations

import heapq
from collections.abc import Callable

MAX_ACTIONS = 400_000
"""The most actions of one run; a run that takes more does not end by itself."""


class Schedule:
    """A heap of actions. Actions of one millisecond happen in the order in which they were planned."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether more actions were planned than any sound run takes."""
        return self._count > MAX_ACTIONS

    @property
    def next_ms(self) -> int | None:
        """When the next action is due."""
        return self._queue[0][0] if self._queue else None

    def at(self, at_ms: int, action: Callable[[], None]) -> None:
        """Plan an action."""
        self.count()
        heapq.heappush(self._queue, (at_ms, self._count, action))

    def count(self) -> None:
        """Count an action that nobody has planned, such as a timer."""
        self._count += 1

    def pop(self) -> Callable[[], None]:
        """The next action."""
        return heapq.heappop(self._queue)[2]
