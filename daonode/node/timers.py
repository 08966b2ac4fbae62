"""Named timers on the node's clock, which may jump on a development network."""

from __future__ import annotations

from collections.abc import Callable

import trio

from daonode.node.clock import POLL_SECONDS, Clock


class Timers:
    """At most one deadline a name. `run` calls `on_fire` with the name of each that is due."""

    def __init__(self, clock: Clock, on_fire: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_fire = on_fire
        self._due_ms: dict[str, int] = {}
        self._changed = trio.Event()

    def set(self, name: str, at_ms: int) -> None:
        """Set a timer, or set it anew."""
        self._due_ms[name] = at_ms
        self._changed.set()

    def cancel(self, name: str) -> None:
        """Forget a timer; one that is not set changes nothing."""
        self._due_ms.pop(name, None)

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            self._clock.poll()
            now_ms = self._clock.now_ms()
            for name in sorted(name for name, at_ms in self._due_ms.items() if at_ms <= now_ms):
                del self._due_ms[name]
                self._on_fire(name)
            await self._wait(now_ms)

    async def _wait(self, now_ms: int) -> None:
        """Until the next deadline or a change; a clock that can jump is looked at in between."""
        self._changed = trio.Event()
        seconds = (min(self._due_ms.values()) - now_ms) / 1_000 if self._due_ms else float("inf")
        if self._clock.can_jump:
            seconds = min(seconds, POLL_SECONDS)
        with trio.move_on_after(seconds):
            await self._changed.wait()
