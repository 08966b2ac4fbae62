"""Frames survive any cut of the stream, and a length out of bounds is never waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daonode.node.transport.errors import FrameSizeRefused, PeerBroke
from daonode.node.transport.framing import FrameDecoder, frame_length_prefix

LIMIT = 50
FRAMES = st.lists(st.binary(min_size=1, max_size=LIMIT), max_size=20)


@given(frames=FRAMES, cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame_length_prefix(frame, max_frame_bytes=LIMIT) + frame for frame in frames)
    decoder = FrameDecoder(max_frame_bytes=LIMIT)
    decoded: list[bytes] = []
    turn = 0
    while stream:
        size = cuts[turn % len(cuts)]
        decoded += decoder.feed(stream[:size])
        stream = stream[size:]
        turn += 1
    assert decoded == frames


@pytest.mark.parametrize("length", [0, LIMIT + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_a_breach_as_soon_as_it_is_read(length: int) -> None:
    with pytest.raises(PeerBroke, match=f"a frame of {length} bytes"):
        FrameDecoder(max_frame_bytes=LIMIT).feed(length.to_bytes(4, "big"))


@pytest.mark.parametrize("size", [0, LIMIT + 1])
def test_a_frame_that_no_peer_would_accept_is_not_framed(size: int) -> None:
    with pytest.raises(FrameSizeRefused, match=f"1 to {LIMIT} bytes on this lane, not {size}"):
        frame_length_prefix(bytes(size), max_frame_bytes=LIMIT)
