"""Listening and stopping: the server under a site's answers."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

import anycorn
import structlog
import trio
from starlette.types import ASGIApp

from daonode.node.api import NodeApi
from daonode.node.rpc.web import Site

if TYPE_CHECKING:
    from anycorn.typing import ASGIFramework
    from trio_typing import TaskStatus

GRACE_S: Final = 1.0
"""How long requests may go on once the server stops."""
IDLE_TIMEOUT_S: Final = 20.0
"""How long a connection may go without a whole request's head."""
READ_TIMEOUT_S: Final = 60
"""How long a connection may be silent; longer than the longest wait for a commit."""
MAX_HEAD_BYTES: Final = 16 * 1024
BACKLOG: Final = 256
EXHAUSTION_PAUSE_S: Final = 0.5
"""How long nobody is accepted after the machine had no room for another connection."""
_EXHAUSTION: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED)

log = structlog.get_logger(__name__)


class ListenError(OSError):
    """The address cannot be listened on; the text says which and what to do."""


async def serve(
    api: NodeApi,
    *,
    listen: str,
    cors_origins: Sequence[str] = (),
    task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve JSON-RPC, the status page, health and metrics on `host:port` until cancelled; port 0 takes a free one.

    Starts with the `host:port` that it listens on. When cancelled it stops listening at once, lets requests finish for
    `GRACE_S`, and ends.

    Raises:
        ListenError: the address is taken, or none of this machine's.
    """
    await _serve(Site(api).rpc_app(cors_origins=cors_origins), listen=listen, task_status=task_status)


async def serve_metrics(api: NodeApi, *, listen: str, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve metrics and health alone, otherwise as `serve`."""
    await _serve(Site(api).metrics_app(), listen=listen, task_status=task_status)


async def _serve(app: ASGIApp, *, listen: str, task_status: TaskStatus[str]) -> None:
    listener = _listen(listen)
    address = _address_of(listener)
    config = anycorn.Config()
    config.include_server_header = False
    config.errorlog = logging.getLogger("anycorn")
    config.graceful_timeout = GRACE_S
    config.shutdown_timeout = GRACE_S
    config.keep_alive_timeout = IDLE_TIMEOUT_S
    config.read_timeout = READ_TIMEOUT_S
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.backlog = BACKLOG
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        try:
            nursery.start_soon(_run, app, config, listener, stop)
            # It listens already: who connects before the server accepts waits for it.
            task_status.started(address)
            await trio.sleep_forever()
        finally:
            listener.close()
            stop.set()


async def _run(app: ASGIApp, config: anycorn.Config, listener: socket.socket, stop: trio.Event) -> None:
    """Run the server until `stop`; shielded, so that it ends requests and not its caller's cancellation.

    The library's server ends when a connection cannot be accepted, for example because clients hold as many as the
    process may have open. That closes them all, and it is begun anew: a client must not end the node.
    """
    # Both libraries mean ASGI; each has its own types for it.
    framework = cast("ASGIFramework", app)
    with trio.CancelScope(shield=True):
        while not stop.is_set():
            try:
                # The server owns and closes its socket; this one is for the next.
                config.bind = [f"fd://{listener.dup().detach()}"]
                await anycorn.serve(framework, config, shutdown_trigger=stop.wait)
            except BaseExceptionGroup as group:
                if group.subgroup(_is_exhaustion) is None:
                    raise
                log.warning("no room for another connection to the RPC server; all were closed")
            with trio.move_on_after(EXHAUSTION_PAUSE_S):
                await stop.wait()


def _is_exhaustion(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _EXHAUSTION


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
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
