"""Who may spend how much: one budget per client address, whatever it connects with.

Costs are in units of about a tenth of a millisecond of work. A budget refills steadily and holds a burst; what does not
fit is refused with the time after which it would. The addresses that are remembered are bounded: one whose budget is
full again needs no memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Protocol

import trio

UNITS_PER_SECOND: Final = 500.0
BURST_UNITS: Final = 2_000.0
"""Room for the dearest batch."""
LOOPBACK_FACTOR: Final = 100.0
"""How much more the operator's own machine may spend; a proxy there has limits of its own."""
MAX_ADDRESSES: Final = 4_096


class Budget(Protocol):
    """Something that calls are paid from."""

    def spend(self, cost: float) -> float:
        """Pay now and return 0, or pay nothing and return after how many seconds the cost would fit."""
        ...


@dataclass(slots=True)
class Bucket:
    """Units that refill at `rate` a second up to `burst`. A cost above the burst is charged as the burst."""

    rate: float
    burst: float
    level: float
    filled_at: float

    def spend(self, cost: float) -> float:
        now = trio.current_time()
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        charged = min(cost, self.burst)
        if charged > self.level:
            return (charged - self.level) / self.rate
        self.level -= charged
        return 0.0


def bucket(*, rate: float, burst: float) -> Bucket:
    """A full bucket."""
    return Bucket(rate=rate, burst=burst, level=burst, filled_at=trio.current_time())


class Budgets:
    """The budget of every address that was seen lately."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, address: str) -> Budget:
        """The budget of an address: the same one for all its connections."""
        found = self._buckets.get(address)
        if found is None:
            factor = factor_of(address)
            found = bucket(rate=UNITS_PER_SECOND * factor, burst=BURST_UNITS * factor)
            self._buckets[address] = found
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return found


def factor_of(address: str) -> float:
    """By how much the limits of an address are wider."""
    return LOOPBACK_FACTOR if is_loopback(address) else 1.0


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
