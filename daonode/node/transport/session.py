"""One connection from its authentication to its end: lanes, heartbeat, silence.

Each side opens one stream for each lane and one for its heartbeat, and only writes on those; it only reads on the
streams of the other side. A session is ready when all eight stand. The end of anything is the end of the session, and
the socket is closed without ceremony, so a peer that does not read cannot delay it.

The heartbeat has a stream of its own because lanes obey flow control: one whose reader is busy must not look dead.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from daonode.node.transport.allowance import Allowance
from daonode.node.transport.counters import TransportCounters
from daonode.node.transport.errors import ConnectionLost, PeerBroke, PeerError
from daonode.node.transport.framing import FrameDecoder, frame_length_prefix
from daonode.node.transport.handshake import Connection, answer_protocol, request_protocol, supervise_library
from daonode.node.transport.inbound import Inbox
from daonode.node.transport.muxing import LaneStream
from daonode.node.transport.outbound import OutboundQueue
from daonode.node.transport.types import LANE_LIMITS, Inbound, Lane, Timings

BATCH_BYTES = 32 * 1024
MAX_PEER_STREAMS = 16
"""Streams that the peer may open in the life of a connection: its lanes, and a few protocols that are refused."""
_ALIVE = "alive"
_STREAM_NAMES = [_ALIVE, *(lane.value for lane in Lane)]


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why a session ended, and whether the peer broke the protocol."""

    reason: str
    is_breach: bool


@dataclass(frozen=True, slots=True)
class SessionPorts:
    """What a session reads from and writes to."""

    inbox: Inbox
    queues: dict[Lane, OutboundQueue]
    allowance: Allowance
    counters: TransportCounters


class Session:
    """Runs one connection. `run` returns when it has ended; `end` may be called from any task."""

    def __init__(self, connection: Connection, ports: SessionPorts, *, chain_reference: str, timings: Timings) -> None:
        self.peer = connection.peer
        self.is_dialer = connection.is_dialer
        self.finished = trio.Event()
        self.ready_at = 0.0
        self._connection = connection
        self._ports = ports
        self._timings = timings
        self._protocols = {name: f"/daonode/{chain_reference}/{name}/1" for name in _STREAM_NAMES}
        self._outgoing: dict[str, LaneStream] = {}
        self._incoming: dict[str, LaneStream] = {}
        self._all_open = trio.Event()
        self._cancel_scope = trio.CancelScope()
        self._end: SessionEnd | None = None

    def end(self, reason: str, *, is_breach: bool = False) -> None:
        """End the session; the first reason given is the one that is told, unless the peer broke a bound."""
        if self._end is None:
            breach = self._connection.tcp.breach
            self._end = SessionEnd(reason=breach or reason, is_breach=is_breach or breach is not None)
        self._cancel_scope.cancel()

    async def run(self, on_ready: Callable[["Session"], Awaitable[bool]]) -> SessionEnd:
        """Open the lanes, ask `on_ready` whether this connection is wanted, carry frames until something ends it.

        Frames flow only after `on_ready` returned True. `finished` is the caller's to set, when it has let go of the
        session. Cancellation closes the socket at once.
        """
        try:
            with self._cancel_scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._ending_session, self._run_muxer)
                    await self._ending_session(self._open_lanes, nursery)
                    self.ready_at = trio.current_time()
                    if self._end is None and await on_ready(self):
                        self._start_traffic(nursery)
                    else:
                        self.end("another connection to this peer is kept")
        finally:
            await trio.aclose_forcefully(self._connection.tcp.stream)
        assert self._end is not None
        return self._end

    async def _ending_session(self, task: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Run a task of this session; its failure ends the session."""
        try:
            await task(*arguments)
        except PeerBroke as error:
            self.end(str(error), is_breach=True)
        except PeerError as error:
            self.end(str(error))

    async def _run_muxer(self) -> None:
        await supervise_library(self._connection.muxer.start, doing="the multiplexer failed")
        raise ConnectionLost("the connection ended")

    async def _open_lanes(self, nursery: trio.Nursery) -> None:
        with trio.move_on_after(self._timings.handshake_timeout_seconds):
            # Streams of a muxer that does not read yet would wait for ever.
            await self._connection.muxer.event_started.wait()
            nursery.start_soon(self._ending_session, self._accept_streams, nursery)
            for name in _STREAM_NAMES:
                nursery.start_soon(self._ending_session, self._open_stream, name)
            await self._all_open.wait()
            return
        raise ConnectionLost("the lanes were not open in time")

    async def _open_stream(self, name: str) -> None:
        stream = await LaneStream.open(self._connection.muxer)
        await request_protocol(stream, self._protocols[name])
        self._outgoing[name] = stream
        self._note_opened()

    async def _accept_streams(self, nursery: trio.Nursery) -> None:
        for _ in range(MAX_PEER_STREAMS):
            stream = await LaneStream.accept(self._connection.muxer)
            if self._all_open.is_set():
                await stream.close()
            else:
                nursery.start_soon(self._ending_session, self._admit_stream, stream)
        raise PeerBroke(f"opened more than {MAX_PEER_STREAMS} streams")

    async def _admit_stream(self, stream: LaneStream) -> None:
        protocol = await answer_protocol(stream, list(self._protocols.values()))
        name = next(name for name, known in self._protocols.items() if known == protocol)
        if name in self._incoming:
            raise PeerBroke(f"opened {protocol} twice")
        self._incoming[name] = stream
        self._note_opened()

    def _note_opened(self) -> None:
        if len(self._outgoing) == len(self._incoming) == len(_STREAM_NAMES):
            self._all_open.set()

    def _start_traffic(self, nursery: trio.Nursery) -> None:
        nursery.start_soon(self._ending_session, self._watch_silence)
        nursery.start_soon(self._ending_session, self._send_heartbeats)
        nursery.start_soon(self._ending_session, self._read_heartbeats)
        for lane in Lane:
            nursery.start_soon(self._ending_session, self._write_lane, lane)
            nursery.start_soon(self._ending_session, self._read_lane, lane)

    async def _write_lane(self, lane: Lane) -> None:
        stream = self._outgoing[lane.value]
        queue = self._ports.queues[lane]
        counters = self._ports.counters.lane(self.peer, lane)
        max_frame_bytes = LANE_LIMITS[lane].max_frame_bytes
        while True:
            frames = await queue.take(max_bytes=BATCH_BYTES)
            pieces: list[bytes] = []
            for frame in frames:
                pieces += (frame_length_prefix(frame, max_frame_bytes=max_frame_bytes), frame)
            await stream.write(b"".join(pieces))
            counters.sent_frames += len(frames)
            counters.sent_bytes += sum(len(frame) for frame in frames)

    async def _read_lane(self, lane: Lane) -> None:
        stream = self._incoming[lane.value]
        counters = self._ports.counters.lane(self.peer, lane)
        decoder = FrameDecoder(max_frame_bytes=LANE_LIMITS[lane].max_frame_bytes)
        while True:
            for data in decoder.feed(await stream.read()):
                counters.received_frames += 1
                counters.received_bytes += len(data)
                await self._ports.allowance.take(lane, data, counters)
                now = trio.current_time()
                await self._ports.inbox.put(Inbound(peer=self.peer, lane=lane, data=data, received_at=now))

    async def _send_heartbeats(self) -> None:
        while True:
            await self._outgoing[_ALIVE].write(b"\x00")
            await trio.sleep(self._timings.heartbeat_interval_seconds)

    async def _read_heartbeats(self) -> None:
        while True:
            await self._incoming[_ALIVE].read()

    async def _watch_silence(self) -> None:
        limit_seconds = self._timings.silence_limit_seconds
        while True:
            silent_seconds = trio.current_time() - self._connection.tcp.last_heard
            if silent_seconds >= limit_seconds:
                raise ConnectionLost(f"nothing was heard for {silent_seconds:.1f} s")
            await trio.sleep(limit_seconds - silent_seconds)
