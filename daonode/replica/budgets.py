"""How much of what is on disk one peer may have read: requests and bytes in a window of time.

What peers ask for is read inside the step, so what one of them may cost the others is bounded here.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.replica.effects import Effect, PeerFault
from daonode.replica.events import PeerId

WINDOW_MS = 1_000
MAX_REQUESTS_A_WINDOW = 32
"""The most requests of one peer that are answered in `WINDOW_MS`: 2,048 blocks, more than anyone executes in it."""
MAX_BYTES_A_WINDOW = 16 * 1024 * 1024
"""Once one peer has been sent as many bytes in `WINDOW_MS`, it gets no more in it."""
MAX_PEERS = 512
"""Peers whose requests are counted; the one that came first is forgotten for the next."""


@dataclass(slots=True)
class _Served:
    """What one peer has had since `since_ms`."""

    since_ms: int
    requests: int = 0
    byte_count: int = 0
    is_blamed: bool = False


class PeerBudgets:
    """Counts what peers have been given. `refuse` comes before an answer, `charge` with it."""

    def __init__(self) -> None:
        self._served: dict[PeerId, _Served] = {}

    def refuse(self, peer: PeerId, *, now_ms: int) -> tuple[Effect, ...] | None:
        """None where the peer may be answered; else what is done instead: it is its fault, said once a window."""
        served = self._served.get(peer)
        # A clock that was set back begins a new window too.
        if served is None or not 0 <= now_ms - served.since_ms < WINDOW_MS:
            self._served.pop(peer, None)
            if len(self._served) >= MAX_PEERS:
                del self._served[next(iter(self._served))]
            served = self._served[peer] = _Served(now_ms)
        if served.requests < MAX_REQUESTS_A_WINDOW and served.byte_count < MAX_BYTES_A_WINDOW:
            return None
        if served.is_blamed:
            return ()
        served.is_blamed = True
        return (PeerFault(peer, f"asks for more than anyone can use in {WINDOW_MS} ms"),)

    def charge(self, peer: PeerId, byte_count: int) -> None:
        """A request of a peer that was not refused is answered with so many bytes."""
        served = self._served[peer]
        served.requests += 1
        served.byte_count += byte_count
