"""What one peer may send: bytes and frames a second of each lane, after a pause a burst of them at once.

Who sends more is read more slowly, which closes yamux's window, which makes the sender's queue drop: it pays for it and
nobody else does. Nothing is lost here. The bounds are `LANE_LIMITS`; beyond them, whoever checks what was sent may hold
a lane back for a time (`hold`).
"""

from __future__ import annotations

import trio

from daonode.httpd.pace import Pace
from daonode.node.transport.counters import LaneCounters
from daonode.node.transport.types import LANE_LIMITS, Lane

BURST_SECONDS = 2.0


class Allowance:
    """The allowance of one peer; it outlives its connections."""

    def __init__(self) -> None:
        self._frames = {lane: _pace(LANE_LIMITS[lane].inbound_frames_a_second) for lane in Lane}
        self._bytes = {lane: _pace(LANE_LIMITS[lane].inbound_bytes_a_second) for lane in Lane}
        self._held_until = dict.fromkeys(Lane, 0.0)

    def hold(self, lane: Lane, *, for_seconds: float) -> None:
        """Read nothing more of a lane for a time."""
        self._held_until[lane] = max(self._held_until[lane], trio.current_time() + for_seconds)

    async def take(self, lane: Lane, frame: bytes, counters: LaneCounters) -> None:
        """Wait until a frame that has come is allowed; one that has to wait is counted."""
        seconds = max(
            self._frames[lane].use(1),
            self._bytes[lane].use(len(frame)),
            self._held_until[lane] - trio.current_time(),
        )
        if seconds > 0:
            counters.slowed_frames += 1
            await trio.sleep(seconds)


def _pace(rate: float) -> Pace:
    return Pace(rate=rate, burst_seconds=BURST_SECONDS, now=trio.current_time)
