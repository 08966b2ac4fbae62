"""One WebSocket connection: calls in, answers and notifications out.

It drives wsproto itself. The HTTP server's own WebSocket side keeps what comes in after a message was too large, and
lets a client that takes nothing hold its task for ever; here everything that waits is bounded in bytes and in time, and
whoever breaks the protocol is told so in the close frame.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import trio
from wsproto import WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from daonode.httpd.budgets import Budget, bucket
from daonode.httpd.outbox import Outbox, Stalled
from daonode.node.rpc.dispatch import Dispatcher
from daonode.node.rpc.errors import RpcError, TooMuch, not_found
from daonode.node.rpc.feed import Feed, Start
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.positions import Position
from daonode.node.rpc.subscribing import SubscribeParameters
from daonode.node.rpc.topics import Item

MAX_MESSAGE_BYTES: Final = 2 * 1024 * 1024
"""One message, as large as a body over HTTP."""
MESSAGE_TIMEOUT_S: Final = 10.0
"""How long the fragments of one message may take."""
MAX_CALLS_UNDER_WAY: Final = 16
"""Messages of one connection that are answered at one time; the next is not read until one is done."""
MAX_SUBSCRIPTIONS: Final = 16
"""Subscriptions of one connection."""
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


@dataclass(slots=True)
class Subscription:
    """One subscription of a connection. `sent` is the position after which the client has nothing yet."""

    name: str
    start: Start
    sent: Position
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)


@dataclass(slots=True)
class _Message:
    """A message of which the last fragment has not come."""

    began: float
    data: bytearray = field(default_factory=bytearray)


class _Ended(Exception):
    """The connection is to be closed; with a close frame unless the peer has gone already."""

    def __init__(self, code: int, reason: str, *, is_lagged: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.is_lagged = is_lagged


class WebSocket:
    """Serves one connection after its handshake was answered."""

    def __init__(
        self,
        protocol: WSConnection,
        stream: trio.SocketStream,
        *,
        node: RpcNode,
        feed: Feed,
        budget: Budget,
    ) -> None:
        self._protocol = protocol
        self._stream = stream
        self._node = node
        self._feed = feed
        self._budget = budget
        self._frames = bucket(rate=FRAMES_PER_SECOND, burst=BURST_FRAMES)
        self._outbox = Outbox()
        self._slots = trio.CapacityLimiter(MAX_CALLS_UNDER_WAY)
        self._subscriptions: dict[str, Subscription] = {}
        self._next_subscription = 1
        self._partial: _Message | None = None
        self._nursery: trio.Nursery | None = None
        self._ended: _Ended | None = None

    async def run(self, stop: trio.Event) -> None:
        """Serve until the client leaves, is ended, or `stop`."""
        metrics = self._node.api.rpc_metrics
        metrics.websockets.inc()
        try:
            async with trio.open_nursery() as writing:
                writing.start_soon(self._write)
                ended = await self._serve(stop)
                metrics.note_refusal(f"websocket_{int(ended.code)}")
                if ended.is_lagged:
                    self._tell_lagged()
                await self._close(ended)
                writing.cancel_scope.cancel()
        finally:
            metrics.websockets.dec()
            metrics.subscriptions.dec(len(self._subscriptions))

    async def _write(self) -> None:
        try:
            await self._outbox.run(self._stream)
            await self._stream.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            # The reading side finds the same and ends the connection.
            await self._stream.aclose()

    async def _serve(self, stop: trio.Event) -> _Ended:
        """Answer and notify; returns why it ended."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._start(self._read)
            await stop.wait()
            self._end(_Ended(CloseReason.GOING_AWAY, "the node is stopping"))
        assert self._ended is not None, "the nursery is only ever cancelled with a reason"
        return self._ended

    def _start(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Start a task of the connection; what it raises to end the connection ends it."""

        async def run() -> None:
            try:
                await function(*arguments)
            except _Ended as error:
                self._end(error)
            except Stalled:
                reason = "too slow: resume after the positions that were sent"
                self._end(_Ended(CloseReason.TRY_AGAIN_LATER, reason, is_lagged=True))

        assert self._nursery is not None, "tasks of the connection run inside it"
        self._nursery.start_soon(run)

    def _end(self, ended: _Ended) -> None:
        assert self._nursery is not None, "tasks of the connection run inside it"
        self._ended = self._ended or ended
        self._nursery.cancel_scope.cancel()

    # In.

    async def _read(self) -> None:
        """Take frames until the end, which is always an `_Ended` or `Stalled`."""
        heard_at = trio.current_time()
        has_pinged = False
        while True:
            for event in self._events():
                heard_at, has_pinged = trio.current_time(), False
                await self._on_event(event)
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
                raise _Ended(CloseReason.POLICY_VIOLATION, f"a message took longer than {MESSAGE_TIMEOUT_S:g} s")
            if has_pinged:
                raise _Ended(CloseReason.POLICY_VIOLATION, f"nothing came for {IDLE_TIMEOUT_S:g} s")
            has_pinged = True
            self._outbox.put_now(self._protocol.send(Ping()))

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive_some(RECEIVE_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        if not data:
            raise _Ended(CloseReason.ABNORMAL_CLOSURE, "the client has gone")
        self._protocol.receive_data(data)

    def _events(self) -> Iterator[Event]:
        """What came, frame by frame; each costs the client."""
        for event in self._protocol.events():
            if self._frames.spend(1) > 0:
                raise _Ended(CloseReason.POLICY_VIOLATION, f"more than {FRAMES_PER_SECOND:g} frames a second")
            yield event

    async def _on_event(self, event: Event) -> None:
        match event:
            case TextMessage():
                await self._on_text(event)
            case BytesMessage():
                raise _Ended(CloseReason.UNSUPPORTED_DATA, "JSON is sent as text")
            case Ping():
                await self._outbox.put(self._protocol.send(event.response()))
            case CloseConnection():
                # Also what wsproto makes of a frame that breaks the protocol; the reason says how.
                raise _Ended(event.code, event.reason or "")
            case _:
                pass

    async def _on_text(self, event: TextMessage) -> None:
        if self._partial is None:
            self._partial = _Message(trio.current_time())
        self._partial.data += event.data.encode()
        if len(self._partial.data) > MAX_MESSAGE_BYTES:
            raise _Ended(CloseReason.MESSAGE_TOO_BIG, f"a message has at most {MAX_MESSAGE_BYTES} bytes")
        if event.message_finished:
            body, self._partial = bytes(self._partial.data), None
            slot = object()
            await self._slots.acquire_on_behalf_of(slot)
            self._start(self._answer, body, slot)

    async def _answer(self, body: bytes, slot: object) -> None:
        """Answer one message, and only then begin the subscriptions that it asked for."""
        call = _Calling(self)
        try:
            answer = await Dispatcher(replace(self._node, subscriber=call)).answer(body, budget=self._budget)
            if answer is not None:
                await self._put(answer)
        finally:
            self._slots.release_on_behalf_of(slot)
        for subscription in call.begun:
            self._start(self._notify, subscription)

    # Out.

    async def _put(self, text: bytes) -> None:
        await self._outbox.put(self._frame(text))

    def _frame(self, text: bytes) -> bytes:
        try:
            return self._protocol.send(TextMessage(data=text.decode()))
        except LocalProtocolError:
            # The client's close frame came while this task was already on its way.
            raise _Ended(CloseReason.ABNORMAL_CLOSURE, "the client has left") from None

    async def _notify(self, subscription: Subscription) -> None:
        """Tell every value of a subscription until it ends."""
        with subscription.scope:
            try:
                async with aclosing(self._feed.follow(subscription.start, budget=self._budget)) as items:
                    async for item in items:
                        await self._tell(subscription, item)
            except RpcError as error:
                await self._put(_notification(subscription, error=error))
        self._forget(subscription.name)

    async def _tell(self, subscription: Subscription, item: Item) -> None:
        def on_begun() -> None:
            subscription.sent = item.position

        await self._outbox.put(self._frame(_notification(subscription, item=item)), on_begun=on_begun)
        self._node.api.rpc_metrics.notifications.inc()

    def _tell_lagged(self) -> None:
        """Drop what waits, and say for each subscription from where to resume."""
        self._outbox.drop()
        for subscription in self._subscriptions.values():
            self._outbox.put_now(self._frame(_notification(subscription, lagged_after=subscription.sent)))

    async def _close(self, ended: _Ended) -> None:
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

    # Subscriptions.

    async def subscribe(self, parameters: SubscribeParameters) -> Subscription:
        """Check and name a subscription; nothing is told yet."""
        start = await self._feed.start(parameters)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise TooMuch(
                f"a connection has at most {MAX_SUBSCRIPTIONS} subscriptions",
                reason="too_many_subscriptions",
                hint="end one, or open another connection",
            )
        subscription = Subscription(str(self._next_subscription), start, start.after)
        self._next_subscription += 1
        self._subscriptions[subscription.name] = subscription
        self._node.api.rpc_metrics.subscriptions.inc()
        return subscription

    def unsubscribe(self, name: str) -> None:
        """End a subscription."""
        if name not in self._subscriptions:
            raise not_found(f"this connection has no subscription {name[:64]!r}", hint="it may have ended already")
        self._subscriptions[name].scope.cancel()
        self._forget(name)

    def _forget(self, name: str) -> None:
        if self._subscriptions.pop(name, None) is not None:
            self._node.api.rpc_metrics.subscriptions.dec()


class _Calling:
    """The calls of one message as their subscriber."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self.begun: list[Subscription] = []

    async def subscribe(self, parameters: SubscribeParameters) -> tuple[str, Position]:
        subscription = await self._connection.subscribe(parameters)
        self.begun.append(subscription)
        return subscription.name, subscription.start.after

    def unsubscribe(self, name: str) -> None:
        self._connection.unsubscribe(name)


def _notification(
    subscription: Subscription,
    *,
    item: Item | None = None,
    lagged_after: Position | None = None,
    error: RpcError | None = None,
) -> bytes:
    told: dict[str, object] = {"subscription": subscription.name}
    if item is not None:
        told |= {"position": item.position.text(), "value": item.value}
    if lagged_after is not None:
        told["lagged"] = {"since": lagged_after.text()}
    if error is not None:
        told["error"] = error.to_json()
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "dao_subscription", "params": told})
