"""Two and four real hosts exchange frames."""

import pytest
import trio

from daonode.node.transport.errors import FrameSizeRefused
from daonode.node.transport.types import LANE_LIMITS, Inbound, Lane
from tests.integration.transport.support import frames_of, id_of, next_of, open_hosts


@pytest.mark.parametrize("lane", list(Lane))
async def test_two_hosts_answer_each_other_on_every_lane(lane: Lane) -> None:
    async with open_hosts(2) as (alice, bob):
        with trio.fail_after(5):
            alice.send(bob.peer_id, lane, b"question")
            assert await next_of(bob, Inbound) == Inbound(peer=alice.peer_id, lane=lane, data=b"question")
            bob.send(alice.peer_id, lane, b"answer")
            assert await next_of(alice, Inbound) == Inbound(peer=bob.peer_id, lane=lane, data=b"answer")


async def test_a_broadcast_of_each_of_four_hosts_reaches_the_three_others_once() -> None:
    async with open_hosts(4) as hosts:
        for number, host in enumerate(hosts):
            for lane in Lane:
                host.broadcast(lane, b"from %d" % number)
        with trio.fail_after(10):
            for number, host in enumerate(hosts):
                received = {(item.peer, item.lane, item.data) for item in await frames_of(host, 9)}
                others = [other for other in range(4) if other != number]
                assert received == {(id_of(other), lane, b"from %d" % other) for other in others for lane in Lane}
                assert sorted(host.connected_peers()) == sorted(id_of(other) for other in others)


async def test_frames_of_a_lane_arrive_in_the_order_in_which_they_were_sent() -> None:
    async with open_hosts(2) as (alice, bob):
        sent = [b"%d " % number * (number % 97 + 1) for number in range(3000)]
        for data in sent:
            alice.send(bob.peer_id, Lane.MEMPOOL, data)
        with trio.fail_after(10):
            assert [item.data for item in await frames_of(bob, len(sent))] == sent


@pytest.mark.parametrize("lane", list(Lane))
async def test_a_frame_of_the_largest_size_arrives_whole_and_a_larger_one_is_refused(lane: Lane) -> None:
    largest = LANE_LIMITS[lane].max_frame_bytes
    async with open_hosts(2) as (alice, bob):
        data = b"0123456789abcdef" * (largest // 16)
        alice.send(bob.peer_id, lane, data)
        with trio.fail_after(10):
            assert (await next_of(bob, Inbound)).data == data
        for refused in (data + b"1", b""):
            with pytest.raises(FrameSizeRefused):
                alice.send(bob.peer_id, lane, refused)


async def test_counters_tell_what_was_carried() -> None:
    async with open_hosts(2) as (alice, bob):
        for _ in range(10):
            alice.send(bob.peer_id, Lane.SYNC, bytes(100))
        with trio.fail_after(5):
            await frames_of(bob, 10)
            bob.send(alice.peer_id, Lane.SYNC, b"done")
            await next_of(alice, Inbound)
        sent = alice.counters.lane(bob.peer_id, Lane.SYNC)
        received = bob.counters.lane(alice.peer_id, Lane.SYNC)
        assert (sent.sent_frames, sent.sent_bytes) == (received.received_frames, received.received_bytes) == (10, 1000)
        assert alice.counters.peer(bob.peer_id).connected == 1
