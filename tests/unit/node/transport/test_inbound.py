"""The inbox serves events first, then consensus, is fair between peers, and never grows without bound."""

import pytest
import trio
import trio.testing

from daonode.node.transport.identity import PeerId
from daonode.node.transport.inbound import MAX_STREAK_FRAMES, Inbox
from daonode.node.transport.types import (
    LANE_LIMITS,
    Inbound,
    Lane,
    PeerConnected,
    PeerDisconnected,
    PeerMisbehaved,
    Received,
)

ALICE = PeerId("alice")
BOB = PeerId("bob")


async def _put(inbox: Inbox, peer: PeerId, lane: Lane, *frames: bytes) -> None:
    for data in frames:
        await inbox.put(Inbound(peer=peer, lane=lane, data=data))


async def _take(inbox: Inbox, count: int) -> list[Received]:
    """Take `count` items and check that no more wait."""
    taken: list[Received] = []

    async def take_all() -> None:
        while True:
            taken.append(await inbox.take())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_all)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert len(taken) == count
    return taken


async def test_lanes_are_served_in_their_order_and_events_before_all() -> None:
    inbox = Inbox()
    for lane in (Lane.MEMPOOL, Lane.SYNC, Lane.CONSENSUS):
        await _put(inbox, ALICE, lane, lane.value.encode())
    inbox.put_event(PeerConnected(peer=ALICE))
    assert await _take(inbox, 4) == [
        PeerConnected(peer=ALICE),
        *(Inbound(peer=ALICE, lane=lane, data=lane.value.encode()) for lane in Lane),
    ]


async def test_peers_take_turns_and_keep_their_own_order() -> None:
    inbox = Inbox()
    await _put(inbox, ALICE, Lane.SYNC, b"a1", b"a2", b"a3")
    await _put(inbox, BOB, Lane.SYNC, b"b1")
    taken = [item.data for item in await _take(inbox, 4) if isinstance(item, Inbound)]
    assert taken == [b"a1", b"b1", b"a2", b"a3"]


async def test_a_flood_on_one_lane_delays_the_others_and_does_not_silence_them() -> None:
    inbox = Inbox()
    flood = MAX_STREAK_FRAMES * 3
    await _put(inbox, ALICE, Lane.CONSENSUS, *(b"%d" % number for number in range(flood)))
    await _put(inbox, BOB, Lane.SYNC, b"sync")
    await _put(inbox, BOB, Lane.MEMPOOL, b"mempool")
    lanes = [item.lane for item in await _take(inbox, flood + 2) if isinstance(item, Inbound)]
    others = {lanes.index(Lane.SYNC), lanes.index(Lane.MEMPOOL)}
    assert others == {MAX_STREAK_FRAMES, MAX_STREAK_FRAMES * 2 + 1}


async def test_a_full_queue_makes_its_reader_wait_and_no_other() -> None:
    inbox = Inbox()
    bound = LANE_LIMITS[Lane.SYNC].inbound_queue_frames
    frames = [b"%d" % number for number in range(bound + 10)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_put, inbox, ALICE, Lane.SYNC, *frames)
        await trio.testing.wait_all_tasks_blocked()
        assert nursery.child_tasks
        await _put(inbox, BOB, Lane.SYNC, b"bob")
        await _put(inbox, ALICE, Lane.MEMPOOL, b"other lane")
        taken = [await inbox.take() for _ in range(len(frames) + 2)]
    in_sync = [item.data for item in taken if isinstance(item, Inbound) and item.lane is Lane.SYNC]
    assert [data for data in in_sync if data != b"bob"] == frames
    assert in_sync.index(b"bob") == 1


async def test_a_queue_is_bounded_in_bytes_and_takes_one_frame_of_any_size() -> None:
    inbox = Inbox()
    limits = LANE_LIMITS[Lane.MEMPOOL]
    await _put(inbox, ALICE, Lane.MEMPOOL, bytes(limits.inbound_queue_bytes))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_put, inbox, ALICE, Lane.MEMPOOL, b"1")
        await trio.testing.wait_all_tasks_blocked()
        assert nursery.child_tasks
        assert await inbox.take() == Inbound(peer=ALICE, lane=Lane.MEMPOOL, data=bytes(limits.inbound_queue_bytes))
    assert await inbox.take() == Inbound(peer=ALICE, lane=Lane.MEMPOOL, data=b"1")


async def test_a_cancelled_taker_loses_nothing() -> None:
    inbox = Inbox()
    await _put(inbox, ALICE, Lane.SYNC, b"kept")
    with trio.CancelScope() as scope:
        scope.cancel()
        await inbox.take()
    assert await _take(inbox, 1) == [Inbound(peer=ALICE, lane=Lane.SYNC, data=b"kept")]


async def test_any_number_of_reconnections_leaves_one_pair_of_events() -> None:
    inbox = Inbox()
    inbox.put_event(PeerConnected(peer=ALICE))
    assert await _take(inbox, 1) == [PeerConnected(peer=ALICE)]
    for _ in range(100):
        inbox.put_event(PeerDisconnected(peer=ALICE, reason="gone"))
        inbox.put_event(PeerConnected(peer=ALICE))
    assert await _take(inbox, 2) == [PeerDisconnected(peer=ALICE, reason="gone"), PeerConnected(peer=ALICE)]


@pytest.mark.parametrize("visits", [1, 100])
async def test_a_connection_that_ended_before_anybody_heard_of_it_is_not_told(visits: int) -> None:
    inbox = Inbox()
    for _ in range(visits):
        inbox.put_event(PeerConnected(peer=ALICE))
        inbox.put_event(PeerDisconnected(peer=ALICE, reason="gone"))
    assert await _take(inbox, 0) == []
    inbox.put_event(PeerConnected(peer=ALICE))
    assert await _take(inbox, 1) == [PeerConnected(peer=ALICE)]


async def test_misbehaviour_is_told_before_the_disconnection_that_it_causes() -> None:
    inbox = Inbox()
    inbox.put_event(PeerConnected(peer=ALICE))
    await _take(inbox, 1)
    misbehaved = PeerMisbehaved(peer=ALICE, reason="bad frame")
    disconnected = PeerDisconnected(peer=ALICE, reason="bad frame")
    inbox.put_event(misbehaved)
    inbox.put_event(disconnected)
    assert await _take(inbox, 2) == [misbehaved, disconnected]


async def test_a_frame_keeps_the_time_since_when_it_waits() -> None:
    inbox = Inbox()
    await inbox.put(Inbound(peer=ALICE, lane=Lane.SYNC, data=b"1", received_at=12.5))
    taken = await inbox.take()
    assert isinstance(taken, Inbound)
    assert taken.received_at == 12.5
