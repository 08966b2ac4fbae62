"""One WebSocket connection: text in and text out; what it means is its session's.

It drives wsproto itself. The HTTP server's own WebSocket side keeps what comes in after a message was too large, and
lets a client that takes nothing hold its task for ever; here everything that waits is bounded in bytes and in time, and
whoever breaks the protocol is told so in the close frame.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import trio
from wsproto import WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from daonode.httpd.budgets import bucket
from daonode.httpd.outbox import Outbox, Stalled
from daonode.httpd.service import Service

MESSAGE_TIMEOUT_S: Final = 10.0
"""How long the fragments of one message may take."""
FRAMES_PER_SECOND: Final = 2_000.0
BURST_FRAMES: Final = 10_000.0
"""Frames, whatever is in them: a client that only pings, or sends a message byte by byte, is ended."""
PING_AFTER_S: Final = 20.0
IDLE_TIMEOUT_S: Final = 60.0
"""A client from which no frame came for so long, not even the answer to a ping, has gone."""
CLOSE_TIMEOUT_S: Final = 10.0
"""How long a client may take to read what stands before the close frame, and to answer it."""
RECEIVE_BYTES: Final = 64 * 1024
MAX_REASON_BYTES: Final = 123
"""What a close frame has room for."""
FIRST_PRIVATE_CODE: Final = 3_000
"""From here on a client may close with whatever code it likes (RFC 6455, section 7.4.2)."""


class Session(Protocol):
    """What one connection is used for."""

    def on_opened(self) -> None:
        """The connection is there: tasks may be started."""
        ...

    async def on_text(self, text: bytes) -> None:
        """Take a message. The next one is read when this returns: what takes long is a task of the connection.

        Raises:
            Ended: the message ends the connection.
        """
        ...

    def on_lagging(self) -> Iterable[bytes]:
        """What is said, before the close frame, to a client that took nothing for too long; what waited is dropped."""
        ...

    def on_ended(self) -> None:
        """The tasks of the connection and the connection have ended."""
        ...


class Ended(Exception):
    """The connection is to be closed; with a close frame unless the peer has gone already."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    @property
    def counted(self) -> str:
        """The word for it in the metrics."""
        return f"websocket_{int(self.code)}"


class _Lagging(Ended):
    def __init__(self) -> None:
        super().__init__(CloseReason.TRY_AGAIN_LATER, "too slow: resume after the positions that were sent")


class _Left(Ended):
    """The client has sent a close frame, or what wsproto makes one of."""

    @property
    def counted(self) -> str:
        return super().counted if self.code < FIRST_PRIVATE_CODE else f"websocket_{FIRST_PRIVATE_CODE}"


@dataclass(slots=True)
class _Message:
    """A message of which the last fragment has not come."""

    began: float
    data: bytearray = field(default_factory=bytearray)


class WebSocket:
    """Serves one connection after its handshake was answered."""

    def __init__(self, protocol: WSConnection, stream: trio.SocketStream, *, service: Service) -> None:
        self._protocol = protocol
        self._stream = stream
        self._service = service
        self._frames = bucket(rate=FRAMES_PER_SECOND, burst=BURST_FRAMES)
        self._outbox = Outbox()
        self._partial: _Message | None = None
        self._nursery: trio.Nursery | None = None
        self._ended: Ended | None = None

    async def run(self, session: Session, stop: trio.Event) -> None:
        """Serve until the client leaves, is ended, or `stop`."""
        metrics = self._service.metrics
        metrics.websockets.inc()
        try:
            async with trio.open_nursery() as writing:
                writing.start_soon(self._write)
                ended = await self._serve(session, stop)
                metrics.note_refusal(ended.counted)
                if isinstance(ended, _Lagging):
                    self._say_lagging(session)
                await self._close(ended)
                writing.cancel_scope.cancel()
        finally:
            metrics.websockets.dec()
            session.on_ended()

    async def _write(self) -> None:
        try:
            await self._outbox.run(self._stream)
            await self._stream.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            # The reading side finds the same and ends the connection.
            await self._stream.aclose()

    async def _serve(self, session: Session, stop: trio.Event) -> Ended:
        """Run the reader and the session's tasks; returns why they ended."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            session.on_opened()
            self.start(self._read, session)
            await stop.wait()
            self._end(Ended(CloseReason.GOING_AWAY, f"the {self._service.guard.server} is stopping"))
        assert self._ended is not None, "the nursery is only ever cancelled with a reason"
        return self._ended

    def start(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Start a task of the connection, which ends with it. An `Ended` from it closes the connection."""

        async def run() -> None:
            try:
                await function(*arguments)
            except Ended as error:
                self._end(error)
            except Stalled:
                self._end(_Lagging())

        assert self._nursery is not None, "tasks of the connection run inside it"
        self._nursery.start_soon(run)

    def _end(self, ended: Ended) -> None:
        assert self._nursery is not None, "tasks of the connection run inside it"
        self._ended = self._ended or ended
        self._nursery.cancel_scope.cancel()

    # In.

    async def _read(self, session: Session) -> None:
        """Take frames until the end, which is always an `Ended` or `Stalled`."""
        heard_at = trio.current_time()
        has_pinged = False
        while True:
            for event in self._events():
                heard_at, has_pinged = trio.current_time(), False
                await self._on_event(event, session)
                # A read may hold thousands of tiny frames.
                await trio.lowlevel.checkpoint()
            began = None if self._partial is None else self._partial.began
            deadline = heard_at + (IDLE_TIMEOUT_S if has_pinged else PING_AFTER_S)
            if began is not None:
                deadline = min(deadline, began + MESSAGE_TIMEOUT_S)
            with trio.move_on_at(deadline) as receiving:
                await self._receive()
            if not receiving.cancelled_caught:
                continue
            if began is not None and trio.current_time() >= began + MESSAGE_TIMEOUT_S:
                raise Ended(CloseReason.POLICY_VIOLATION, f"a message took longer than {MESSAGE_TIMEOUT_S:g} s")
            if has_pinged:
                raise Ended(CloseReason.POLICY_VIOLATION, f"nothing came for {IDLE_TIMEOUT_S:g} s")
            has_pinged = True
            self._outbox.put_now(self._protocol.send(Ping()))

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive_some(RECEIVE_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        if not data:
            raise Ended(CloseReason.ABNORMAL_CLOSURE, "the client has gone")
        self._protocol.receive_data(data)

    def _events(self) -> Iterator[Event]:
        """What came, frame by frame; each costs the client."""
        for event in self._protocol.events():
            if self._frames.spend(1) > 0:
                raise Ended(CloseReason.POLICY_VIOLATION, f"more than {FRAMES_PER_SECOND:g} frames a second")
            yield event

    async def _on_event(self, event: Event, session: Session) -> None:
        match event:
            case TextMessage():
                await self._on_text(event, session)
            case BytesMessage():
                raise Ended(CloseReason.UNSUPPORTED_DATA, "JSON is sent as text")
            case Ping():
                await self._outbox.put(self._protocol.send(event.response()))
            case CloseConnection():
                # Also what wsproto makes of a frame that breaks the protocol; the reason says how.
                raise _Left(event.code, event.reason or "")
            case _:
                pass

    async def _on_text(self, event: TextMessage, session: Session) -> None:
        if self._partial is None:
            self._partial = _Message(trio.current_time())
        self._partial.data += event.data.encode()
        most = self._service.limits.body_bytes
        if len(self._partial.data) > most:
            raise Ended(CloseReason.MESSAGE_TOO_BIG, f"a message has at most {most} bytes")
        if event.message_finished:
            text, self._partial = bytes(self._partial.data), None
            await session.on_text(text)

    # Out.

    async def put(self, text: bytes, *, on_begun: Callable[[], None] | None = None) -> None:
        """Send a message after those before it; waits while too much waits for the client. `on_begun` is called when
        its first byte is written.

        Raises:
            Ended, Stalled: the connection is at its end; not for the task that sends to handle.
        """
        await self._outbox.put(self._frame(text), on_begun=on_begun)

    def _frame(self, text: bytes) -> bytes:
        try:
            return self._protocol.send(TextMessage(data=text.decode()))
        except LocalProtocolError:
            # The client's close frame came while this task was already on its way.
            raise Ended(CloseReason.ABNORMAL_CLOSURE, "the client has left") from None

    def _say_lagging(self, session: Session) -> None:
        self._outbox.drop()
        if self._protocol.state is ConnectionState.OPEN:
            for text in session.on_lagging():
                self._outbox.put_now(self._frame(text))

    async def _close(self, ended: Ended) -> None:
        """Write what waits and the close frame, and give the client a while to read them and to answer."""
        if ended.code == CloseReason.ABNORMAL_CLOSURE:
            return
        if self._protocol.state is ConnectionState.REMOTE_CLOSING:
            self._outbox.drop()
        with trio.move_on_after(CLOSE_TIMEOUT_S):
            try:
                reason = ended.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
                self._outbox.put_now(self._protocol.send(CloseConnection(code=ended.code, reason=reason)))
            except LocalProtocolError:
                return
            self._outbox.end()
            try:
                while await self._stream.receive_some(RECEIVE_BYTES):
                    pass
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
