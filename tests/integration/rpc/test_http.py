"""The server over real sockets: paths, headers, limits, stopping."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from html.parser import HTMLParser
from math import inf

import httpx
import pytest
import trio
import trio.testing

from daonode.httpd.body import BODY_TIMEOUT_S
from daonode.httpd.connection import HEAD_TIMEOUT_S, WRITE_TIMEOUT_S
from daonode.httpd.service import ServerLimits
from daonode.node.rpc import METHODS, ListenError, serve, serve_metrics
from daonode.node.rpc.web import MAX_BODY_BYTES
from tests.unit.node.rpc.calling import at, error_in
from tests.unit.node.rpc.fake_node import FakeNode, id_of, transfer

CALL = {"jsonrpc": "2.0", "id": 1, "method": "dao_chainId", "params": {}}
ORIGIN = "https://wallet.example"


@asynccontextmanager
async def served(node: FakeNode, *, cors_origins: tuple[str, ...] = ()) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server on a free port."""
    async with trio.open_nursery() as nursery:
        address = await nursery.start(partial(serve, node, listen="127.0.0.1:0", cors_origins=cors_origins))
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=20) as client:
            yield client
        nursery.cancel_scope.cancel()


async def test_a_call_over_http_is_answered_with_the_height() -> None:
    node = FakeNode()
    node.commit()
    async with served(node) as client:
        for path in ("/", "/rpc"):
            answer = await client.post(path, json=CALL)
            assert answer.status_code == 200
            assert answer.json() == {"jsonrpc": "2.0", "id": 1, "result": {"chain_id": "daonode:rpc"}}
            assert answer.headers["X-Dao-Height"] == "1"
            assert answer.headers["Content-Type"] == "application/json"
        assert (await client.post("/", json={"jsonrpc": "2.0", "method": "dao_status"})).status_code == 204
        failed = await client.post("/", content=b"{", headers={"Content-Type": "application/json; charset=utf-8"})
        assert (failed.status_code, error_in(failed.json())["code"]) == (200, -32700)
        assert failed.headers["X-Dao-Height"] == "1"


async def test_calls_of_many_clients_are_answered_while_one_waits_for_a_commit() -> None:
    node = FakeNode()
    raw = transfer()
    async with served(node) as client:
        send = {**CALL, "method": "dao_sendRawTransaction", "params": {"transaction": "0x" + raw.hex()}}
        assert (await client.post("/", json=send)).status_code == 200
        answers: list[httpx.Response] = []

        async def wait() -> None:
            parameters = {"tx_id": "0x" + id_of(raw).hex(), "wait_ms": 15_000}
            answers.append(await client.post("/", json={**CALL, "method": "dao_getTransaction", "params": parameters}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            while id_of(raw) not in node.commits:
                await trio.lowlevel.checkpoint()
            assert (await client.post("/", json=[CALL] * 50)).status_code == 200
            node.commit()
        assert at(answers[0].json(), "result", "status") == "committed"


async def test_what_is_no_call_gets_an_http_status_and_the_same_form_of_error() -> None:
    async with served(FakeNode()) as client:
        for answer, status, reason in (
            (
                await client.post("/", content=json.dumps(CALL), headers={"Content-Type": "text/plain"}),
                415,
                "media_type",
            ),
            (await client.post("/", content=json.dumps(CALL)), 415, "media_type"),
            (await client.put("/", json=CALL), 405, "http_method"),
            (await client.get("/rpc"), 405, "http_method"),
            (await client.post("/other", json=CALL), 404, "not_found"),
        ):
            assert answer.status_code == status
            assert error_in(answer.json())["reason"] == reason
            assert "X-Dao-Height" in answer.headers
        assert "/readyz" in str(error_in((await client.get("/nothing")).json())["hint"])


HEAD = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"Content-Length: {MAX_BODY_BYTES + 1}", b""),
        ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (MAX_BODY_BYTES + 1, b" " * (MAX_BODY_BYTES + 1))),
    ],
)
async def test_a_body_is_bounded_whether_or_not_its_length_is_declared(head: str, body: bytes) -> None:
    async with served(FakeNode()) as client:
        answer = await exchange(client, f"{HEAD}{head}\r\n\r\n".encode() + body)
        assert answer.startswith(b"HTTP/1.1 413")
        error = error_in(json.loads(answer.partition(b"\r\n\r\n")[2]))
        assert (error["code"], error["reason"]) == (-32005, "body_too_large")


async def test_a_body_that_does_not_arrive_is_given_up(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.autojump_threshold = 0.3
    async with served(FakeNode()) as client:
        answer = await exchange(client, f"{HEAD}Content-Length: 100\r\n\r\n".encode() + b"{")
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"body_too_slow" in answer
        # Nor does a connection stay open without the head of a request.
        assert await exchange(client, b"POST / HT") == b""
        assert trio.current_time() < BODY_TIMEOUT_S + HEAD_TIMEOUT_S + 1


async def exchange(client: httpx.AsyncClient, sent: bytes) -> bytes:
    """What comes back on a connection until the server closes it."""
    received = b""
    stream = await trio.open_tcp_stream(client.base_url.host, client.base_url.port or 0)
    async with stream:
        with suppress(trio.BrokenResourceError):
            await stream.send_all(sent)
            async for data in stream:
                received += data
    return received


async def test_health_says_why_a_node_is_not_ready() -> None:
    node = FakeNode()
    async with served(node) as client:
        assert (await client.get("/livez")).json() == {"live": True}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (200, True)
        node.catching_up = True
        waiting = await client.get("/readyz")
        assert waiting.status_code == 503
        assert "catching up" in waiting.json()["reasons"][0]
        metrics = await client.get("/metrics")
        assert metrics.text.startswith("daonode_height 1\n")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")


class _Page(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links.extend(value for name, value in attrs if name in {"href", "src"} and value)

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_a_browser_gets_a_page_that_shows_the_node_and_links_to_what_there_is() -> None:
    node = FakeNode()
    node.commit()
    async with served(node) as client:
        answer = await client.get("/", headers={"Accept": "text/html"})
        page = _Page()
        page.feed(answer.text)
        assert answer.status_code == 200
        assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]
        assert page.tags.count("h1") == page.tags.count("main") == 1
        assert "node<0> of daonode:rpc" in page.text
        assert "<dt>Height</dt><dd>1</dd>" in answer.text
        assert all(name in page.text for name in METHODS)
        for link in page.links:
            if link.startswith("/"):
                assert (await client.get(link)).status_code == 200
        assert {"/livez", "/readyz", "/metrics"} <= set(page.links)
        node.failure = ZeroDivisionError("secret detail")
        assert (await client.get("/")).status_code == 503


async def test_pages_of_allowed_origins_may_call_and_others_may_not() -> None:
    preflight = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with served(FakeNode(), cors_origins=(ORIGIN,)) as client:
        assert (await client.options("/", headers=preflight)).headers["Access-Control-Allow-Origin"] == ORIGIN
        answer = await client.post("/", json=CALL, headers={"Origin": ORIGIN})
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "X-Dao-Height" in answer.headers["Access-Control-Expose-Headers"]
        other = await client.options("/", headers={**preflight, "Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
    async with served(FakeNode()) as client:
        assert "Access-Control-Allow-Origin" not in (await client.options("/", headers=preflight)).headers


async def test_metrics_can_have_an_address_of_their_own() -> None:
    async with trio.open_nursery() as nursery:
        address = await nursery.start(partial(serve_metrics, FakeNode(), listen="127.0.0.1:0"))
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
            assert (await client.get("/metrics")).status_code == 200
            assert (await client.post("/", json=CALL)).status_code == 404
        nursery.cancel_scope.cancel()


async def test_a_taken_port_and_a_wrong_address_are_named() -> None:
    async with trio.open_nursery() as nursery:
        address = await nursery.start(partial(serve, FakeNode(), listen="127.0.0.1:0"))
        with pytest.raises(ListenError, match=f"cannot listen on {address}: Address already in use"):
            await serve(FakeNode(), listen=address)
        for wrong in ("26657", "127.0.0.1:", "127.0.0.1:70000", ":1"):
            with pytest.raises(ListenError, match="expected host:port"):
                await serve(FakeNode(), listen=wrong)
        nursery.cancel_scope.cancel()


async def test_stopping_lets_a_request_finish_and_ends_within_two_seconds() -> None:
    node = FakeNode()
    raw = transfer()
    async with trio.open_nursery() as clients:
        async with trio.open_nursery() as nursery:
            address = await nursery.start(partial(serve, node, listen="127.0.0.1:0"))
            answers: list[httpx.Response] = []

            async def wait() -> None:
                parameters = {"tx_id": "0x" + id_of(raw).hex(), "wait_ms": 20_000}
                async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=30) as client:
                    call = {**CALL, "method": "dao_getTransaction", "params": parameters}
                    answers.append(await client.post("/", json=call))

            await node.submit([raw])
            clients.start_soon(wait)
            while id_of(raw) not in node.commits:
                await trio.lowlevel.checkpoint()
            began = trio.current_time()
            nursery.cancel_scope.cancel()
            node.commit()
        assert trio.current_time() - began < 2
    assert at(answers[0].json(), "result", "status") == "committed"


async def test_stopping_does_not_wait_for_a_request_that_would_take_longer() -> None:
    node = FakeNode()
    raw = transfer()
    async with AsyncExitStack() as exits:
        exits.enter_context(trio.fail_after(5))
        async with trio.open_nursery() as nursery:
            address = await nursery.start(partial(serve, node, listen="127.0.0.1:0"))
            host, port = address.split(":")
            stream = await exits.enter_async_context(await trio.open_tcp_stream(host, int(port)))
            parameters = {"tx_id": "0x" + id_of(raw).hex(), "wait_ms": 20_000}
            body = json.dumps({**CALL, "method": "dao_getTransaction", "params": parameters}).encode()
            await stream.send_all(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            while id_of(raw) not in node.commits:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert await stream.receive_some(1) == b""


@pytest.mark.parametrize("junk", [b"\x00\xff" * 500, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9_000])
async def test_junk_on_the_socket_ends_that_connection_alone(junk: bytes) -> None:
    async with served(FakeNode()) as client:
        with trio.fail_after(5):
            await exchange(client, junk)
        assert (await client.post("/", json=CALL)).status_code == 200


async def test_the_node_goes_on_when_all_connections_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ServerLimits(body_bytes=MAX_BODY_BYTES, silence_s=60, connections=5)
    monkeypatch.setattr("daonode.node.rpc.serving.LIMITS", few)
    node = FakeNode()
    async with served(node) as client, AsyncExitStack() as exits:
        address = client.base_url.host, client.base_url.port or 0
        for _ in range(5):
            await exits.enter_async_context(await trio.open_tcp_stream(*address))
        answer = await exchange(client, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert error_in(json.loads(answer.partition(b"\r\n\r\n")[2]))["reason"] == "too_many_connections"
        assert 'daonode_rpc_refused_total{reason="too_many_connections"} 1.0' in node.metrics().decode()
        await exits.aclose()
        while node.rpc_metrics.connections._value.get():
            await trio.lowlevel.checkpoint()
        assert (await client.get("/livez")).status_code == 200


async def test_a_client_that_does_not_read_its_answer_is_given_up(mock_clock: trio.testing.MockClock) -> None:
    node = FakeNode()
    async with served(node) as client:
        call = json.dumps([{**CALL, "method": "rpc.discover"}] * 100).encode()
        request = f"{HEAD}Content-Length: {len(call)}\r\n\r\n".encode() + call
        with trio.socket.socket() as socket:
            socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 64 * 1024)
            await socket.connect((client.base_url.host, client.base_url.port or 0))
            await trio.SocketStream(socket).send_all(request)
            while not node.rpc_metrics.connections._value.get():
                await trio.lowlevel.checkpoint()
            mock_clock.autojump_threshold = 0.3
            while node.rpc_metrics.connections._value.get():
                await trio.sleep(5)
        # The HTTP server may wait for a next request before it sees that the connection is gone.
        assert WRITE_TIMEOUT_S <= trio.current_time() < WRITE_TIMEOUT_S + HEAD_TIMEOUT_S + 10
        mock_clock.autojump_threshold = inf
