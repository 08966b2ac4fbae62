"""Listening, accepting and stopping.

Connections are accepted here, bounded in number, and each is handed on by its first request: to the WebSocket side, or
to the HTTP server. What goes wrong in one connection ends that connection alone.
"""

from __future__ import annotations

import errno
import logging
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

import structlog
import trio
from anycorn import Config
from anycorn.app_wrappers import ASGIWrapper
from anycorn.worker_context import WorkerContext
from starlette.types import ASGIApp

from daonode.httpd.budgets import is_loopback
from daonode.httpd.connection import HEAD_TIMEOUT_S, MAX_HEAD_BYTES, HttpStream, asks_for_websocket, read_head
from daonode.httpd.http_one import HttpConnection
from daonode.httpd.refusal import Refusal, write_refusal
from daonode.httpd.service import Service
from daonode.httpd.websockets import WebSockets

if TYPE_CHECKING:
    from anycorn.typing import ASGIFramework
    from trio_typing import TaskStatus

GRACE_S: Final = 1.0
"""How long requests may go on once the server stops."""
BACKLOG: Final = 256
SEND_BUFFER_BYTES: Final = 256 * 1024
"""What the operating system holds for a client that does not read; it would take megabytes for each."""
EXHAUSTION_PAUSE_S: Final = 0.5
"""How long nobody is accepted after the machine had no room for another connection."""
_EXHAUSTION: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_GONE: Final = (errno.ECONNABORTED, errno.ECONNRESET, errno.EAGAIN, errno.EINTR, errno.EPROTO)

log = structlog.get_logger(__name__)


class ListenError(OSError):
    """The address cannot be listened on; the text says which and what to do."""


async def serve(
    app: ASGIApp,
    *,
    service: Service,
    listen: str,
    websockets: WebSockets | None = None,
    task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve an application, and WebSockets if any, on `host:port` until cancelled; port 0 takes a free one.

    Starts with the `host:port` that it listens on. When cancelled it stops listening at once, lets requests finish for
    `GRACE_S`, and ends.

    Raises:
        ListenError: the address is taken, or none of this machine's.
    """
    server = _Server(app, service=service, websockets=websockets)
    listener = _listen(listen)
    async with trio.open_nursery() as nursery:
        try:
            nursery.start_soon(server.run, listener)
            # It listens already: who connects before the server accepts waits for it.
            task_status.started(_address_of(listener))
            await trio.sleep_forever()
        finally:
            server.stop()


class _Server:
    """Accepts connections on one listener and serves each."""

    def __init__(self, app: ASGIApp, *, service: Service, websockets: WebSockets | None) -> None:
        # Both libraries mean ASGI; each has its own types for it.
        self._app = ASGIWrapper(cast("ASGIFramework", app))
        self._service = service
        self._metrics = service.metrics
        self._websockets = websockets
        self._config = _configuration()
        self._context = WorkerContext(max_requests=None)
        self._stop = trio.Event()
        self._open: dict[trio.SocketStream, str] = {}
        self._changed = trio.Event()

    def stop(self) -> None:
        """Let `run` end."""
        self._stop.set()

    async def run(self, listener: socket.socket) -> None:
        """Serve until `stop`; shielded, so that it ends requests and not its caller's cancellation."""
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                with listener:
                    async with trio.open_nursery() as accepting:
                        accepting.start_soon(self._accept_all, listener, nursery)
                        await self._stop.wait()
                        accepting.cancel_scope.cancel()
                await self._context.terminated.set()
                with trio.move_on_after(GRACE_S):
                    while self._open:
                        await self._changed.wait()
                # Closing under a task that writes ends it, whatever shields it.
                for stream in tuple(self._open):
                    stream.socket.close()
                nursery.cancel_scope.cancel()

    async def _accept_all(self, listener: socket.socket, nursery: trio.Nursery) -> None:
        while True:
            await trio.lowlevel.wait_readable(listener.fileno())
            try:
                accepted, _ = listener.accept()
            except OSError as error:
                if error.errno in _EXHAUSTION:
                    await self._make_room()
                elif error.errno not in _GONE:
                    raise
                continue
            accepted.settimeout(0)
            nursery.start_soon(self._serve_connection, accepted)
            await trio.lowlevel.checkpoint()

    async def _make_room(self) -> None:
        """The machine has no room for another connection: give up the one that is open longest."""
        log.warning("no room for another connection to the server; the oldest is closed")
        self._metrics.note_refusal("no_room")
        for stream in tuple(self._open)[:1]:
            stream.socket.close()
        await trio.sleep(EXHAUSTION_PAUSE_S)

    async def _serve_connection(self, accepted: socket.socket) -> None:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(accepted))
        try:
            address = str(accepted.getpeername()[0])
        except OSError:
            accepted.close()
            return
        is_full = self._is_full_for(address)
        self._open[stream] = address
        self._metrics.connections.inc()
        try:
            if is_full:
                await self._refuse(stream)
            else:
                await self._hand_on(stream, accepted, address)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except Exception:  # noqa: BLE001  # the supervisor of all connections: one must not end the node
            _log_failure()
        finally:
            await trio.aclose_forcefully(stream)
            del self._open[stream]
            self._metrics.connections.dec()
            self._changed.set()
            self._changed = trio.Event()

    async def _hand_on(self, stream: trio.SocketStream, accepted: socket.socket, address: str) -> None:
        head = await read_head(stream)
        if self._websockets is not None and asks_for_websocket(head):
            await self._websockets.serve(stream, head, address=address, stop=self._stop)
        elif head:
            http = HttpStream(stream, head, raw_socket=accepted)
            await HttpConnection(
                self._app, self._config, self._context, http, silence_s=self._service.limits.silence_s
            ).run()

    def _is_full_for(self, address: str) -> bool:
        limits = self._service.limits
        if len(self._open) >= limits.connections:
            return True
        same = sum(each == address for each in self._open.values())
        is_exempt = is_loopback(address) or self._service.proxies.trusts(address)
        return same >= limits.connections_of_address and not is_exempt

    async def _refuse(self, stream: trio.SocketStream) -> None:
        limits = self._service.limits
        full = Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_connections",
            "there are as many connections as there may be",
            hint=f"at most {limits.connections_of_address} from one address and {limits.connections} in all",
            retryable=True,
        )
        self._metrics.note_refusal(full.reason)
        await write_refusal(stream, full, render=self._service.render)


def _log_failure() -> None:
    log.exception("a connection to the server failed")


def _configuration() -> Config:
    config = Config()
    config.include_server_header = False
    config.errorlog = logging.getLogger("anycorn")
    config.keep_alive_timeout = HEAD_TIMEOUT_S
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.websocket_max_message_size = MAX_HEAD_BYTES
    return config


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ListenError(f"{address!r} is no address to listen on; expected host:port, such as 127.0.0.1:26657")
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"cannot listen on {address}: {error.strerror or error}") from error
    try:
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit both.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(target)
        # Listening here, because two sockets may bind one port and only one may listen.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"cannot listen on {address}: {error.strerror}; stop what uses it, or set another address"
        ) from error
    return listener


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"
