"""The outbound queue never waits, never exceeds its bounds, and counts what it gives up."""

from dataclasses import replace

import trio
import trio.testing

from daonode.node.transport.counters import LaneCounters
from daonode.node.transport.outbound import OutboundQueue
from daonode.node.transport.types import LANE_LIMITS, Lane, LaneLimits, WhenFull

LIMITS = replace(LANE_LIMITS[Lane.CONSENSUS], outbound_queue_frames=3, outbound_queue_bytes=100)
EVERYTHING = 1000


def _queue(limits: LaneLimits = LIMITS) -> tuple[OutboundQueue, LaneCounters]:
    counters = LaneCounters()
    return OutboundQueue(limits, counters), counters


async def test_the_oldest_frame_makes_room_where_the_lane_says_so() -> None:
    queue, counters = _queue()
    for frame in (b"1", b"2", b"3", b"4", b"5"):
        queue.put(frame)
    assert counters.dropped_full_frames == 2
    assert await queue.take(max_bytes=EVERYTHING) == [b"3", b"4", b"5"]


async def test_the_newest_frame_is_given_up_where_the_lane_says_so() -> None:
    queue, counters = _queue(replace(LIMITS, when_full=WhenFull.DROP_NEWEST))
    for frame in (b"1", b"2", b"3", b"4", b"5"):
        queue.put(frame)
    assert counters.dropped_full_frames == 2
    assert await queue.take(max_bytes=EVERYTHING) == [b"1", b"2", b"3"]


async def test_the_bound_in_bytes_holds_and_one_frame_above_it_still_fits_into_an_empty_queue() -> None:
    queue, counters = _queue()
    queue.put(bytes(60))
    queue.put(bytes(60))
    assert (len(queue), queue.queued_bytes, counters.dropped_full_frames) == (1, 60, 1)
    queue.put(bytes(150))
    assert (len(queue), queue.queued_bytes, counters.dropped_full_frames) == (1, 150, 2)
    assert await queue.take(max_bytes=EVERYTHING) == [bytes(150)]
    assert queue.queued_bytes == 0


async def test_a_batch_holds_what_fits_and_at_least_one_frame() -> None:
    queue, _ = _queue()
    for frame in (b"aaaa", b"bb", b"cccccc"):
        queue.put(frame)
    assert await queue.take(max_bytes=6) == [b"aaaa", b"bb"]
    assert await queue.take(max_bytes=1) == [b"cccccc"]


async def test_a_taker_waits_for_a_frame() -> None:
    queue, _ = _queue()
    async with trio.open_nursery() as nursery:
        taken: list[bytes] = []

        async def take() -> None:
            taken.extend(await queue.take(max_bytes=EVERYTHING))

        nursery.start_soon(take)
        await trio.testing.wait_all_tasks_blocked()
        queue.put(b"late")
    assert taken == [b"late"]


def test_what_outlives_a_connection_is_the_lanes_rule() -> None:
    for keeps in (True, False):
        queue, counters = _queue(replace(LIMITS, keep_while_disconnected=keeps))
        queue.put(b"queued")
        queue.on_disconnected()
        queue.put_while_disconnected(b"sent to nobody")
        assert len(queue) == (2 if keeps else 0)
        assert counters.dropped_disconnected_frames == (0 if keeps else 2)
