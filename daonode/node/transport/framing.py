"""Frames on a lane: four bytes of length, big endian, then that many bytes. Without I/O.

A length of zero or above the lane's bound is a breach of the protocol and cannot be recovered from: what follows it has
no known boundary.
"""

from daonode.node.transport.errors import FrameSizeRefused, PeerBroke

LENGTH_BYTES = 4


def frame_length_prefix(data: bytes, *, max_frame_bytes: int) -> bytes:
    """Return the four-byte prefix of a frame that carries `data`.

    Raises:
        FrameSizeRefused: `data` is empty or longer than `max_frame_bytes`.
    """
    if not 0 < len(data) <= max_frame_bytes:
        raise FrameSizeRefused(size_bytes=len(data), max_frame_bytes=max_frame_bytes)
    return len(data).to_bytes(LENGTH_BYTES, "big")


class FrameDecoder:
    """Cuts a stream of bytes into frames. Holds less than one frame of at most `max_frame_bytes` between calls."""

    def __init__(self, *, max_frame_bytes: int) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in and return the payloads that are complete now, in order.

        Raises:
            PeerBroke: a prefix announces zero bytes or more than the lane's bound. The decoder is of no use then.
        """
        self._buffer += data
        frames: list[bytes] = []
        start = 0
        while len(self._buffer) - start >= LENGTH_BYTES:
            body = start + LENGTH_BYTES
            length = int.from_bytes(self._buffer[start:body], "big")
            if not 0 < length <= self._max_frame_bytes:
                raise PeerBroke(f"announced a frame of {length} bytes; a frame holds 1 to {self._max_frame_bytes}")
            if len(self._buffer) - body < length:
                break
            frames.append(bytes(self._buffer[body : body + length]))
            start = body + length
        del self._buffer[:start]
        return frames
