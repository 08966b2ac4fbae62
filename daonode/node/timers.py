"""Named timers on the node's clock, which a development network may jump and an operator may set.

A timer fires when the clock shows its time. It also fires once as much time has really passed as there was to go when
it was set: a clock that is set back must not hold up a round's timeout for as long as it was set back. Such a timer
stays set, and fires again at its time, because what waits for a time of day has not come yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import trio

from daonode.node.clock import POLL_SECONDS, Clock


@dataclass(frozen=True, slots=True)
class _Deadline:
    at_ms: int
    """On the node's clock."""
    elapses: float
    """On trio's clock, in seconds."""


class Timers:
    """At most one deadline a name. `run` calls `on_fire` with the name of each that is due."""

    def __init__(self, clock: Clock, on_fire: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_fire = on_fire
        self._deadlines: dict[str, _Deadline] = {}
        self._changed = trio.Event()

    def set(self, name: str, at_ms: int) -> None:
        """Set a timer, or set it anew."""
        self._deadlines[name] = self._deadline(at_ms)
        self._changed.set()

    def cancel(self, name: str) -> None:
        """Forget a timer; one that is not set changes nothing."""
        self._deadlines.pop(name, None)

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            self._fire_due()
            await self._wait()

    def _fire_due(self) -> None:
        now_ms, now = self._clock.now_ms(), trio.current_time()
        for name, deadline in sorted(self._deadlines.items(), key=lambda item: item[0]):
            if deadline.at_ms <= now_ms:
                del self._deadlines[name]
                self._on_fire(name)
            elif deadline.elapses <= now:
                self._deadlines[name] = self._deadline(deadline.at_ms)
                self._on_fire(name)

    def _deadline(self, at_ms: int) -> _Deadline:
        return _Deadline(at_ms, trio.current_time() + (at_ms - self._clock.now_ms()) / 1_000)

    async def _wait(self) -> None:
        """Until the next deadline or a change; a clock that can jump is looked at in between."""
        self._changed = trio.Event()
        next_at = min((deadline.elapses for deadline in self._deadlines.values()), default=float("inf"))
        if self._clock.can_jump:
            next_at = min(next_at, trio.current_time() + POLL_SECONDS)
        with trio.move_on_at(next_at):
            await self._changed.wait()
