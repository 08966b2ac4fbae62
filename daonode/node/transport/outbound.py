"""The bounded queue of frames on their way to one peer on one lane.

Putting never waits: a full queue gives a frame up, counts it, and goes on. Which one is the lane's rule
(`LaneLimits.when_full`). One task at a time takes.
"""

from collections import deque

import trio

from daonode.node.transport.counters import LaneCounters
from daonode.node.transport.types import LaneLimits, WhenFull


class OutboundQueue:
    """Frames that wait for a connection's writer; survives the connection."""

    def __init__(self, limits: LaneLimits, counters: LaneCounters) -> None:
        self._limits = limits
        self._counters = counters
        self._frames: deque[bytes] = deque()
        self._queued_bytes = 0
        self._filled = trio.Event()

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def queued_bytes(self) -> int:
        """Payload bytes that wait."""
        return self._queued_bytes

    def put(self, frame: bytes) -> None:
        """Queue a frame, giving up the oldest or this one where the queue is full."""
        while self._frames and self._is_full_for(frame):
            self._counters.dropped_full_frames += 1
            if self._limits.when_full is WhenFull.DROP_NEWEST:
                return
            self._queued_bytes -= len(self._frames.popleft())
        self._frames.append(frame)
        self._queued_bytes += len(frame)
        self._filled.set()

    async def take(self, *, max_bytes: int) -> list[bytes]:
        """Wait until there is a frame; return frames in order, at least one, together at most `max_bytes` if more."""
        while not self._frames:
            self._filled = trio.Event()
            await self._filled.wait()
        taken = [self._frames.popleft()]
        size = len(taken[0])
        while self._frames and size + len(self._frames[0]) <= max_bytes:
            size += len(self._frames[0])
            taken.append(self._frames.popleft())
        self._queued_bytes -= size
        return taken

    def on_disconnected(self) -> None:
        """Give up what waits, where the lane says that it is worth nothing to the next connection."""
        if not self._limits.keep_while_disconnected:
            self._counters.dropped_disconnected_frames += len(self._frames)
            self._frames.clear()
            self._queued_bytes = 0

    def put_while_disconnected(self, frame: bytes) -> None:
        """Queue a frame for a peer without a connection, or count it as dropped, as the lane says."""
        if self._limits.keep_while_disconnected:
            self.put(frame)
        else:
            self._counters.dropped_disconnected_frames += 1

    def _is_full_for(self, frame: bytes) -> bool:
        return (
            len(self._frames) >= self._limits.outbound_queue_frames
            or self._queued_bytes + len(frame) > self._limits.outbound_queue_bytes
        )
