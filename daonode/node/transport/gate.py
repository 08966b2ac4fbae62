"""Which connections from outside get a handshake: few at a time and few a second, of an address and of all together.

A handshake costs milliseconds of CPU, and whoever asks for one has proved nothing. An address is held to bounds of its
own, for IPv6 its /64 network, which one subscriber usually has. All addresses together are held to bounds too, those of
listed peers excepted: however many strangers there are, a peer that comes back finds the gate open. A handshake that
fails counts as `FAILURE_UNITS`, and a stranger that is sent away as `OFFENCE_UNITS`, whatever identity it comes with
next; an address pays them off at its pace and so is forgiven in seconds.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from daonode.httpd.addresses import budget_name
from daonode.httpd.pace import Pace

MAX_HANDSHAKES = 16
"""Handshakes of strangers' addresses that are under way at a time."""
MAX_HANDSHAKES_OF_AN_ADDRESS = 8
HANDSHAKES_A_SECOND = 8.0
"""Of all strangers' addresses together."""
STRANGERS_BURST_SECONDS = 2.0
"""So many seconds' worth is free for them together after a pause; the first moment of an attack is the worst."""
ADDRESS_HANDSHAKES_A_SECOND = 4.0
BURST_SECONDS = 8.0
"""So much of its own is free for an address after a pause: nodes that start together behind one are honest."""
FAILURE_UNITS = 4
OFFENCE_UNITS = 32
MAX_ADDRESSES = 4_096
"""Addresses that are remembered; with one more, the one that was not seen for longest is forgotten."""


class Refusal(Enum):
    """Why a connection is closed on arrival."""

    ADDRESS_BUSY = "address_busy"
    ADDRESS_TOO_FAST = "address_too_fast"
    ALL_BUSY = "all_busy"
    ALL_TOO_FAST = "all_too_fast"


REFUSALS = {
    Refusal.ADDRESS_BUSY: f"{MAX_HANDSHAKES_OF_AN_ADDRESS} handshakes with its address are under way",
    Refusal.ADDRESS_TOO_FAST: "its address connects too often",
    Refusal.ALL_BUSY: f"{MAX_HANDSHAKES} handshakes with strangers are under way",
    Refusal.ALL_TOO_FAST: "strangers connect too often",
}
"""Each reason in words."""


@dataclass(slots=True)
class _Queue:
    """The handshakes of one address, or of all strangers."""

    pace: Pace
    under_way: int = 0


class Gate:
    """Counts handshakes. `trusted` are the addresses of listed peers; `now` tells monotonic seconds."""

    def __init__(self, trusted: Iterable[str], now: Callable[[], float]) -> None:
        self.refused: Counter[Refusal] = Counter()
        """How many connections were closed on arrival, by reason."""
        self._now = now
        self._trusted = frozenset(map(budget_name, trusted))
        self._strangers = self._new(HANDSHAKES_A_SECOND, burst_seconds=STRANGERS_BURST_SECONDS)
        self._addresses: OrderedDict[str, _Queue] = OrderedDict()

    def enter(self, address: str) -> Refusal | None:
        """Let a connection in, to be followed by `leave`, or say why it gets no handshake."""
        name = budget_name(address)
        own = self._addresses.setdefault(name, self._new(ADDRESS_HANDSHAKES_A_SECOND))
        self._addresses.move_to_end(name)
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        is_stranger = name not in self._trusted
        refusal = self._refusal(own, is_stranger=is_stranger)
        if refusal is not None:
            self.refused[refusal] += 1
            return refusal
        for queue in (own, self._strangers) if is_stranger else (own,):
            queue.pace.use(1)
            queue.under_way += 1
        return None

    def leave(self, address: str, *, is_proven: bool) -> None:
        """A handshake is over; `is_proven` where the other side has shown who it is."""
        name = budget_name(address)
        if name not in self._trusted:
            self._strangers.under_way -= 1
        own = self._addresses.get(name)
        if own is not None:
            own.under_way -= 1
            if not is_proven:
                own.pace.use(FAILURE_UNITS - 1)

    def blame(self, address: str) -> None:
        """A stranger from this address had to be sent away."""
        own = self._addresses.get(budget_name(address))
        if own is not None:
            own.pace.use(OFFENCE_UNITS)

    def _refusal(self, own: _Queue, *, is_stranger: bool) -> Refusal | None:
        if own.under_way >= MAX_HANDSHAKES_OF_AN_ADDRESS:
            return Refusal.ADDRESS_BUSY
        if own.pace.seconds_left():
            return Refusal.ADDRESS_TOO_FAST
        if is_stranger and self._strangers.under_way >= MAX_HANDSHAKES:
            return Refusal.ALL_BUSY
        if is_stranger and self._strangers.pace.seconds_left():
            return Refusal.ALL_TOO_FAST
        return None

    def _new(self, rate: float, *, burst_seconds: float = BURST_SECONDS) -> _Queue:
        return _Queue(Pace(rate=rate, burst_seconds=burst_seconds, now=self._now))
