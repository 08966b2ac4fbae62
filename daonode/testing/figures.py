"""How long it takes from sending a transaction to its commit where it was sent, in virtual time, on a whole network.

Links are of one latency, nothing is lost, and computing takes no time: what is measured is the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from daonode.ledger.transactions import Transaction, tx_id
from daonode.primitives.codec import decode
from daonode.replica.effects import Broadcast, Committed, Effect, Send
from daonode.testing.electorate import transaction_ids
from daonode.testing.network import Weather
from daonode.testing.node import Node
from daonode.testing.scenarios import Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import ACCOUNT_COUNT, make_world

SEND_EVERY_MS = 150
LANES_AN_ACCOUNT = 16
WARM_UP_MS = 5_000
"""What is sent before is not measured: a silent validator still has turns then."""


@dataclass(slots=True)
class SilentNode(Node):
    """Hears everything and says nothing."""

    is_byzantine: ClassVar[bool] = True

    def carry_out(self, effect: Effect) -> None:
        """Keep to itself what should be sent."""
        if not isinstance(effect, Send | Broadcast):
            self.carry_out_honestly(effect)


@dataclass(slots=True)
class TimedRun(Simulation):
    """A run without faults that notes when each transaction was sent, and how long its commit took there."""

    times_ms: list[int] = field(default_factory=list)
    _sent: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """By transaction: where it was sent, and when."""
    _count: int = 0

    def _plan_client(self) -> None:
        self.after(SEND_EVERY_MS, self._act_as_client)

    def _act_as_client(self) -> None:
        """Send a transaction to the next honest node, on the lane that was used longest ago: none waits for another."""
        node = self.honest[self._count % len(self.honest)]
        turn, account = divmod(self._count, ACCOUNT_COUNT)
        sequence, lane = divmod(turn, LANES_AN_ACCOUNT)
        raw = self.world.transfer(account=account, lane=lane, sequence=sequence, now_ms=node.clock_ms)
        self._count += 1
        self._sent[tx_id(decode(raw, Transaction).body)] = node.index, self.now_ms
        self.act(node, partial(node.submit, raw))
        self._plan_client()

    def on_committed(self, node: int, effect: Committed) -> None:
        """Note the times of the transactions that were sent to the node."""
        Simulation.on_committed(self, node, effect)
        block = self.nodes[node].archive.block_at(effect.header.height)
        assert block is not None, "a block is durable before it is committed"
        for each in transaction_ids(block):
            where, sent_ms = self._sent[each]
            if where == node and sent_ms >= self._start_ms + WARM_UP_MS:
                self.times_ms.append(self.now_ms - sent_ms)

    @property
    def _start_ms(self) -> int:
        return min(sent_ms for _, sent_ms in self._sent.values())


def commit_times(
    *, validator_count: int, link_ms: int, silent: tuple[int, ...] = (), measured_ms: int = 10_000
) -> list[int]:
    """Milliseconds of virtual time from sending to commit, ascending, of what is sent after the warm-up."""
    run = TimedRun(
        seed=0,
        world=make_world(validator_count),
        scenario=Scenario("timed", validator_count=validator_count, is_judged_at_the_end=False),
        cast=dict.fromkeys(silent, SilentNode),
        faults=(),
        interference=None,
        trace=Trace(),
        storm_ms=WARM_UP_MS + measured_ms,
    )
    run.network.weather = Weather(min_delay_ms=link_ms, max_delay_ms=link_ms, loss_percent=0, duplicate_percent=0)
    run.run()
    return sorted(run.times_ms)


def percentile(times_ms: Sequence[int], percent: int) -> int:
    """The time that so many percent do not exceed; `times_ms` ascend."""
    return times_ms[min(len(times_ms) - 1, len(times_ms) * percent // 100)]
