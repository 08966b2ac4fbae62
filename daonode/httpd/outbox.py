"""The frames that one WebSocket connection has yet to write: bounded in bytes, and able to say that nobody reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import trio

MAX_QUEUED_BYTES: Final = 1024 * 1024
"""What may wait for one client, besides a single larger frame."""
STALLED_AFTER_S: Final = 10.0
"""A client that takes nothing for so long while more waits than may is too slow."""
PIECE_BYTES: Final = 64 * 1024
"""How much is written at a time: taking so much counts as progress."""


class Stalled(Exception):
    """The client takes nothing."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame; `on_begun` is called when its first byte is written: what is put later comes after it."""

    frame: bytes
    on_begun: Callable[[], None] | None = None


class Outbox:
    """Frames in the order in which they are put."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._bytes = 0
        self._changed = trio.Event()
        self._progress_at = trio.current_time()
        self._is_ended = False

    async def put(self, frame: bytes, *, on_begun: Callable[[], None] | None = None) -> None:
        """Queue a frame, after waiting for room.

        Raises:
            Stalled: there is none, and the client has taken nothing for `STALLED_AFTER_S`.
        """
        if not self._waiting:
            self._progress_at = trio.current_time()
        while self._waiting and self._bytes + len(frame) > MAX_QUEUED_BYTES:
            with trio.move_on_at(self._progress_at + STALLED_AFTER_S) as waiting:
                await self._changed.wait()
            if waiting.cancelled_caught and trio.current_time() >= self._progress_at + STALLED_AFTER_S:
                raise Stalled
        self.put_now(frame, on_begun=on_begun)

    def put_now(self, frame: bytes, *, on_begun: Callable[[], None] | None = None) -> None:
        """Queue a frame whether or not there is room: for what ends a connection, and little else."""
        if not self._is_ended:
            self._waiting.append(Outgoing(frame, on_begun))
            self._bytes += len(frame)
            self._wake()

    def drop(self) -> None:
        """Forget every frame of which nothing is written yet."""
        self._waiting.clear()
        self._bytes = 0
        self._wake()

    def end(self) -> None:
        """Take nothing more; `run` returns when what waits is written."""
        self._is_ended = True
        self._wake()

    async def run(self, stream: trio.abc.SendStream) -> None:
        """Write until the end; raises what the stream does when the client has gone."""
        while True:
            while not self._waiting:
                if self._is_ended:
                    return
                await self._changed.wait()
            frames = self._take()
            for start in range(0, len(frames), PIECE_BYTES):
                await stream.send_all(frames[start : start + PIECE_BYTES])
                self._progress_at = trio.current_time()

    def _take(self) -> bytes:
        """The next frame, and those after it that are written with it: many small ones cost as much as one."""
        taken = [self._waiting.popleft()]
        size = len(taken[0].frame)
        while self._waiting and size + len(self._waiting[0].frame) <= PIECE_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].frame)
        self._bytes -= size
        self._wake()
        for outgoing in taken:
            if outgoing.on_begun is not None:
                outgoing.on_begun()
        return taken[0].frame if len(taken) == 1 else b"".join(outgoing.frame for outgoing in taken)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
