"""Who may spend how much: one budget per client address, whatever it connects with.

Costs are in units of about a tenth of a millisecond of work. A budget refills steadily and holds a burst; what does not
fit is refused with the time after which it would. The addresses that are remembered are bounded: one whose budget is
full again needs no memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final, Protocol

import trio

from daonode.httpd.refusal import Refusal

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

    def owe(self, cost: float) -> None:
        """Pay for what was given already, if need be out of what is still to come."""
        ...


@dataclass(slots=True)
class Bucket:
    """Units that refill at `rate` a second up to `burst`. A cost above the burst is charged as the burst; as much
    again is owed at most."""

    rate: float
    burst: float
    level: float
    filled_at: float

    def spend(self, cost: float) -> float:
        self._fill()
        charged = min(cost, self.burst)
        if charged > self.level:
            return (charged - self.level) / self.rate
        self.level -= charged
        return 0.0

    def owe(self, cost: float) -> None:
        self._fill()
        self.level = max(self.level - cost, -self.burst)

    def _fill(self) -> None:
        now = trio.current_time()
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now


def bucket(*, rate: float, burst: float) -> Bucket:
    """A full bucket."""
    return Bucket(rate=rate, burst=burst, level=burst, filled_at=trio.current_time())


class Budgets:
    """The budget of every address that was seen lately: units a second, and a burst of them; this machine's own may
    spend `LOOPBACK_FACTOR` as much."""

    def __init__(self, *, rate: float = UNITS_PER_SECOND, burst: float = BURST_UNITS) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, address: str) -> Budget:
        """The budget of an address: the same one for all its connections."""
        found = self._buckets.get(address)
        if found is None:
            factor = factor_of(address)
            found = bucket(rate=self._rate * factor, burst=self._burst * factor)
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


def too_dear(*, retry_after_s: float) -> Refusal:
    """The refusal of a request that a budget cannot pay now."""
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limited",
        "this address asks for more than its share",
        hint=f"try again in {max(1, round(retry_after_s * 1_000))} ms",
        retryable=True,
        retry_after_s=retry_after_s,
    )
