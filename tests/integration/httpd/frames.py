"""WebSocket connections in bytes: an upgrade request, frames that are well-formed or not, and what comes back."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
CONTINUATION, TEXT, BINARY, CLOSE, PING = 0x0, 0x1, 0x2, 0x8, 0x9
MASK = b"\x01\x02\x03\x04"


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame, well-formed or not."""
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 2**16:
        head += struct.pack("!BH", bit | 126, len(payload))
    else:
        head += struct.pack("!BQ", bit | 127, len(payload))
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))


def head(path: str = "/ws", **changed: str | None) -> bytes:
    """An upgrade request; None leaves a header out."""
    fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


@asynccontextmanager
async def opened(address: str, *, first: bytes | None = None) -> AsyncIterator[trio.SocketStream]:
    """A connection after its handshake, in bytes."""
    host, _, port = address.rpartition(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(head() if first is None else first)
        received = b""
        while b"\r\n\r\n" not in received:
            received += await stream.receive_some(1_000)
        assert received.startswith(b"HTTP/1.1 101 "), received
        yield stream


async def until_end(stream: trio.SocketStream) -> bytes:
    """Everything that comes until the server closes."""
    received = b""
    with suppress(trio.BrokenResourceError):
        async for data in stream:
            received += data
    return received


def close_code(received: bytes) -> tuple[int, str]:
    """The code and the reason of the close frame at the end."""
    start = received.rindex(b"\x88")
    payload = received[start + 2 :]
    assert received[start + 1] == len(payload)
    return struct.unpack("!H", payload[:2])[0], payload[2:].decode()
