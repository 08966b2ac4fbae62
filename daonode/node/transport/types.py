"""Lanes, peer addresses, configuration and received items of the transport.

Plain values, without I/O and without libp2p, so that configuration and tools can use them at no cost. Every bound of a
lane stands in `LANE_LIMITS`.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from daonode.node.transport.errors import InvalidTransportConfig
from daonode.node.transport.identity import PUBLIC_KEY_BYTES, SEED_BYTES, PeerId, peer_id_from_public_key

Multiaddress = NewType("Multiaddress", str)
"""A libp2p address in text, `/ip4/127.0.0.1/tcp/26656`; `ip6`, `dns`, `dns4` and `dns6` work too."""

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
MAX_CHAIN_REFERENCE_CHARACTERS = 64
NETWORK_KEY_BYTES = 32


class Lane(Enum):
    """A kind of traffic with its own protocol id, streams and queues. The order here is the order of service."""

    CONSENSUS = "consensus"
    SYNC = "sync"
    MEMPOOL = "mempool"


class WhenFull(Enum):
    """Which frame a full outbound queue gives up: the newest or the oldest."""

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """Bounds of one lane for one peer. Queues are bounded in frames and in bytes, whichever is reached first.

    `max_frame_bytes` is the largest payload of a frame, without its length prefix. A queue always holds at least one
    frame, so `*_queue_bytes` may be exceeded by the one frame that an empty queue accepts. What comes faster than
    `inbound_*_a_second` is read more slowly.
    """

    max_frame_bytes: int
    outbound_queue_frames: int
    outbound_queue_bytes: int
    inbound_queue_frames: int
    inbound_queue_bytes: int
    inbound_frames_a_second: float
    inbound_bytes_a_second: float
    when_full: WhenFull
    keep_while_disconnected: bool


LANE_LIMITS: dict[Lane, LaneLimits] = {
    # A newer vote or timeout replaces an older one in effect, so the oldest goes; what is queued when a connection
    # breaks is still wanted a moment later, so it stays.
    Lane.CONSENSUS: LaneLimits(
        max_frame_bytes=4 * MEBIBYTE,
        outbound_queue_frames=512,
        outbound_queue_bytes=8 * MEBIBYTE,
        inbound_queue_frames=512,
        inbound_queue_bytes=4 * MEBIBYTE,
        # Some ten times what the busiest round of a hundred validators needs of one of them.
        inbound_frames_a_second=512,
        inbound_bytes_a_second=16 * MEBIBYTE,
        when_full=WhenFull.DROP_OLDEST,
        keep_while_disconnected=True,
    ),
    # An answer to a request of a connection that is gone has no reader.
    Lane.SYNC: LaneLimits(
        max_frame_bytes=8 * MEBIBYTE,
        outbound_queue_frames=64,
        outbound_queue_bytes=16 * MEBIBYTE,
        inbound_queue_frames=64,
        inbound_queue_bytes=8 * MEBIBYTE,
        inbound_frames_a_second=256,
        inbound_bytes_a_second=64 * MEBIBYTE,
        when_full=WhenFull.DROP_NEWEST,
        keep_while_disconnected=False,
    ),
    # Gossip repeats itself, and what was queued first is next to be sent: the newest goes.
    Lane.MEMPOOL: LaneLimits(
        max_frame_bytes=1 * MEBIBYTE,
        outbound_queue_frames=4096,
        outbound_queue_bytes=4 * MEBIBYTE,
        inbound_queue_frames=1024,
        inbound_queue_bytes=1 * MEBIBYTE,
        # Several times what a chain executes.
        inbound_frames_a_second=2048,
        inbound_bytes_a_second=2 * MEBIBYTE,
        when_full=WhenFull.DROP_NEWEST,
        keep_while_disconnected=False,
    ),
}


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """A peer that may connect, and where to find it.

    `name` is for people and logs. `public_key` is the peer's Ed25519 *host* key, 32 bytes, of which `peer_id` is the
    libp2p spelling; both are kept so that a slip in a hand-written list is found at start. `multiaddr` has no `/p2p`
    part, and is empty for a peer that is accepted and never dialled.

    Raises:
        InvalidTransportConfig: the key is not 32 bytes, or the peer id belongs to another key.
    """

    name: str
    peer_id: PeerId
    multiaddr: Multiaddress
    public_key: bytes

    def __post_init__(self) -> None:
        if len(self.public_key) != PUBLIC_KEY_BYTES:
            problem = f"public key of peer {self.name} has {len(self.public_key)} bytes, not {PUBLIC_KEY_BYTES}"
            raise InvalidTransportConfig(problem=problem)
        expected = peer_id_from_public_key(self.public_key)
        if expected != self.peer_id:
            problem = f"peer id of {self.name} is {self.peer_id}, but its public key has the peer id {expected}"
            raise InvalidTransportConfig(problem=problem)


@dataclass(frozen=True, slots=True)
class Timings:
    """Times of the transport, in seconds.

    A connection is given up when nothing at all was heard for `silence_limit_seconds`; every side says something each
    `heartbeat_interval_seconds`. A connection is tried again after `reconnect_base_seconds`, doubled with each failure
    up to `reconnect_cap_seconds`, less up to half of it by chance.
    """

    handshake_timeout_seconds: float = 5.0
    heartbeat_interval_seconds: float = 2.0
    silence_limit_seconds: float = 10.0
    reconnect_base_seconds: float = 0.1
    reconnect_cap_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class TransportConfig:
    """What a transport needs to run.

    `chain_reference` separates chains: it is part of every protocol id, so hosts of two chains never understand each
    other. `host_seed` is the 32-byte Ed25519 seed of the host identity key (not of a consensus key). `peers` may hold
    the own address, which is skipped, so that all nodes can share one list. `accept_unknown` lets hosts in that are not
    listed, as a public full node does. `network_key` makes the network a private one: hosts that do not have the same
    32 bytes cannot connect, listed or not.

    Raises:
        InvalidTransportConfig: a field is out of its range, or a peer is listed twice.
    """

    chain_reference: str
    host_seed: bytes
    listen_address: Multiaddress
    peers: tuple[PeerAddress, ...]
    accept_unknown: bool = False
    network_key: bytes | None = None
    timings: Timings = Timings()

    def __post_init__(self) -> None:
        reference = self.chain_reference
        if not reference or len(reference) > MAX_CHAIN_REFERENCE_CHARACTERS or not reference.isascii():
            problem = f"chain reference {reference!r} is not 1 to {MAX_CHAIN_REFERENCE_CHARACTERS} ASCII characters"
            raise InvalidTransportConfig(problem=problem)
        if "/" in reference or not reference.isprintable() or " " in reference:
            raise InvalidTransportConfig(problem=f"chain reference {reference!r} holds a slash, a space or a control")
        if len(self.host_seed) != SEED_BYTES:
            raise InvalidTransportConfig(problem=f"host seed has {len(self.host_seed)} bytes, not {SEED_BYTES}")
        if self.network_key is not None and len(self.network_key) != NETWORK_KEY_BYTES:
            problem = f"network key has {len(self.network_key)} bytes, not {NETWORK_KEY_BYTES}"
            raise InvalidTransportConfig(problem=problem)
        peer_ids = [peer.peer_id for peer in self.peers]
        repeated = sorted({peer_id for peer_id in peer_ids if peer_ids.count(peer_id) > 1})
        if repeated:
            raise InvalidTransportConfig(problem=f"listed more than once: {', '.join(repeated)}")


@dataclass(frozen=True, slots=True)
class Inbound:
    """One frame from a peer, and since when it waits, on trio's clock.

    Frames of one peer and lane arrive in the order in which they were sent.
    """

    peer: PeerId
    lane: Lane
    data: bytes
    received_at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """All lanes to and from the peer are open. Follows a `PeerDisconnected` when a connection was replaced."""

    peer: PeerId


@dataclass(frozen=True, slots=True)
class PeerDisconnected:
    """The connection ended: what was in flight may be lost. Frames received before it may still follow."""

    peer: PeerId
    reason: str


@dataclass(frozen=True, slots=True)
class PeerMisbehaved:
    """The peer broke the framing or flow-control rules; its connection was closed for that."""

    peer: PeerId
    reason: str


Received = Inbound | PeerConnected | PeerDisconnected | PeerMisbehaved
