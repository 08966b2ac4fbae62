"""Two connections of one peer become one, the same on both sides; attempts wait longer and longer, up to a cap."""

import random

import pytest
import trio

from daonode.node.transport.counters import TransportCounters
from daonode.node.transport.identity import PeerId, peer_id_from_public_key
from daonode.node.transport.inbound import Inbox
from daonode.node.transport.roster import (
    MAX_SESSIONS_OF_A_PEER,
    MAX_UNLISTED_OF_AN_ADDRESS,
    MAX_UNLISTED_PEERS,
    Backoff,
    Peer,
    Roster,
)
from daonode.node.transport.session import SessionEnd
from daonode.node.transport.types import Lane, Multiaddress, PeerAddress, PeerDisconnected, Timings

TIMINGS = Timings()
KEYS = {peer_id_from_public_key(bytes([number]) * 32): bytes([number]) * 32 for number in (1, 2)}
SMALL, LARGE = sorted(KEYS)


class FakeSession:
    """A session as the roster sees it: told to end, it has ended at once and the service has let go of it."""

    def __init__(self, side: "Side", *, dialler: PeerId, ready_at: float) -> None:
        self.peer = side.peer.peer_id
        self.is_dialer = dialler != self.peer
        self.ready_at = ready_at
        self.finished = trio.Event()
        self._side = side

    def end(self, reason: str) -> None:
        end = SessionEnd(reason=reason, is_breach=False)
        self._side.roster.detach(self._side.peer, self, end)  # type: ignore[arg-type]


class Side:
    """One of two hosts: its roster, with the other as its only peer."""

    def __init__(self, own: PeerId, other: PeerId) -> None:
        address = PeerAddress(name="other", peer_id=other, multiaddr=Multiaddress(""), public_key=KEYS[other])
        self.counters = TransportCounters((other,))
        self.inbox = Inbox()
        self.roster = Roster(
            own, (address,), accept_unknown=False, inbox=self.inbox, counters=self.counters, timings=TIMINGS
        )
        peer = self.roster.find(other)
        assert peer is not None
        self.peer: Peer = peer

    async def offer(self, *, dialler: PeerId, ready_at: float = 0.0) -> bool:
        """Offer a connection that was dialled by `dialler`; say whether it became the one."""
        return await self.roster.attach(
            self.peer,
            FakeSession(self, dialler=dialler, ready_at=ready_at),  # type: ignore[arg-type]
        )

    def dialler(self) -> PeerId:
        """Who dialled the connection that stands."""
        assert self.peer.session is not None
        own = SMALL if self.peer.peer_id == LARGE else LARGE
        return own if self.peer.session.is_dialer else self.peer.peer_id


@pytest.mark.parametrize("order_of_small", [(SMALL, LARGE), (LARGE, SMALL)])
@pytest.mark.parametrize("order_of_large", [(SMALL, LARGE), (LARGE, SMALL)])
async def test_of_two_simultaneous_connections_both_sides_keep_the_one_that_the_smaller_id_dialled(
    order_of_small: tuple[PeerId, PeerId], order_of_large: tuple[PeerId, PeerId]
) -> None:
    small, large = Side(SMALL, LARGE), Side(LARGE, SMALL)
    for side, order in ((small, order_of_small), (large, order_of_large)):
        for dialler in order:
            await side.offer(dialler=dialler)
    assert small.dialler() == large.dialler() == SMALL


@pytest.mark.parametrize("dialler", [SMALL, LARGE])
async def test_a_connection_that_comes_long_after_replaces_the_one_that_its_other_side_must_have_lost(
    dialler: PeerId,
) -> None:
    side = Side(SMALL, LARGE)
    assert await side.offer(dialler=SMALL)
    later = TIMINGS.handshake_timeout_seconds + 1
    assert await side.offer(dialler=dialler, ready_at=later)
    assert side.dialler() == dialler
    assert side.counters.peer(LARGE).connected == 2


async def test_a_peer_that_dials_again_has_lost_the_connection_that_it_dialled_before() -> None:
    side = Side(SMALL, LARGE)
    assert await side.offer(dialler=LARGE)
    assert await side.offer(dialler=LARGE)
    assert side.counters.peer(LARGE).duplicates == 0


async def test_a_duplicate_that_is_not_kept_is_counted_and_causes_no_event() -> None:
    side = Side(SMALL, LARGE)
    assert await side.offer(dialler=SMALL)
    await side.inbox.take()
    assert not await side.offer(dialler=LARGE)
    assert side.counters.peer(LARGE).duplicates == 1
    with trio.move_on_after(0.05) as waiting:
        await side.inbox.take()
    assert waiting.cancelled_caught


async def test_a_peer_is_lost_until_it_is_attached_and_after_it_is_detached() -> None:
    side = Side(SMALL, LARGE)
    assert side.peer.lost.is_set()
    await side.offer(dialler=SMALL)
    assert not side.peer.lost.is_set()
    await side.inbox.take()
    assert side.peer.session is not None
    side.peer.session.end("cable pulled")
    assert side.peer.lost.is_set()
    assert await side.inbox.take() == PeerDisconnected(peer=LARGE, reason="cable pulled")


def _stranger(number: int) -> PeerId:
    return peer_id_from_public_key(number.to_bytes(32, "big"))


def test_strangers_are_admitted_up_to_a_bound_and_forgotten_when_they_leave() -> None:
    counters = TransportCounters(())
    roster = Roster(SMALL, (), accept_unknown=True, inbox=Inbox(), counters=counters, timings=TIMINGS)
    admitted = [roster.admit(_stranger(number), host=f"192.0.2.{number}") for number in range(MAX_UNLISTED_PEERS)]
    assert None not in admitted
    late = _stranger(MAX_UNLISTED_PEERS)
    assert roster.admit(late) is None
    assert counters.peer(late).refused == 1
    first = admitted[0]
    assert first is not None
    assert roster.admit(first.peer_id) is first
    roster.release(first)
    assert roster.find(first.peer_id) is first
    roster.release(first)
    assert roster.find(first.peer_id) is None
    assert roster.admit(late) is not None


def test_strangers_of_one_address_leave_room_for_others() -> None:
    roster = Roster(SMALL, (), accept_unknown=True, inbox=Inbox(), counters=TransportCounters(()), timings=TIMINGS)
    for number in range(MAX_UNLISTED_OF_AN_ADDRESS):
        assert roster.admit(_stranger(number), host="192.0.2.1") is not None
    late = _stranger(MAX_UNLISTED_OF_AN_ADDRESS)
    assert roster.admit(late, host="192.0.2.1") is None
    assert roster.admit(late, host="192.0.2.2") is not None


def test_a_host_does_not_admit_one_with_its_own_key() -> None:
    roster = Roster(SMALL, (), accept_unknown=True, inbox=Inbox(), counters=TransportCounters(()), timings=TIMINGS)
    assert roster.admit(SMALL) is None


def test_attempts_wait_longer_with_each_failure_within_the_cap_and_start_over() -> None:
    for seed in range(20):
        backoff = Backoff(TIMINGS, random.Random(seed))
        for attempt in range(200):
            ceiling = min(TIMINGS.reconnect_base_seconds * 2.0**attempt, TIMINGS.reconnect_cap_seconds)
            assert ceiling / 2 <= backoff.next_seconds() <= ceiling
        backoff.reset()
        assert backoff.next_seconds() <= TIMINGS.reconnect_base_seconds


async def test_what_was_queued_for_a_lost_connection_stays_on_the_consensus_lane_alone() -> None:
    side = Side(SMALL, LARGE)
    await side.offer(dialler=SMALL)
    for queue in side.peer.queues.values():
        queue.put(b"queued")
    assert side.peer.session is not None
    side.peer.session.end("cable pulled")
    assert {lane for lane, queue in side.peer.queues.items() if len(queue)} == {Lane.CONSENSUS}
    assert side.counters.lane(LARGE, Lane.MEMPOOL).dropped_disconnected_frames == 1


def test_a_peer_has_a_bounded_number_of_connections_in_the_making() -> None:
    side = Side(SMALL, LARGE)
    admitted = [side.roster.admit(LARGE) for _ in range(MAX_SESSIONS_OF_A_PEER)]
    assert admitted == [side.peer] * MAX_SESSIONS_OF_A_PEER
    assert side.roster.admit(LARGE) is None
    side.roster.release(side.peer)
    assert side.roster.admit(LARGE) is side.peer
