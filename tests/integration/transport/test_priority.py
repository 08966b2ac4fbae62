"""A lane that is full, or a peer that does not read, delays nobody else."""

import trio
import trio.testing

from daonode.node.transport.types import LANE_LIMITS, Inbound, Lane
from tests.integration.transport.support import frames_of, next_of, open_hosts


async def test_a_consensus_frame_overtakes_a_thousand_queued_mempool_frames() -> None:
    async with open_hosts(2) as (alice, bob):
        for _ in range(1000):
            alice.send(bob.peer_id, Lane.MEMPOOL, bytes(3000))
        # The flood is under way when the vote is cast: some of it has arrived, most of it waits at the sender.
        with trio.fail_after(10):
            await next_of(bob, Inbound)
            alice.send(bob.peer_id, Lane.CONSENSUS, b"vote")
            before_the_vote = 0
            while (await next_of(bob, Inbound)).lane is not Lane.CONSENSUS:
                before_the_vote += 1
            after_the_vote = [item.lane for item in await frames_of(bob, 999 - before_the_vote)]
        assert before_the_vote < 500
        assert after_the_vote == [Lane.MEMPOOL] * (999 - before_the_vote)


async def test_a_consensus_frame_that_has_arrived_is_received_before_older_frames_of_other_lanes() -> None:
    async with open_hosts(2) as (alice, bob):
        for lane in (Lane.MEMPOOL, Lane.SYNC):
            for _ in range(20):
                alice.send(bob.peer_id, lane, b"older")
        with trio.fail_after(5):
            while bob.counters.lane(alice.peer_id, Lane.MEMPOOL).received_frames < 20:
                await trio.testing.wait_all_tasks_blocked()
            alice.send(bob.peer_id, Lane.CONSENSUS, b"newer")
            while bob.counters.lane(alice.peer_id, Lane.CONSENSUS).received_frames < 1:
                await trio.testing.wait_all_tasks_blocked()
            assert (await next_of(bob, Inbound)).data == b"newer"


async def test_a_peer_that_does_not_read_slows_nobody_and_its_drops_are_counted() -> None:
    limits = LANE_LIMITS[Lane.CONSENSUS]
    frame_bytes = 64 * 1024
    count = 600
    async with open_hosts(3) as (alice, slow, quick):
        with trio.fail_after(20):
            for number in range(count):
                alice.broadcast(Lane.CONSENSUS, number.to_bytes(4, "big") + bytes(frame_bytes - 4))
                received = await next_of(quick, Inbound)
                assert int.from_bytes(received.data[:4], "big") == number
            dropped = alice.counters.lane(slow.peer_id, Lane.CONSENSUS).dropped_full_frames
            assert dropped > 0
            assert alice.counters.lane(quick.peer_id, Lane.CONSENSUS).dropped_full_frames == 0
            # What waits for the slow peer is bounded: its queue here, a window on the way, its queue there.
            held_bytes = limits.outbound_queue_bytes + limits.inbound_queue_bytes + 1024 * 1024
            assert (count - dropped) * frame_bytes <= held_bytes
            # The newest frame is there when the slow peer reads at last; the dropped ones are older.
            numbers = [int.from_bytes(item.data[:4], "big") for item in await frames_of(slow, count - dropped)]
        assert numbers == sorted(numbers)
        assert numbers[-1] == count - 1


async def test_a_full_mempool_lane_drops_the_newest() -> None:
    count = 12_000
    async with open_hosts(2) as (alice, bob):
        for number in range(count):
            alice.send(bob.peer_id, Lane.MEMPOOL, number.to_bytes(4, "big"))
        dropped = alice.counters.lane(bob.peer_id, Lane.MEMPOOL).dropped_full_frames
        with trio.fail_after(10):
            numbers = [int.from_bytes(item.data, "big") for item in await frames_of(bob, count - dropped)]
        assert numbers == list(range(LANE_LIMITS[Lane.MEMPOOL].outbound_queue_frames))
