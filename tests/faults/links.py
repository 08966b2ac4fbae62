"""The links between the nodes of a network: what one says to another goes through a TCP proxy with its own weather.

A cut link passes nothing and loses nothing, not even the end of a connection, as where a cable is out: what was said
waits in the buffers of sockets, and goes on when the link heals unless a side has given up by then. A link is one
direction: `cut("node0", "node1")` takes from node1 what node0 says, whoever of the two has dialled.

TCP hides what a network loses, so loss is modelled as what it does to a connection: everything behind a lost segment
waits until it was sent again, and a connection that loses too much ends.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product, starmap
from random import Random
from threading import Event, Thread

import trio

HOST = "127.0.0.1"
START_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024
CHUNKS = 16
"""What the proxy itself holds of a direction; the rest is held back at the sender."""
STALL_SECONDS = (0.2, 0.4, 0.8, 1.6)
"""After how long TCP sends a lost segment again, by how often in a row it was lost."""


@dataclass(frozen=True, slots=True)
class Direction:
    """From whom to whom."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Weather:
    """What every link does to what passes: how long it takes, and of a thousand chunks how many are lost and sent
    again (`stalls`), and how many end their connection (`resets`)."""

    delay_ms: int = 0
    jitter_ms: int = 0
    stalls: int = 0
    resets: int = 0


CALM = Weather()


class Links:
    """Proxies on a thread of their own. Made by `running_links`; its methods are for the thread of the test."""

    def __init__(self) -> None:
        self._cut: set[Direction] = set()
        self._weather = CALM
        self._chance = Random(0)
        self._connections: dict[trio.CancelScope, Direction] = {}
        self._changed = trio.Event()
        self._started = Event()
        self._ended = trio.Event()

    def open(self, direction: Direction, *, port: int) -> int:
        """Let connections that the source dials through to the target's port; returns where to dial."""
        listening = socket.create_server((HOST, 0))
        listening.settimeout(0)
        self._call(partial(self._serve_soon, direction, listening, port))
        return int(listening.getsockname()[1])

    def cut(self, *directions: Direction) -> None:
        """Let nothing through any more."""
        self._call(partial(self._change, self._cut | set(directions)))

    def split(self, one: Iterable[str], other: Iterable[str], *, ending: bool = False) -> None:
        """Cut every link between two groups; with `ending`, end the connections that stand, as a firewall may."""
        pairs = tuple(product(one, other))
        self.cut(*starmap(Direction, pairs), *(Direction(target, source) for source, target in pairs))
        if ending:
            self._call(self._end_cut)

    def set_weather(self, weather: Weather) -> None:
        """Change what links do to what is said from now on; connections stand."""
        self._call(partial(setattr, self, "_weather", weather))

    def heal(self) -> None:
        """Let everything through again, beginning with what has waited."""
        self._call(partial(self._change, set()))

    # On the thread of the proxies.

    async def run(self) -> None:
        """Serve until `stop`."""
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as self._nursery:
            self._started.set()
            await self._ended.wait()
            self._nursery.cancel_scope.cancel()

    def wait_until_started(self) -> None:
        """Wait until links can be opened."""
        assert self._started.wait(START_SECONDS), "the proxies run"

    def stop(self) -> None:
        """Close everything."""
        self._call(self._ended.set)

    def _call(self, change: Callable[[], None]) -> None:
        trio.from_thread.run_sync(change, trio_token=self._token)

    def _serve_soon(self, direction: Direction, listening: socket.socket, port: int) -> None:
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        self._nursery.start_soon(trio.serve_listeners, partial(self._connect, direction, port), [listener])

    def _change(self, cut: set[Direction]) -> None:
        self._cut = cut
        self._changed.set()
        self._changed = trio.Event()

    def _end_cut(self) -> None:
        for connection, direction in self._connections.items():
            if direction in self._cut:
                connection.cancel()

    async def _connect(self, there: Direction, port: int, dialler: trio.SocketStream) -> None:
        """One connection: the other half is dialled once the link is whole, and the end of one half ends both."""
        back = Direction(there.target, there.source)
        async with dialler:
            await self._until_whole(there)
            await self._until_whole(back)
            try:
                dialled = await trio.open_tcp_stream(HOST, port)
            except OSError:
                return
            async with dialled, trio.open_nursery() as nursery:
                both = nursery.cancel_scope
                self._connections[both] = there
                nursery.start_soon(self._carry, there, dialler, dialled, both)
                nursery.start_soon(self._carry, back, dialled, dialler, both)
            del self._connections[both]

    async def _carry(
        self, direction: Direction, source: trio.SocketStream, sink: trio.SocketStream, both: trio.CancelScope
    ) -> None:
        held, due = trio.open_memory_channel[tuple[float, bytes]](CHUNKS)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take, source, held, both)
            try:
                async for due_at, data in due:
                    await trio.sleep_until(due_at)
                    await self._until_whole(direction)
                    await sink.send_all(data)
            except trio.BrokenResourceError:
                pass
            await self._until_whole(direction)
            both.cancel()

    async def _take(
        self, source: trio.SocketStream, held: trio.MemorySendChannel[tuple[float, bytes]], both: trio.CancelScope
    ) -> None:
        """Take what a side says, each chunk with when it is to arrive: never before the one ahead of it."""
        due_at = 0.0
        with held:
            try:
                while data := await source.receive_some(CHUNK_BYTES):
                    if self._happens(self._weather.resets):
                        both.cancel()
                    due_at = max(due_at, trio.current_time() + self._delay_seconds())
                    await held.send((due_at, data))
            except trio.BrokenResourceError:
                pass

    def _delay_seconds(self) -> float:
        weather = self._weather
        delay = (weather.delay_ms + self._chance.uniform(0, weather.jitter_ms)) / 1_000
        for stall in STALL_SECONDS:
            if not self._happens(weather.stalls):
                break
            delay += stall
        return delay

    def _happens(self, of_a_thousand: int) -> bool:
        return self._chance.randrange(1_000) < of_a_thousand

    async def _until_whole(self, direction: Direction) -> None:
        while direction in self._cut:
            await self._changed.wait()


@contextmanager
def running_links() -> Iterator[Links]:
    """Proxies for as long as the block lasts."""
    links = Links()
    thread = Thread(target=trio.run, args=(links.run,), name="links")
    thread.start()
    try:
        links.wait_until_started()
        yield links
    finally:
        links.stop()
        thread.join(START_SECONDS)
