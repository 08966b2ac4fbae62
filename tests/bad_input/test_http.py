"""What comes to the HTTP port and is no good request: ended or refused by name, and no other caller notices.

The forms of JSON, calls and parameters stand in tests/unit/node/rpc; here are the socket and what travels through it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.httpd.body import BODY_TIMEOUT_S
from daonode.httpd.connection import HEAD_TIMEOUT_S
from daonode.node.rpc import serve
from tests.unit.node.rpc.calling import error_in
from tests.unit.node.rpc.fake_node import FakeNode

CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "dao_chainId"}).encode()
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(CALL) + CALL
NOT_SERVED_AS_TWO = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Server:
    """A served node, and connections to it."""

    def __init__(self, address: str, node: FakeNode) -> None:
        host, port = address.split(":")
        self._address = (host, int(port))
        self._open = node.rpc_metrics.connections

    async def holds_no_connection(self) -> None:
        """Wait until the server has let go of every connection."""
        with trio.fail_after(5):
            while self._open._value.get():
                await trio.lowlevel.checkpoint()

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream(*self._address)

    async def exchange(self, sent: bytes, *, half_close: bool = False) -> bytes:
        """Send, and return all that comes until the server closes."""
        received = b""
        async with await self.connect() as stream:
            with suppress(trio.BrokenResourceError):
                await stream.send_all(sent)
                if half_close:
                    await stream.send_eof()
                async for data in stream:
                    received += data
        return received

    async def still_answers(self) -> None:
        answer = await self.exchange(WHOLE.replace(b"Host", b"Connection: close\r\nHost"))
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        assert b"daonode:rpc" in answer


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    async with trio.open_nursery() as nursery:
        node = FakeNode()
        address: str = await nursery.start(partial(serve, node, listen="127.0.0.1:0"))
        server = Server(address, node)
        yield server
        await server.still_answers()
        await server.holds_no_connection()
        nursery.cancel_scope.cancel()


def ambiguous(*headers: bytes, body: bytes = CALL + NOT_SERVED_AS_TWO) -> bytes:
    return HEAD + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(ambiguous(b"Content-Length: 5", b"Content-Length: %d" % len(CALL)), id="two lengths"),
        pytest.param(ambiguous(b"Content-Length: -1"), id="negative length"),
        pytest.param(ambiguous(b"Content-Length: 1e3"), id="length that is no number"),
        pytest.param(ambiguous(b"Content-Length: " + b"9" * 400), id="length of 400 digits"),
        pytest.param(ambiguous(b"Transfer-Encoding: gzip"), id="unknown transfer encoding"),
        pytest.param(ambiguous(b"Transfer-Encoding: chunked", body=b"zz\r\n" + CALL), id="chunk that is none"),
        pytest.param(ambiguous(b"Transfer-Encoding: chunked", body=b"-1\r\n" + CALL), id="negative chunk"),
        pytest.param(ambiguous(b"Transfer-Encoding: chunked", body=b"f" * 40 + b"\r\n"), id="endless chunk"),
        pytest.param(ambiguous(b"Na\x00me: x"), id="null in a name"),
        pytest.param(ambiguous(b"X: a\x00b"), id="null in a value"),
        pytest.param(ambiguous(b" folded: x"), id="folded first header"),
        pytest.param(b"POST / HTTP/9.9\r\n\r\n", id="unknown version"),
        pytest.param(b"POST  HTTP/1.1\r\nHost: a\r\n\r\n", id="no target"),
        pytest.param(b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", id="long target"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100), id="HTTP/2"),
        pytest.param(b"\x00" * 100_000, id="nothing but zeros"),
    ],
)
async def test_a_request_that_is_none_ends_its_connection_and_is_answered_with_no_call(request_bytes: bytes) -> None:
    async with serving() as server:
        with trio.fail_after(5):
            answer = await server.exchange(request_bytes, half_close=True)
        status = answer.partition(b"\r\n")[0]
        assert not answer or status.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), answer[:200]
        assert b"daonode:rpc" not in answer
        assert b"Traceback" not in answer


async def test_a_client_that_closes_its_half_after_the_request_is_still_answered() -> None:
    async with serving() as server:
        with trio.fail_after(5):
            answer = await server.exchange(WHOLE, half_close=True)
        assert b"daonode:rpc" in answer


@pytest.mark.parametrize("cut", [1, 20, len(HEAD), len(HEAD) + 10, len(WHOLE) - 1])
async def test_a_client_that_closes_its_half_within_the_request_ends_its_connection(cut: int) -> None:
    async with serving() as server:
        with trio.fail_after(5):
            answer = await server.exchange(WHOLE[:cut], half_close=True)
        assert b"daonode:rpc" not in answer


@pytest.mark.parametrize("target", [b"GET /livez", b"OPTIONS /"])
async def test_who_asks_to_change_to_http_2_is_answered_in_http_1(target: bytes) -> None:
    upgrade = b" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    async with serving() as server:
        with trio.fail_after(5):
            answer = await server.exchange(target + upgrade + b"HTTP2-Settings: AAMAAABk\r\n\r\n", half_close=True)
        assert answer.startswith(b"HTTP/1.1 ")
        assert not answer.startswith(b"HTTP/1.1 101")


async def test_a_client_that_vanishes_at_any_point_leaves_nothing_behind() -> None:
    async with serving() as server:
        for cut in (0, 1, len(HEAD), len(WHOLE) - 1, len(WHOLE)):
            stream = await server.connect()
            await stream.send_all(WHOLE[:cut])
            await trio.aclose_forcefully(stream)


@pytest.mark.parametrize("part", ["head", "body"])
async def test_a_client_that_sends_a_byte_now_and_then_is_given_up_in_bounded_time(
    part: str, mock_clock: trio.testing.MockClock
) -> None:
    mock_clock.autojump_threshold = 0.05
    slow = WHOLE if part == "head" else WHOLE[len(HEAD) + 10 :]
    async with serving() as server, await server.connect() as stream:
        if part == "body":
            await stream.send_all(WHOLE[: len(HEAD) + 10])
        began = trio.current_time()
        with suppress(trio.BrokenResourceError):
            for byte in slow:
                await stream.send_all(bytes([byte]))
                with trio.move_on_after(1.0):
                    if not await stream.receive_some():
                        break
        seconds = trio.current_time() - began
        assert seconds <= HEAD_TIMEOUT_S + BODY_TIMEOUT_S + 2
        mock_clock.autojump_threshold = float("inf")


async def test_bytes_after_a_request_on_one_connection_are_the_next_request_and_nothing_else() -> None:
    async with serving() as server:
        with trio.fail_after(5):
            answer = await server.exchange(WHOLE + b"junk without end\r\n\r\n", half_close=True)
        assert answer.count(b"daonode:rpc") == 1


async def test_a_body_that_is_no_utf8_is_told_with_its_place_in_an_answer_of_the_usual_form() -> None:
    async with serving() as server:
        body = b'{"jsonrpc":"2.0","id":"\xff","method":"dao_chainId"}'
        answer = await server.exchange(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        error = error_in(json.loads(answer.partition(b"\r\n\r\n")[2]))
        assert (error["code"], error["reason"]) == (-32700, "invalid_utf8")
        assert "byte 23" in str(error["message"])


@settings(max_examples=60)
@given(data=st.data())
def test_a_request_with_any_bytes_changed_gets_an_answer_or_an_end_and_never_a_traceback(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 8)))
    sent = WHOLE[:start] + data.draw(st.binary(max_size=8)) + WHOLE[end:]
    answer = trio.run(answer_to, sent, clock=trio.testing.MockClock(autojump_threshold=0.02))
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert b"Traceback" not in answer


async def answer_to(sent: bytes) -> bytes:
    async with serving() as server:
        with trio.fail_after(HEAD_TIMEOUT_S + BODY_TIMEOUT_S):
            return await server.exchange(sent, half_close=True)
    raise AssertionError("the server has ended")
