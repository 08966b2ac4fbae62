"""yamux streams with bounded windows and few acknowledgements.

What libp2p 0.8 does with yamux, and what is done here instead:

- It grows receive windows to 16 MiB a stream and accepts DATA frames as large. Its limit is set to the initial window.
- It accepts what a peer sends beyond its window. `find_overrun` finds it.
- `YamuxStream.read` answers every read with a window update, and grants more than was read. `LaneStream` reads with
  `Yamux.read_stream` and gives credit back in halves of a window.
- A write without window polls, and fails after five seconds. `LaneStream` writes only what fits and waits as long as
  the connection lives: a slow reader is not an error, a dead one ends with its connection.
- `Yamux.close` writes before it closes, so a peer that does not read blocks it for ever. Nothing here calls it:
  connections end by closing their socket.
"""

import trio
from libp2p.exceptions import BaseLibp2pError
from libp2p.io.abc import ReadWriteCloser
from libp2p.stream_muxer.yamux import yamux
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream

from daonode.node.transport.errors import ConnectionLost

WINDOW_BYTES = yamux.DEFAULT_WINDOW_SIZE
CREDIT_BATCH_BYTES = WINDOW_BYTES // 2
WRITE_SLICE_BYTES = 32 * 1024
"""Lanes of a connection take turns at the socket by slices of this size, so it bounds how long one waits for others."""
WINDOW_POLL_SECONDS = 0.005
_STREAM_ERRORS = (BaseLibp2pError, OSError, trio.BrokenResourceError, trio.ClosedResourceError)

yamux.MAX_WINDOW_SIZE = WINDOW_BYTES


def find_overrun(muxer: Yamux) -> str | None:
    """Say which stream's peer sent more than its window, or return None."""
    for stream_id, buffer in muxer.stream_buffers.items():
        if len(buffer) > WINDOW_BYTES:
            return f"sent {len(buffer)} bytes on stream {stream_id}, whose window is {WINDOW_BYTES}"
    return None


class LaneStream(ReadWriteCloser):
    """One yamux stream. One task reads and one task writes.

    Every method raises `ConnectionLost` when the stream or its connection has ended.
    """

    def __init__(self, stream: YamuxStream) -> None:
        self._stream = stream
        self._unreleased_bytes = 0

    @classmethod
    async def open(cls, muxer: Yamux) -> "LaneStream":
        """Open a stream to the peer."""
        try:
            return cls(await muxer.open_stream())
        except _STREAM_ERRORS as error:
            raise ConnectionLost(f"cannot open a stream: {error}") from error

    @classmethod
    async def accept(cls, muxer: Yamux) -> "LaneStream":
        """Wait for a stream that the peer opens."""
        try:
            stream = await muxer.accept_stream()
        except _STREAM_ERRORS as error:
            raise ConnectionLost("the connection ended") from error
        assert isinstance(stream, YamuxStream)
        return cls(stream)

    async def read(self, n: int | None = None) -> bytes:
        """Return 1 to `n` bytes, or all that have come where `n` is None, waiting until there are some."""
        try:
            data = await self._stream.conn.read_stream(self._stream.stream_id, -1 if n is None else n)
            self._unreleased_bytes += len(data)
            if self._unreleased_bytes >= CREDIT_BATCH_BYTES:
                credit, self._unreleased_bytes = self._unreleased_bytes, 0
                self._stream.recv_window += credit
                await self._stream.send_window_update(credit)
        except _STREAM_ERRORS as error:
            raise ConnectionLost(f"the stream ended: {error}") from error
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting for the peer's window. Cancelling it leaves a partial frame: end the connection then."""
        view = memoryview(data)
        for start in range(0, len(data), WRITE_SLICE_BYTES):
            piece = bytes(view[start : start + WRITE_SLICE_BYTES])
            # The library sets no event when a window opens.
            while self._stream.send_window < len(piece) and not self._stream.closed:  # noqa: ASYNC110  see above
                await trio.sleep(WINDOW_POLL_SECONDS)
            try:
                await self._stream.write(piece)
            except _STREAM_ERRORS as error:
                raise ConnectionLost(f"the stream ended: {error}") from error

    async def close(self) -> None:
        """Refuse the stream: both directions end at once."""
        try:
            await self._stream.reset()
        except _STREAM_ERRORS as error:
            raise ConnectionLost(f"the stream ended: {error}") from error

    def get_remote_address(self) -> tuple[str, int] | None:
        """Return host and port of the peer."""
        return self._stream.get_remote_address()
