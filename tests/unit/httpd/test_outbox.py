"""Frames that wait for a client: order, bounds, and a client that takes nothing."""

import pytest
import trio
import trio.testing

from daonode.httpd.outbox import MAX_QUEUED_BYTES, PIECE_BYTES, STALLED_AFTER_S, Outbox, Stalled

FRAME = b"x" * (MAX_QUEUED_BYTES // 4)


async def test_frames_are_written_in_order_and_told_when_they_begin() -> None:
    outbox, (ours, theirs) = Outbox(), trio.testing.memory_stream_pair()
    begun: list[int] = []
    for index in range(3):
        await outbox.put(bytes([index]) * 3, on_begun=lambda index=index: begun.append(index))
    outbox.end()
    outbox.put_now(b"too late")
    await outbox.run(ours)
    assert begun == [0, 1, 2]
    assert await theirs.receive_some(100) == b"\0\0\0\1\1\1\2\2\2"


async def test_a_full_box_waits_for_a_client_that_reads(autojump_clock: trio.testing.MockClock) -> None:
    outbox, (ours, theirs) = Outbox(), trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.run, ours)

        async def read_slowly() -> None:
            for _ in range(8):
                await trio.sleep(STALLED_AFTER_S / 2)
                received = 0
                while received < len(FRAME):
                    received += len(await theirs.receive_some(len(FRAME) - received))

        nursery.start_soon(read_slowly)
        for _ in range(8):
            await outbox.put(FRAME)
        outbox.end()


async def test_a_client_that_takes_nothing_is_stalled_after_a_while(autojump_clock: trio.testing.MockClock) -> None:
    outbox, (ours, _) = Outbox(), trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.run, ours)
        began = trio.current_time()
        for _ in range(5):
            await outbox.put(FRAME)
        with pytest.raises(Stalled):
            await outbox.put(FRAME)
        assert STALLED_AFTER_S <= trio.current_time() - began < STALLED_AFTER_S + 1
        nursery.cancel_scope.cancel()


async def test_dropping_leaves_what_is_begun_and_makes_room() -> None:
    outbox, (ours, theirs) = Outbox(), trio.testing.memory_stream_pair()
    for _ in range(4):
        await outbox.put(FRAME)
    outbox.drop()
    await outbox.put(b"last")
    outbox.end()
    await outbox.run(ours)
    assert await theirs.receive_some(100) == b"last"


async def test_a_frame_larger_than_the_box_goes_alone() -> None:
    outbox = Outbox()
    with trio.fail_after(1):
        await outbox.put(b"x" * (MAX_QUEUED_BYTES + 1))


async def test_a_client_that_reads_slowly_and_steadily_costs_bounded_memory_and_is_never_stalled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    outbox, (ours, theirs) = Outbox(), trio.testing.lockstep_stream_pair()
    frame, frames = b"x" * PIECE_BYTES, 200
    taken = 0

    async def read_slowly() -> None:
        nonlocal taken
        while taken < frames * len(frame):
            await trio.sleep(STALLED_AFTER_S * 0.9)
            wanted = PIECE_BYTES
            while wanted:
                received = len(await theirs.receive_some(wanted))
                wanted -= received
                taken += received

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.run, ours)
        nursery.start_soon(read_slowly)
        began = trio.current_time()
        for number in range(1, frames + 1):
            await outbox.put(frame)
            assert number * len(frame) - taken <= MAX_QUEUED_BYTES + len(frame), "what waits, and what is being written"
        outbox.end()
    assert trio.current_time() - began > 100 * STALLED_AFTER_S
