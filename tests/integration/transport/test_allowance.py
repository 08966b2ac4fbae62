"""A peer that sends more than its allowance is read more slowly, and nobody else is."""

from __future__ import annotations

import pytest
import trio

from daonode.node.transport import allowance
from daonode.node.transport.service import Transport
from daonode.node.transport.types import LANE_LIMITS, Inbound, Lane
from tests.integration.transport.support import frames_of, next_of, open_hosts

RATE = LANE_LIMITS[Lane.CONSENSUS].inbound_frames_a_second


async def received_within(host: Transport, seconds: float) -> int:
    """Receive for a time; returns how many frames there were."""
    count = 0
    with trio.move_on_after(seconds):
        while True:
            await next_of(host, Inbound)
            count += 1
    return count


async def test_a_flood_is_read_at_the_allowed_pace_and_another_peer_is_heard_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowance, "BURST_SECONDS", 0.1)
    async with open_hosts(3) as (host, hostile, honest):
        for number in range(500):
            hostile.send(host.peer_id, Lane.CONSENSUS, b"%d" % number)
        # The burst, and what half a second allows.
        assert await received_within(host, 0.5) <= RATE * 0.6 + 10
        assert host.counters.lane(hostile.peer_id, Lane.CONSENSUS).slowed_frames > 0
        honest.send(host.peer_id, Lane.CONSENSUS, b"vote")
        with trio.fail_after(1):
            while (await next_of(host, Inbound)).peer != honest.peer_id:
                pass
        assert host.counters.lane(honest.peer_id, Lane.CONSENSUS).slowed_frames == 0


async def test_a_lane_that_is_held_back_waits_and_loses_nothing_and_other_lanes_go_on() -> None:
    async with open_hosts(2) as (host, other):
        began = trio.current_time()
        host.hold_back(other.peer_id, Lane.MEMPOOL, for_seconds=0.4)
        other.send(host.peer_id, Lane.MEMPOOL, b"later")
        other.send(host.peer_id, Lane.CONSENSUS, b"now")
        with trio.fail_after(5):
            first, second = await frames_of(host, 2)
        assert (first.data, second.data) == (b"now", b"later")
        assert trio.current_time() - began >= 0.4
