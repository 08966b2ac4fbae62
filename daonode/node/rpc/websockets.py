"""The WebSocket side of a server: who may open a connection, and what a refused one is told."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import trio

from daonode.httpd.budgets import LOOPBACK_FACTOR, Budgets, factor_of
from daonode.httpd.handshake import BadHandshake, Handshake
from daonode.node.api import NodeApi
from daonode.node.rpc.dispatch import error_body
from daonode.node.rpc.errors import InvalidRequest, NotFound, RpcError, TooMuch
from daonode.node.rpc.feed import Feed
from daonode.node.rpc.guard import Guard
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.websocket import WebSocket

MAX_WEBSOCKETS: Final = 256
"""Open WebSocket connections of one server."""
MAX_WEBSOCKETS_OF_ADDRESS: Final = 16
"""Those of one address; this machine's own may have them all."""
PATHS: Final = ("/ws", "/rpc")
REFUSAL_TIMEOUT_S: Final = 5.0


class WebSockets:
    """Opens WebSocket connections and counts them."""

    def __init__(self, api: NodeApi, *, guard: Guard, budgets: Budgets) -> None:
        self._api = api
        self._node = RpcNode(api)
        self._feed = Feed(self._node)
        self._guard = guard
        self._budgets = budgets
        self._open: dict[str, int] = {}

    async def serve(self, stream: trio.SocketStream, head: bytes, *, address: str, stop: trio.Event) -> None:
        """Serve a connection whose first request, with this head, asks to become a WebSocket."""
        try:
            handshake = Handshake(head)
        except BadHandshake as error:
            await self._refuse(stream, HTTPStatus.BAD_REQUEST, _bad_handshake(error))
            return
        refused = self._check(handshake, address)
        if refused is not None:
            await self._refuse(stream, *refused)
            return
        self._open[address] = self._open.get(address, 0) + 1
        try:
            answer, protocol = handshake.accept()
            await stream.send_all(answer)
            budget = self._budgets.of(address)
            connection = WebSocket(protocol, stream, node=self._node, feed=self._feed, budget=budget)
            await connection.run(stop)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _check(self, handshake: Handshake, address: str) -> tuple[HTTPStatus, RpcError] | None:
        if handshake.path not in PATHS:
            hint = f"WebSockets are at {' and '.join(PATHS)}"
            return HTTPStatus.NOT_FOUND, NotFound("there is no WebSocket here", reason="not_found", hint=hint)
        host = handshake.host
        stranger = self._guard.refuse_host(host) or self._guard.refuse_origin(handshake.header(b"origin"), host=host)
        if stranger is not None:
            return HTTPStatus.FORBIDDEN, stranger
        most = MAX_WEBSOCKETS if factor_of(address) == LOOPBACK_FACTOR else MAX_WEBSOCKETS_OF_ADDRESS
        if self._open.get(address, 0) >= most or sum(self._open.values()) >= MAX_WEBSOCKETS:
            full = TooMuch(
                "there are as many WebSocket connections as there may be",
                reason="too_many_connections",
                hint=f"at most {most} from one address and {MAX_WEBSOCKETS} in all: close one, or try again later",
                retryable=True,
            )
            return HTTPStatus.SERVICE_UNAVAILABLE, full
        return None

    async def _refuse(self, stream: trio.SocketStream, status: HTTPStatus, error: RpcError) -> None:
        self._api.rpc_metrics.note_refusal(error.reason)
        await write_refusal(stream, status, error)


async def write_refusal(stream: trio.SocketStream, status: HTTPStatus, error: RpcError) -> None:
    """Answer a request that the HTTP server never sees, and say that the connection ends."""
    body = error_body(error)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Connection: close\r\n\r\n"
    )
    with trio.move_on_after(REFUSAL_TIMEOUT_S):
        try:
            await stream.send_all(head.encode() + body)
            await stream.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return


def _bad_handshake(error: BadHandshake) -> InvalidRequest:
    return InvalidRequest(
        f"this is no WebSocket handshake: {error}", reason="bad_handshake", hint="see RFC 6455, version 13"
    )
