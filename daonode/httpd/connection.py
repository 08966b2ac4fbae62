"""One accepted connection: its first head, and a stream for the HTTP server that gives up on who never reads."""

from __future__ import annotations

import socket
from typing import Final

import anyio
import trio
from anyio.abc import SocketStream

MAX_HEAD_BYTES: Final = 16 * 1024
"""A request's line and headers."""
HEAD_TIMEOUT_S: Final = 20.0
"""How long a connection may go without a whole request's head."""
WRITE_TIMEOUT_S: Final = 20.0
"""How long a client may take for `PIECE_BYTES` of an answer."""
PIECE_BYTES: Final = 64 * 1024


async def read_head(stream: trio.SocketStream) -> bytes:
    """What comes first: up to and with a request's head, or as much as shows that none will come; nothing when the
    client sends too little for too long, or leaves."""
    head = b""
    with trio.move_on_after(HEAD_TIMEOUT_S) as reading:
        while not _is_enough(head):
            try:
                data = await stream.receive_some(MAX_HEAD_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return b""
            if not data:
                return b""
            head += data
    return b"" if reading.cancelled_caught else head


def _is_enough(head: bytes) -> bool:
    is_whole = b"\n\r\n" in head or b"\n\n" in head
    return is_whole or len(head) > MAX_HEAD_BYTES or (bool(head) and not head[:1].isalpha())


def asks_for_websocket(head: bytes) -> bool:
    """Whether a request's head asks to become a WebSocket."""
    lines = head.lower().splitlines()
    return any(line.startswith(b"upgrade:") and b"websocket" in line for line in lines[1:])


class HttpStream(SocketStream):
    """The stream that the HTTP server reads and writes; what was read already comes first."""

    def __init__(self, stream: trio.SocketStream, head: bytes, *, raw_socket: socket.socket) -> None:
        self._stream = stream
        self._head = head
        self._socket = raw_socket

    @property
    def _raw_socket(self) -> socket.socket:
        """For its addresses alone."""
        return self._socket

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """The next bytes."""
        if self._head:
            data, self._head = self._head[:max_bytes], self._head[max_bytes:]
            return data
        try:
            data = await self._stream.receive_some(max_bytes)
        except trio.ClosedResourceError:
            raise anyio.ClosedResourceError from None
        except trio.BrokenResourceError as error:
            raise anyio.BrokenResourceError from error
        if not data:
            raise anyio.EndOfStream
        return data

    async def send(self, item: bytes) -> None:
        """Write everything, or end the connection when the client takes too little."""
        try:
            for start in range(0, len(item), PIECE_BYTES):
                with trio.fail_after(WRITE_TIMEOUT_S):
                    await self._stream.send_all(item[start : start + PIECE_BYTES])
        except trio.ClosedResourceError:
            raise anyio.ClosedResourceError from None
        except trio.BrokenResourceError as error:
            raise anyio.BrokenResourceError from error
        except trio.TooSlowError as error:
            await trio.aclose_forcefully(self._stream)
            raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        """Say that nothing more comes."""
        try:
            await self._stream.send_eof()
        except (trio.ClosedResourceError, trio.BrokenResourceError) as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """Close."""
        await self._stream.aclose()
