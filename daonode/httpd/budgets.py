"""Who may spend how much: one budget per client address, whatever it connects with, and one for all strangers together.

Costs are in units of about a tenth of a millisecond of work. A budget refills steadily and holds a burst; what does not
fit is refused with the time after which it would. The addresses that are remembered are bounded: one whose budget is
full again needs no memory.

However many addresses there are, strangers' requests together take no more of the process than they are given: each
waits for its turn, those excepted whose address asks for little. A refusal is work too, so it waits like an answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final, Protocol

import trio

from daonode.httpd.addresses import budget_name
from daonode.httpd.pace import Pace
from daonode.httpd.refusal import Refusal

UNITS_PER_SECOND: Final = 500.0
BURST_UNITS: Final = 2_000.0
"""Room for the dearest batch."""
OWN_FACTOR: Final = 100.0
"""How much more the operator's own machine may spend; a proxy there has limits of its own."""
OWN_ADDRESSES: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
"""From where tools and proxies on this machine connect."""
STRANGERS_BURST_SECONDS: Final = 2.0
"""So much of what strangers may spend together is free after a pause."""
CALM_UNITS_PER_SECOND: Final = 10.0
CALM_BURST_UNITS: Final = 100.0
"""Who asks for no more than this does not wait behind those who do."""
MAX_TURN_SECONDS: Final = 5.0
"""A request whose turn is later than that is refused once it has waited so long."""
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


class Strangers:
    """What all addresses but this machine's own may spend together, `rate` units a second.

    Requests begin one at a time, each once the process says by `rest` that nothing more urgent is to be done.
    """

    def __init__(self, *, rate: float, rest: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint) -> None:
        self._pace = Pace(rate=rate, burst_seconds=STRANGERS_BURST_SECONDS, now=trio.current_time)
        self._rest = rest
        self._turn = trio.Lock()

    def owe(self, cost: float) -> None:
        """Pay for what was given already."""
        self._pace.use(cost)

    async def turn(self, cost: float, *, is_calm: bool) -> float:
        """Wait for the turn of a request; who is calm waits for no other's debts.

        Returns 0, or after how many seconds to come again, where that is too long to wait.
        """
        wait_s = 0.0 if is_calm else self._pace.seconds_left()
        if wait_s > MAX_TURN_SECONDS:
            await trio.sleep(MAX_TURN_SECONDS)
            return wait_s
        self._pace.use(cost)
        await trio.sleep(wait_s)
        async with self._turn:
            await self._rest()
        return 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """The budget of one address, and what it shares with others; this machine's own shares nothing."""

    bucket: Bucket
    calm: Bucket
    together: Strangers | None

    def spend(self, cost: float) -> float:
        return self.bucket.spend(cost)

    def owe(self, cost: float) -> None:
        self.bucket.owe(cost)
        if self.together is not None:
            self.together.owe(cost)

    async def turn(self, cost: float) -> float:
        """Wait until a request of this cost may be worked on; returns 0, or after how many seconds to come again."""
        if self.together is None:
            return 0.0
        is_calm = cost <= CALM_BURST_UNITS and not self.calm.spend(cost)
        return await self.together.turn(cost, is_calm=is_calm)


class Budgets:
    """The budget of every address that was seen lately: units a second, and a burst of them; this machine's own may
    spend `OWN_FACTOR` as much. The others share what is `together`, None for no bound."""

    def __init__(
        self, *, rate: float = UNITS_PER_SECOND, burst: float = BURST_UNITS, together: Strangers | None = None
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._together = together
        self._accounts: OrderedDict[str, Account] = OrderedDict()

    def of(self, address: str) -> Account:
        """The budget of an address: the same one for all its connections, for IPv6 that of its network."""
        name = address if is_own(address) else budget_name(address)
        found = self._accounts.get(name)
        if found is None:
            found = self._accounts[name] = self._open(name)
            if len(self._accounts) > MAX_ADDRESSES:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(name)
        return found

    def _open(self, name: str) -> Account:
        factor = OWN_FACTOR if is_own(name) else 1.0
        return Account(
            bucket=bucket(rate=self._rate * factor, burst=self._burst * factor),
            calm=bucket(rate=CALM_UNITS_PER_SECOND, burst=CALM_BURST_UNITS),
            together=None if is_own(name) else self._together,
        )


def is_own(address: str) -> bool:
    """Whether an address is one that this machine's own tools have."""
    return address in OWN_ADDRESSES


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
