"""What the transport counts, for metrics to read.

Counters only rise. They are plain integers, written by the transport and read by anybody in the same thread. A peer
that is not listed is counted under `UNLISTED`, so that strangers cannot make the table grow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from daonode.node.transport.identity import PeerId
from daonode.node.transport.types import Lane

UNLISTED = PeerId("unlisted")


@dataclass(slots=True)
class LaneCounters:
    """Traffic of one peer on one lane. Bytes are payload bytes, without prefixes, padding or encryption.

    `slowed_frames` had to wait because the peer sends more than its allowance."""

    sent_frames: int = 0
    sent_bytes: int = 0
    received_frames: int = 0
    received_bytes: int = 0
    dropped_full_frames: int = 0
    dropped_disconnected_frames: int = 0
    slowed_frames: int = 0


@dataclass(slots=True)
class PeerCounters:
    """Connections of one peer. `refused` counts connections of an unlisted host, those of a peer that already had too
    many, and those while it is kept out; `duplicates` counts collapsed ones; `kept_out`, how often it was sent away."""

    connected: int = 0
    disconnected: int = 0
    misbehaved: int = 0
    dial_failures: int = 0
    duplicates: int = 0
    refused: int = 0
    kept_out: int = 0


class TransportCounters:
    """All counters of one transport, by peer and by peer and lane."""

    def __init__(self, listed: tuple[PeerId, ...]) -> None:
        self._peers = {peer: PeerCounters() for peer in (*listed, UNLISTED)}
        self._lanes = {(peer, lane): LaneCounters() for peer in (*listed, UNLISTED) for lane in Lane}
        self.failed_handshakes = 0
        """Inbound connections that ended before the other side had proved who it is."""

    def peer(self, peer: PeerId) -> PeerCounters:
        """Return the connection counters of a listed peer, or of all unlisted ones together."""
        return self._peers.get(peer, self._peers[UNLISTED])

    def lane(self, peer: PeerId, lane: Lane) -> LaneCounters:
        """Return the traffic counters of a peer on a lane; unlisted peers share one a lane."""
        return self._lanes.get((peer, lane), self._lanes[UNLISTED, lane])

    def peers(self) -> Iterator[tuple[PeerId, PeerCounters]]:
        """Yield every peer's connection counters, in the order of the configuration."""
        yield from self._peers.items()

    def lanes(self) -> Iterator[tuple[PeerId, Lane, LaneCounters]]:
        """Yield the traffic counters of every peer and lane, in the order of the configuration."""
        for (peer, lane), counters in self._lanes.items():
            yield peer, lane, counters
