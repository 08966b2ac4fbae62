"""yamux streams with bounded windows and few acknowledgements.

What libp2p 0.8 does with yamux, and what is done here instead:

- It grows receive windows to 16 MiB a stream and accepts DATA frames as large. Its limit is set to the initial window.
- It accepts what a peer sends beyond its window. `LaneMuxer.on_read` finds it.
- `YamuxStream.read` answers every read with a window update, and grants more than was read. `LaneStream` reads with
  `Yamux.read_stream` and gives credit back in halves of a window.
- A write without window polls, and fails after five seconds. `LaneStream` writes only what fits and waits as long as
  the connection lives: a slow reader is not an error, a dead one ends with its connection.
- It pings each 30 s, both sides at the same time, and answers from the task that reads: with both directions full, each
  side waits for the other to read. `LaneMuxer` does not ping; sessions have a heartbeat of their own.
- `Yamux.close` writes before it closes, so a peer that does not read blocks it for ever. Nothing here calls it:
  connections end by closing their socket.
"""

import trio
from libp2p.abc import ISecureConn
from libp2p.exceptions import BaseLibp2pError
from libp2p.io.abc import ReadWriteCloser
from libp2p.peer.id import ID
from libp2p.stream_muxer.yamux import yamux
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream

from daonode.node.transport.errors import ConnectionLost

WINDOW_BYTES = yamux.DEFAULT_WINDOW_SIZE
CREDIT_BATCH_BYTES = WINDOW_BYTES // 2
WRITE_SLICE_BYTES = 32 * 1024
"""Lanes of a connection take turns at the socket by slices of this size, so it bounds how long one waits for others."""
_STREAM_ERRORS = (BaseLibp2pError, OSError, trio.BrokenResourceError, trio.ClosedResourceError)

yamux.MAX_WINDOW_SIZE = WINDOW_BYTES


class LaneMuxer(Yamux):
    """libp2p's yamux, which never writes from the task that reads once its streams are open."""

    async def _measure_rtt_loop(self) -> None:
        """Measure nothing: the library uses round trips for window sizes alone, which are fixed here."""

    def __init__(self, secured: ISecureConn, peer: ID, *, is_initiator: bool) -> None:
        super().__init__(secured, peer, is_initiator=is_initiator)
        self._window_waiters = trio.lowlevel.ParkingLot()

    async def window_may_have_opened(self) -> None:
        """Wait until more has been received. The caller looks for itself whether it was credit for its stream."""
        await self._window_waiters.park()

    def on_read(self) -> str | None:
        """Look at what the last frame did, as the next is about to be read; say what the peer broke, or return None.

        The library has no hook for a frame that it has handled. It reads the next one when it has, so this is called
        from the socket's `read`: to wake those who wait for credit, and to find out who sends beyond a window.
        """
        self._window_waiters.unpark_all()
        for stream_id, buffer in self.stream_buffers.items():
            if len(buffer) > WINDOW_BYTES:
                return f"sent {len(buffer)} bytes on stream {stream_id}, whose window is {WINDOW_BYTES}"
        return None


class LaneStream(ReadWriteCloser):
    """One yamux stream. One task reads and one task writes.

    Every method raises `ConnectionLost` when the stream or its connection has ended.
    """

    def __init__(self, muxer: LaneMuxer, stream: YamuxStream) -> None:
        self._muxer = muxer
        self._stream = stream
        self._unreleased_bytes = 0

    @classmethod
    async def open(cls, muxer: LaneMuxer) -> "LaneStream":
        """Open a stream to the peer."""
        try:
            return cls(muxer, await muxer.open_stream())
        except _STREAM_ERRORS as error:
            raise ConnectionLost(f"cannot open a stream: {error}") from error

    @classmethod
    async def accept(cls, muxer: LaneMuxer) -> "LaneStream":
        """Wait for a stream that the peer opens."""
        try:
            stream = await muxer.accept_stream()
        except _STREAM_ERRORS as error:
            raise ConnectionLost("the connection ended") from error
        assert isinstance(stream, YamuxStream)
        return cls(muxer, stream)

    async def read(self, n: int | None = None) -> bytes:
        """Return 1 to `n` bytes, or all that have come where `n` is None, waiting until there are some."""
        try:
            data = await self._muxer.read_stream(self._stream.stream_id, -1 if n is None else n)
            self._unreleased_bytes += len(data)
            if self._unreleased_bytes >= CREDIT_BATCH_BYTES:
                credit, self._unreleased_bytes = self._unreleased_bytes, 0
                self._stream.recv_window += credit
                await self._stream.send_window_update(credit)
        except _STREAM_ERRORS as error:
            raise ConnectionLost(f"the stream ended: {error}") from error
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting for the peer's window.

        The wait ends with credit, with a reset stream, or with the cancellation that follows the end of the connection.
        Cancelling leaves a partial frame, so the connection has to end then.
        """
        view = memoryview(data)
        for start in range(0, len(data), WRITE_SLICE_BYTES):
            piece = bytes(view[start : start + WRITE_SLICE_BYTES])
            while self._stream.send_window < len(piece) and not self._stream.closed:
                await self._muxer.window_may_have_opened()
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
