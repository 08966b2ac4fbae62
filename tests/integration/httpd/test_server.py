"""A server of nothing in particular: what every process behind it can rely on."""

import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from math import inf

import httpx
import pytest
import trio
import trio.testing
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daonode.httpd.addresses import NO_PROXIES, Proxies, read_proxies
from daonode.httpd.asgi import guarded, refusal_response
from daonode.httpd.body import read_body
from daonode.httpd.guard import make_guard
from daonode.httpd.metrics import ServerMetrics
from daonode.httpd.outbox import MAX_QUEUED_BYTES, STALLED_AFTER_S
from daonode.httpd.refusal import Refusal, RefusalBody
from daonode.httpd.server import serve
from daonode.httpd.service import ServerLimits, Service
from daonode.httpd.websocket import CLOSE_TIMEOUT_S, Ended, WebSocket
from daonode.httpd.websockets import Endpoint, WebSockets
from tests.integration.httpd.frames import CLOSE, TEXT, close_code, frame, head, opened, until_end

LIMITS = ServerLimits(body_bytes=1_000, silence_s=5, connections=4, websockets=3)
PROTOCOL = "echo.v1"
QUARTER = b"x" * (MAX_QUEUED_BYTES // 4)


def render(refusal: Refusal) -> RefusalBody:
    """The form of this test's protocol."""
    return RefusalBody("application/x-refusal", f"{refusal.reason}: {refusal.message} ({refusal.hint})".encode())


@dataclass(slots=True)
class Echo:
    """Says everything back; some words mean more."""

    connection: WebSocket
    ended: list[str]

    def on_opened(self) -> None:
        self.ended.clear()

    async def on_text(self, text: bytes) -> None:
        match text:
            case b"end":
                raise Ended(4401, "who are you?")
            case b"end later":
                self.connection.start(self._end_later)
            case b"flood":
                self.connection.start(self._flood)
            case _:
                await self.connection.put(text)

    def on_lagging(self) -> Iterator[bytes]:
        yield b"you lag"

    def on_ended(self) -> None:
        self.ended.append("ended")

    async def _end_later(self) -> None:
        await self.connection.put(b"soon")
        raise Ended(4429, "too many")

    async def _flood(self) -> None:
        while True:
            await self.connection.put(QUARTER)


@dataclass(slots=True)
class Served:
    """A server's `host:port`, and what it counted."""

    address: str
    registry: CollectorRegistry
    ended: list[str] = field(default_factory=list)

    def count(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 where it was never counted."""
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def served(proxies: Proxies = NO_PROXIES, *, address: str = "127.0.0.1") -> AsyncIterator[Served]:
    registry, ended = CollectorRegistry(), list[str]()
    service = Service(
        guard=make_guard("127.0.0.1:0", cors_origins=(), server="echo", setting="echo.toml"),
        limits=LIMITS,
        metrics=ServerMetrics(registry, prefix="echo"),
        render=render,
        proxies=proxies,
    )

    async def post(request: Request) -> Response:
        body = await read_body(request, max_bytes=LIMITS.body_bytes, hint="say less")
        return refusal_response(body, render=render) if isinstance(body, Refusal) else Response(body)

    def open_session(connection: WebSocket, told: str) -> Echo:
        assert told == address
        return Echo(connection, ended)

    app = guarded(Starlette(routes=[Route("/", post, methods=["POST"])]), service)
    endpoints = (Endpoint("/ws", open_session), Endpoint("/echo", open_session, subprotocol=PROTOCOL))
    websockets = WebSockets(endpoints, service=service)
    async with trio.open_nursery() as nursery:
        listen = partial(serve, app, service=service, websockets=websockets, listen="127.0.0.1:0")
        yield Served(await nursery.start(listen), registry, ended)
        nursery.cancel_scope.cancel()


async def test_a_websocket_is_of_the_address_that_a_trusted_proxy_tells() -> None:
    for proxies, told in ((read_proxies(["127.0.0.1"]), "203.0.113.7"), (NO_PROXIES, "127.0.0.1")):
        async with (
            served(proxies, address=told) as server,
            opened(server.address, first=head(X_Forwarded_For="203.0.113.7")) as stream,
        ):
            await stream.send_all(frame(TEXT, b"hello"))
            assert await stream.receive_some(100) == frame(TEXT, b"hello", masked=False)


async def exchange(address: str, sent: bytes) -> bytes:
    """All that comes back until the server closes."""
    host, _, port = address.rpartition(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(sent)
        return await until_end(stream)


async def test_a_refusal_has_the_form_of_the_service_and_is_counted_under_its_name() -> None:
    async with (
        served() as server,
        httpx.AsyncClient(base_url=f"http://{server.address}", trust_env=False) as client,
    ):
        assert (await client.post("/", json="hello")).content == b'"hello"'
        large = await client.post("/", json="x" * 1_001)
        assert (large.status_code, large.headers["Content-Type"]) == (413, "application/x-refusal")
        assert large.text == "body_too_large: a body has at most 1000 bytes (say less)"
        foreign = await client.post("/", json=1, headers={"Host": "evil.example"})
        assert foreign.status_code == 403
        assert foreign.text.startswith("wrong_host: this echo is not called 'evil.example'")
        assert server.count("echo_refused_total", reason="wrong_host") == 1
        foreign_page = await exchange(server.address, head(Origin="https://evil.example"))
        assert foreign_page.startswith(b"HTTP/1.1 403 ")
        assert b"list the origin in echo.toml" in foreign_page


async def test_what_may_be_tried_again_says_when() -> None:
    busy = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "too much", retryable=True)
    for retry_after_s, header in ((None, "1"), (0.2, "1"), (2.5, "3")):
        refusal = replace(busy, retry_after_s=retry_after_s)
        assert refusal_response(refusal, render=render).headers["Retry-After"] == header
    assert "Retry-After" not in refusal_response(replace(busy, retryable=False), render=render).headers


async def test_connections_and_websockets_are_as_many_as_the_limits_say() -> None:
    async with served() as server, AsyncExitStack() as exits:
        for _ in range(LIMITS.websockets):
            await exits.enter_async_context(opened(server.address))
        refused = await exchange(server.address, head())
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"too_many_connections: there are as many WebSocket connections" in refused
        host, _, port = server.address.rpartition(":")
        await exits.enter_async_context(await trio.open_tcp_stream(host, int(port)))
        refused = await exchange(server.address, b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"too_many_connections: there are as many connections" in refused
        assert server.count("echo_refused_total", reason="too_many_connections") == 2
        assert server.count("echo_websockets") == LIMITS.websockets


async def test_a_path_that_has_a_subprotocol_speaks_it_with_who_offers_it_alone() -> None:
    async with served() as server:
        offers = head("/echo", Sec_WebSocket_Protocol=f"other, {PROTOCOL}")
        answer = await exchange(server.address, offers + frame(CLOSE, struct.pack("!H", 1000)))
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert f"sec-websocket-protocol: {PROTOCOL}\r\n".encode() in answer.lower()
        for other in (head("/echo"), head("/echo", Sec_WebSocket_Protocol="other")):
            refused = await exchange(server.address, other)
            assert refused.startswith(b"HTTP/1.1 400 ")
            assert b"bad_handshake" in refused
            assert PROTOCOL.encode() in refused
        answer = await exchange(
            server.address, head(Sec_WebSocket_Protocol=PROTOCOL) + frame(CLOSE, struct.pack("!H", 1000))
        )
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-protocol" not in answer.lower()


@pytest.mark.parametrize(
    ("text", "said", "code", "reason"),
    [(b"end", b"", 4401, "who are you?"), (b"end later", b"\x81\x04soon", 4429, "too many")],
)
async def test_a_session_ends_its_connection_with_a_code_of_its_own(
    text: bytes, said: bytes, code: int, reason: str
) -> None:
    async with served() as server, opened(server.address) as stream:
        await stream.send_all(frame(TEXT, b"hello") + frame(TEXT, text))
        received = await until_end(stream)
        assert received.startswith(b"\x81\x05hello" + said)
        assert close_code(received) == (code, reason)
        assert server.count("echo_refused_total", reason=f"websocket_{code}") == 1
    assert server.ended == ["ended"]


async def test_the_codes_that_clients_choose_are_counted_together() -> None:
    async with served() as server:
        for code in (3_000, 4_000, 4_401, 4_999):
            async with opened(server.address) as stream:
                await stream.send_all(frame(CLOSE, struct.pack("!H", code)))
                assert close_code(await until_end(stream))[0] == code
        assert server.count("echo_refused_total", reason="websocket_3000") == 4
        assert server.count("echo_refused_total", reason="websocket_4401") == 0


async def test_a_client_that_takes_nothing_hears_what_its_session_says_and_is_closed(
    mock_clock: trio.testing.MockClock,
) -> None:
    mock_clock.autojump_threshold = 0.3
    async with served() as server, opened(server.address) as stream:
        await stream.send_all(frame(TEXT, b"flood"))
        await trio.sleep(STALLED_AFTER_S + CLOSE_TIMEOUT_S / 2)
        mock_clock.autojump_threshold = inf
        received = await until_end(stream)
        assert close_code(received) == (1013, "too slow: resume after the positions that were sent")
        assert received[: received.rindex(b"\x88")].endswith(b"\x81\x07you lag")
    assert server.ended == ["ended"]


async def test_a_message_is_bounded_by_the_limits() -> None:
    async with served() as server, opened(server.address) as stream:
        await stream.send_all(frame(TEXT, b" " * (LIMITS.body_bytes + 1)))
        assert close_code(await until_end(stream)) == (1009, "a message has at most 1000 bytes")
