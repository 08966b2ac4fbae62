"""WebSocket connections that break the protocol, in bytes: each ends alone, is told why, and leaves nothing behind."""

import json
import struct
from contextlib import suppress
from math import inf

import httpx
import pytest
import trio
import trio.testing

from daonode.httpd.websocket import BURST_FRAMES, IDLE_TIMEOUT_S, MESSAGE_TIMEOUT_S
from daonode.node.rpc.web import MAX_BODY_BYTES as MAX_MESSAGE_BYTES
from tests.integration.httpd.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    TEXT,
    close_code,
    frame,
    head,
    opened,
    until_end,
)
from tests.integration.rpc.websocket_client import served
from tests.unit.node.rpc.calling import error_in
from tests.unit.node.rpc.fake_node import FakeNode

CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "dao_chainId"}).encode()


async def assert_serves(address: str) -> None:
    """The server goes on."""
    async with opened(address) as stream:
        await stream.send_all(frame(TEXT, CALL))
        assert b"daonode:rpc" in await stream.receive_some(1_000)


BROKEN = {
    "not UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "half a character at the end": (frame(TEXT, b'"\xe2\x82'), 1007),
    "binary": (frame(BINARY, CALL), 1003),
    "not masked": (frame(TEXT, CALL, masked=False), 1002),
    "a reserved bit": (frame(TEXT, CALL, reserved=4), 1002),
    "an unknown kind": (frame(0x3, b"x"), 1002),
    "a continuation of nothing": (frame(CONTINUATION, CALL), 1002),
    "a message inside a message": (frame(TEXT, b"{", final=False) + frame(TEXT, CALL), 1002),
    "a ping in fragments": (frame(PING, b"x", final=False), 1002),
    "a ping that is too long": (frame(PING, b"x" * 126), 1002),
    "a close frame of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close frame with a code that nobody may send": (frame(CLOSE, struct.pack("!H", 1006)), 1002),
    "a close frame whose reason is not UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
    "a length beyond 2^63": (b"\x81\xff" + b"\xff" * 8 + MASK, 1002),
    "a length in more bytes than it needs": (b"\x81\xfe\x00\x01" + MASK + b"{", 1002),
    "a message that is too large": (frame(TEXT, b" " * (MAX_MESSAGE_BYTES + 1)), 1009),
    "fragments that are too large together": (
        frame(TEXT, b" ", final=False) + frame(CONTINUATION, b" " * (MAX_MESSAGE_BYTES // 2), final=False) * 2,
        1009,
    ),
    "a flood of empty fragments": (
        frame(TEXT, b"", final=False) + frame(CONTINUATION, b"", final=False) * (3 * int(BURST_FRAMES)),
        1008,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_breaks_the_protocol_is_closed_with_its_code(name: str) -> None:
    sent, code = BROKEN[name]
    node = FakeNode()
    with trio.fail_after(10):
        async with served(node) as address:
            async with opened(address) as stream, trio.open_nursery() as nursery:

                async def send() -> None:
                    with suppress(trio.BrokenResourceError):
                        await stream.send_all(sent)

                nursery.start_soon(send)
                found, reason = close_code(await until_end(stream))
                assert (found, bool(reason)) == (code, True)
            await assert_serves(address)
    assert node.rpc_metrics.websockets._value.get() == 0


async def test_a_message_in_fragments_with_pings_between_is_one_call() -> None:
    async with served(FakeNode()) as address, opened(address) as stream:
        pieces = [CALL[:5], CALL[5:9], CALL[9:]]
        await stream.send_all(
            frame(TEXT, pieces[0], final=False) + frame(PING, b"!") + frame(CONTINUATION, pieces[1], final=False)
        )
        assert await stream.receive_some(100) == b"\x8a\x01!"
        await stream.send_all(frame(CONTINUATION, pieces[2]))
        assert b"daonode:rpc" in await stream.receive_some(1_000)


async def test_a_call_may_come_with_the_handshake() -> None:
    async with served(FakeNode()) as address:
        host, _, port = address.rpartition(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(head() + frame(TEXT, CALL) + frame(CLOSE, struct.pack("!H", 1000)))
            received = await until_end(stream)
            assert b"HTTP/1.1 101 " in received
            assert close_code(received)[0] == 1000


async def test_a_client_that_goes_on_after_its_close_frame_is_not_heard() -> None:
    async with served(FakeNode()) as address:
        async with opened(address) as stream:
            await stream.send_all(frame(CLOSE, struct.pack("!H", 1000)) + frame(TEXT, CALL) * 100)
            received = await until_end(stream)
            assert close_code(received)[0] == 1000
            assert b"result" not in received
        await assert_serves(address)


async def test_a_half_closed_connection_ends() -> None:
    node = FakeNode()
    with trio.fail_after(5):
        async with served(node) as address, opened(address) as stream:
            await stream.send_all(frame(TEXT, CALL[:4], final=False))
            await stream.send_eof()
            assert await until_end(stream) == b""
            assert node.rpc_metrics.websockets._value.get() == 0


async def test_a_message_that_does_not_end_and_silence_are_given_up(mock_clock: trio.testing.MockClock) -> None:
    async with served(FakeNode()) as address:
        mock_clock.autojump_threshold = 0.2
        async with opened(address) as stream:
            began = trio.current_time()
            await stream.send_all(frame(TEXT, b"{", final=False))
            assert close_code(await until_end(stream)) == (1008, f"a message took longer than {MESSAGE_TIMEOUT_S:g} s")
            assert trio.current_time() - began < MESSAGE_TIMEOUT_S + 1
        async with opened(address) as stream:
            began = trio.current_time()
            received = await until_end(stream)
            assert received.startswith(b"\x89")
            assert close_code(received) == (1008, f"nothing came for {IDLE_TIMEOUT_S:g} s")
            assert trio.current_time() - began < IDLE_TIMEOUT_S + 1
        mock_clock.autojump_threshold = inf


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (head(Sec_WebSocket_Version="12"), 400, "bad_handshake"),
        (head(Sec_WebSocket_Key=None), 400, "bad_handshake"),
        (head(Sec_WebSocket_Key="short"), 400, "bad_handshake"),
        (head(Connection="keep-alive"), 400, "bad_handshake"),
        (head(Upgrade="websocket, h2c"), 400, "bad_handshake"),
        (head(Host=None), 400, "bad_handshake"),
        (head(Host="xn--\xe9"), 400, "bad_handshake"),
        (head(Sec_WebSocket_Protocol="\xe9"), 400, "bad_handshake"),
        (head("/nowhere"), 404, "not_found"),
        (head(Host="evil.example"), 403, "wrong_host"),
        (head(Origin="https://evil.example"), 403, "wrong_origin"),
        (head(Origin="http://localhost:1"), 403, "wrong_origin"),
        (head().replace(b"GET", b"POST"), 400, "bad_handshake"),
        (head().replace(b"HTTP/1.1", b"HTTP/1.0"), 400, "bad_handshake"),
    ],
)
async def test_a_handshake_that_is_none_gets_an_error_that_says_why(sent: bytes, status: int, reason: str) -> None:
    with trio.fail_after(5):
        async with served(FakeNode()) as address:
            host, _, port = address.rpartition(":")
            async with await trio.open_tcp_stream(host, int(port)) as stream:
                await stream.send_all(sent)
                received = await until_end(stream)
            assert received.startswith(f"HTTP/1.1 {status} ".encode()), received
            assert error_in(json.loads(received.partition(b"\r\n\r\n")[2]))["reason"] == reason
            await assert_serves(address)


async def test_pages_of_this_server_and_of_listed_origins_may_connect() -> None:
    async with served(FakeNode(), cors_origins=("https://wallet.example",)) as address:
        for first in (head(Origin="https://wallet.example"), head(Host=address, Origin=f"http://{address}")):
            async with opened(address, first=first):
                pass


async def test_an_upgrade_on_a_connection_that_was_used_is_refused() -> None:
    with trio.fail_after(5):
        async with served(FakeNode()) as address:
            host, _, port = address.rpartition(":")
            async with await trio.open_tcp_stream(host, int(port)) as stream:
                await stream.send_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                received = b""
                while b"true" not in received:
                    received += await stream.receive_some(1_000)
                await stream.send_all(head())
                assert (await until_end(stream)).startswith(b"HTTP/1.1 403 ")
            await assert_serves(address)


async def test_other_names_of_this_machine_are_answered_and_strange_ones_are_not() -> None:
    async with (
        served(FakeNode()) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        for host in ("localhost", "LOCALHOST:26657", "127.0.0.1:1", "[::1]:26657", "127.9.9.9"):
            assert (await client.get("/livez", headers={"Host": host})).status_code == 200
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1"):
            refused = await client.get("/", headers={"Host": host})
            assert refused.status_code == 403
            assert error_in(refused.json())["reason"] == "wrong_host"


async def test_stopping_says_so_to_every_client() -> None:
    node = FakeNode()
    async with trio.open_nursery() as nursery, served(node) as address:
        ended: list[tuple[int, str]] = []
        ready = trio.Event()

        async def wait() -> None:
            async with opened(address) as stream:
                ready.set()
                ended.append(close_code(await until_end(stream)))

        nursery.start_soon(wait)
        await ready.wait()
    assert ended == [(1001, "the node is stopping")]
