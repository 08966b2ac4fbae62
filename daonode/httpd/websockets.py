"""The WebSocket side of a server: who may open a connection, and what a refused one is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import trio

from daonode.httpd.budgets import is_loopback
from daonode.httpd.handshake import BadHandshake, Handshake
from daonode.httpd.refusal import Refusal, write_refusal
from daonode.httpd.service import Service
from daonode.httpd.websocket import Session, WebSocket

OpenSession = Callable[[WebSocket, str], Session]
"""From a connection whose handshake was answered, and its client's address, as trusted proxies tell it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path where WebSockets are, what they are used for, and the subprotocol that a client must offer, if any."""

    path: str
    open_session: OpenSession
    subprotocol: str | None = None


class WebSockets:
    """Opens WebSocket connections and counts them."""

    def __init__(self, endpoints: Sequence[Endpoint], *, service: Service) -> None:
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}
        self._service = service
        self._open: dict[str, int] = {}

    async def serve(self, stream: trio.SocketStream, head: bytes, *, address: str, stop: trio.Event) -> None:
        """Serve a connection whose first request, with this head, asks to become a WebSocket."""
        try:
            handshake = Handshake(head)
        except BadHandshake as error:
            await self._refuse(stream, _bad_handshake(str(error)))
            return
        address = self._service.proxies.client(address, handshake.all_of(b"x-forwarded-for"))
        admitted = self._admit(handshake, address)
        if isinstance(admitted, Refusal):
            await self._refuse(stream, admitted)
            return
        self._open[address] = self._open.get(address, 0) + 1
        try:
            answer, protocol = handshake.accept(subprotocol=admitted.subprotocol)
            await stream.send_all(answer)
            connection = WebSocket(protocol, stream, service=self._service)
            await connection.run(admitted.open_session(connection, address), stop)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _admit(self, handshake: Handshake, address: str) -> Endpoint | Refusal:
        endpoint = self._endpoints.get(handshake.path)
        if endpoint is None:
            hint = f"WebSockets are at {' and '.join(self._endpoints)}"
            return Refusal(HTTPStatus.NOT_FOUND, "not_found", "there is no WebSocket here", hint=hint)
        guard, host = self._service.guard, handshake.host
        stranger = guard.refuse_host(host) or guard.refuse_origin(handshake.header(b"origin"), host=host)
        if stranger is not None:
            return stranger
        if endpoint.subprotocol is not None and endpoint.subprotocol not in handshake.subprotocols:
            return _bad_handshake(f"Sec-WebSocket-Protocol does not offer {endpoint.subprotocol}")
        limits = self._service.limits
        most = limits.websockets if is_loopback(address) else limits.websockets_of_address
        if self._open.get(address, 0) >= most or sum(self._open.values()) >= limits.websockets:
            return Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too_many_connections",
                "there are as many WebSocket connections as there may be",
                hint=f"at most {most} from one address and {limits.websockets} in all: close one, or try again later",
                retryable=True,
            )
        return endpoint

    async def _refuse(self, stream: trio.SocketStream, refusal: Refusal) -> None:
        self._service.metrics.note_refusal(refusal.reason)
        await write_refusal(stream, refusal, render=self._service.render)


def _bad_handshake(what: str) -> Refusal:
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        "bad_handshake",
        f"this is no WebSocket handshake: {what}",
        hint="see RFC 6455, version 13",
    )
