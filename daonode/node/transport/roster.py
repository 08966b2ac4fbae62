"""The peers of a transport: who may connect, and which connection of each is the one.

Both sides dial, so two connections can come up at once. Both sides then keep the same one without talking about it: the
one that the smaller peer id dialled. A connection that has stood longer than a handshake can last is different: its
other side would not have dialled again had it not lost it, so the newer one is kept, whoever dialled.
"""

import random

import trio

from daonode.httpd.addresses import budget_name
from daonode.node.transport.allowance import Allowance
from daonode.node.transport.counters import TransportCounters
from daonode.node.transport.identity import PeerId
from daonode.node.transport.inbound import Inbox
from daonode.node.transport.outbound import OutboundQueue
from daonode.node.transport.session import Session, SessionEnd
from daonode.node.transport.types import (
    LANE_LIMITS,
    Lane,
    PeerAddress,
    PeerConnected,
    PeerDisconnected,
    PeerMisbehaved,
    Timings,
)

MAX_UNLISTED_PEERS = 32
MAX_UNLISTED_OF_AN_ADDRESS = 8
MAX_SESSIONS_OF_A_PEER = 6
"""The one that stands, those that this and the other side have just dialled, and as many that are about to end."""
MAX_KEPT_OUT_PEERS = 256
"""Peers that are kept out at a time; with one more the one that was kept out first may come again."""
_MAX_DOUBLINGS = 16


class Backoff:
    """How long to wait before the next attempt: doubled with each, capped, less up to half of it by chance."""

    def __init__(self, timings: Timings, randomness: random.Random) -> None:
        self._timings = timings
        self._randomness = randomness
        self._attempts = 0

    def next_seconds(self) -> float:
        """Return the wait before the next attempt, and count it."""
        ceiling = self._timings.reconnect_base_seconds * 2.0 ** min(self._attempts, _MAX_DOUBLINGS)
        self._attempts += 1
        return min(ceiling, self._timings.reconnect_cap_seconds) * self._randomness.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start over, after a connection that held."""
        self._attempts = 0


class Peer:
    """One peer: its queues, which outlive connections, and its connection if it has one."""

    def __init__(
        self, peer_id: PeerId, address: PeerAddress | None, counters: TransportCounters, *, host: str = ""
    ) -> None:
        self.peer_id = peer_id
        self.address = address
        self.host = host
        """Where an unlisted peer connects from."""
        self.session: Session | None = None
        self.lost = trio.Event()
        """Set while there is no connection."""
        self.lost.set()
        self.running_sessions = 0
        self.allowance = Allowance()
        self.queues = {lane: OutboundQueue(LANE_LIMITS[lane], counters.lane(peer_id, lane)) for lane in Lane}


class Roster:
    """All peers of one transport. Check and change happen without a wait between them, so no lock is needed."""

    def __init__(
        self,
        own_id: PeerId,
        listed: tuple[PeerAddress, ...],
        *,
        accept_unknown: bool,
        inbox: Inbox,
        counters: TransportCounters,
        timings: Timings,
    ) -> None:
        self._own_id = own_id
        self._accept_unknown = accept_unknown
        self._inbox = inbox
        self._counters = counters
        self._timings = timings
        self._peers = {
            address.peer_id: Peer(address.peer_id, address, counters) for address in listed if address.peer_id != own_id
        }
        self._kept_out_until: dict[PeerId, float] = {}

    def dialled_peers(self) -> list[Peer]:
        """Return the listed peers that have an address."""
        return [peer for peer in self._peers.values() if peer.address is not None and peer.address.multiaddr]

    def reachable_peers(self) -> list[Peer]:
        """Return all listed peers, and the others that have a connection."""
        return list(self._peers.values())

    def find(self, peer_id: PeerId) -> Peer | None:
        """Return a listed or connected peer."""
        return self._peers.get(peer_id)

    def keep_out(self, peer_id: PeerId, *, for_seconds: float, reason: str) -> None:
        """End a peer's connection and admit none of it for a time; the connection ends once its task runs."""
        self._kept_out_until.pop(peer_id, None)
        if len(self._kept_out_until) >= MAX_KEPT_OUT_PEERS:
            del self._kept_out_until[next(iter(self._kept_out_until))]
        self._kept_out_until[peer_id] = trio.current_time() + for_seconds
        self._counters.peer(peer_id).kept_out += 1
        peer = self._peers.get(peer_id)
        if peer is not None and peer.session is not None:
            peer.session.end(reason)

    def seconds_kept_out(self, peer_id: PeerId) -> float:
        """Return for how long a peer is still kept out, 0 where it is not."""
        until = self._kept_out_until.get(peer_id)
        if until is None:
            return 0.0
        seconds = until - trio.current_time()
        if seconds <= 0:
            del self._kept_out_until[peer_id]
        return max(0.0, seconds)

    def admit(self, peer_id: PeerId, *, host: str = "") -> Peer | None:
        """Return the peer for a session that is about to run, or None where it may not. `release` undoes it.

        `host` is the address that it connects from.
        """
        if self.seconds_kept_out(peer_id):
            self._counters.peer(peer_id).refused += 1
            return None
        peer = self._peers.get(peer_id)
        if peer is None:
            if peer_id == self._own_id or not self._accept_unknown or not self._has_room_for(host):
                self._counters.peer(peer_id).refused += 1
                return None
            peer = self._peers[peer_id] = Peer(peer_id, None, self._counters, host=host)
        if peer.running_sessions >= MAX_SESSIONS_OF_A_PEER:
            self._counters.peer(peer_id).refused += 1
            return None
        peer.running_sessions += 1
        return peer

    def _has_room_for(self, host: str) -> bool:
        unlisted = [other.host for other in self._peers.values() if other.address is None]
        same = sum(1 for other in unlisted if budget_name(other) == budget_name(host))
        return len(unlisted) < MAX_UNLISTED_PEERS and same < MAX_UNLISTED_OF_AN_ADDRESS

    def release(self, peer: Peer) -> None:
        """Forget an unlisted peer whose last session is over."""
        peer.running_sessions -= 1
        if peer.address is None and peer.running_sessions == 0:
            del self._peers[peer.peer_id]

    async def attach(self, peer: Peer, session: Session) -> bool:
        """Make a session the peer's connection, ending the one that stood; return False where that one is kept."""
        # A session that was on its way when its peer was told to stay out.
        if self.seconds_kept_out(peer.peer_id):
            return False
        while peer.session is not None:
            existing = peer.session
            if not self._is_preferred(session, existing):
                self._counters.peer(peer.peer_id).duplicates += 1
                return False
            existing.end("replaced by another connection")
            await existing.finished.wait()
        peer.session = session
        peer.lost = trio.Event()
        self._counters.peer(peer.peer_id).connected += 1
        self._inbox.put_event(PeerConnected(peer=peer.peer_id))
        return True

    def detach(self, peer: Peer, session: Session, end: SessionEnd) -> None:
        """Let go of a session that has ended, whether or not it was the peer's connection."""
        counters = self._counters.peer(peer.peer_id)
        if end.is_breach:
            counters.misbehaved += 1
            if peer.address is not None:
                self._inbox.put_event(PeerMisbehaved(peer=peer.peer_id, reason=end.reason))
        if peer.session is session:
            peer.session = None
            for queue in peer.queues.values():
                queue.on_disconnected()
            counters.disconnected += 1
            self._inbox.put_event(PeerDisconnected(peer=peer.peer_id, reason=end.reason))
            peer.lost.set()
        session.finished.set()

    def _is_preferred(self, newer: Session, existing: Session) -> bool:
        age_seconds = newer.ready_at - existing.ready_at
        if age_seconds > self._timings.handshake_timeout_seconds or newer.is_dialer == existing.is_dialer:
            return True
        dialler = self._own_id if newer.is_dialer else newer.peer
        return dialler == min(self._own_id, newer.peer)
