"""The faults of a run, carried out: who crashes and starts again, what passes between whom, whose clock is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Protocol, assert_never

from daonode.replica.effects import Store
from daonode.replica.events import PeerDisconnected, PeerId
from daonode.testing.faults import ChangeWeather, CrashAll, CrashNode, Cut, Fault, StepClock, TearWrite
from daonode.testing.network import CALM, Network
from daonode.testing.node import Node
from daonode.testing.oracle import Oracle
from daonode.testing.results import Coverage
from daonode.testing.scenarios import Scenario
from daonode.testing.world import World

RESTART_SPREAD_MS = 200
"""Nodes that have crashed together start within so long of one another."""


class Run(Protocol):
    """What the faults need of the run that they happen in."""

    world: World
    scenario: Scenario
    nodes: list[Node]
    network: Network
    oracle: Oracle
    coverage: Coverage
    random: Random
    byzantine: tuple[int, ...]
    is_calm: bool

    @property
    def now_ms(self) -> int: ...
    def after(self, delay_ms: int, action: Callable[[], None]) -> None: ...
    def note(self, node: int | None, text: str) -> None: ...
    def act(self, node: Node, action: Callable[[], None]) -> None: ...
    def connect(self, nodes: Sequence[Node]) -> None: ...
    def tell_connected(self, node: Node, other: Node) -> None: ...


class Storm:
    """Strikes with faults, and ends what they have begun."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def end(self) -> None:
        """Heal everything, set the clocks right and start everyone."""
        self._clear_weather()
        self._heal()
        for node in self._run.nodes:
            self._set_clock_right(node)
            self._end_outage(node)

    def strike(self, fault: Fault) -> None:
        """Let a fault happen."""
        self._run.note(None, f"{fault}")
        self._run.coverage.faults += 1
        match fault:
            case CrashNode():
                node = self._run.nodes[fault.node]
                if node.is_up:
                    node.effects_until_crash = fault.after_effects
                    self._run.after(fault.outage_ms, partial(self._end_outage, node))
            case CrashAll():
                for node in self._run.nodes:
                    if node.is_up:
                        self.crash(node)
                    outage_ms = fault.outage_ms + self._run.random.randint(0, RESTART_SPREAD_MS)
                    self._run.after(outage_ms, partial(self._restart, node))
            case Cut():
                for time in range(fault.times):
                    self._run.after(2 * time * fault.duration_ms, partial(self._cut, fault))
                self._run.coverage.flaps += fault.times - 1
            case TearWrite():
                node = self._run.nodes[fault.node]
                if node.is_up:
                    node.torn_percent = fault.kept_percent
                    self._run.after(fault.outage_ms, partial(self._end_outage, node))
            case StepClock():
                self._run.coverage.clock_steps += 1
                self._run.nodes[fault.node].step_ms = fault.step_ms
                self._run.after(fault.duration_ms, partial(self._set_clock_right, self._run.nodes[fault.node]))
            case ChangeWeather():
                self._run.network.weather = fault.weather
                self._run.after(fault.duration_ms, self._clear_weather)
            case _:
                assert_never(fault)

    def crash(self, node: Node) -> None:
        """End a node; the others notice."""
        node.crash(self._run.random)
        for other in self._run.nodes:
            if other is not node and other.is_up:
                event = PeerDisconnected(other.clock_ms, PeerId(str(node.index)))
                self._run.act(other, partial(other.step, event))

    def lose_disk(self, node: Node) -> None:
        """A node ends, and starts again a moment later without blocks and state, if there are snapshots with one."""
        if node.is_up:
            self.crash(node)
        node.disk.lose()
        if self._run.scenario.snapshot_interval is None:
            node.disk.stores[Store.STATE].write(self._run.world.chains[node.index].genesis_writes(), sync=True)
        self._run.oracle.on_disk_lost(node.index)
        self._run.note(node.index, "loses its disk")
        self._run.after(RESTART_SPREAD_MS, partial(self._restart, node))

    def _end_outage(self, node: Node) -> None:
        """Start a node that crashed; one that had too little to do to crash by now does so here."""
        if node.is_up and (node.effects_until_crash is not None or node.torn_percent is not None):
            self.crash(node)
        self._restart(node)

    def _restart(self, node: Node) -> None:
        node.effects_until_crash = node.torn_percent = None
        if node.is_up:
            return
        self._run.coverage.restarts += 1
        if node.index not in self._run.byzantine:
            self._run.oracle.on_restart(self._run.now_ms, node.index, node.disk.safety)
        self._run.act(node, node.start)
        self._run.connect((node,))

    def _set_clock_right(self, node: Node) -> None:
        node.step_ms = 0

    def _cut(self, fault: Cut) -> None:
        if self._run.is_calm:
            return
        for inside in fault.side:
            for outside in range(len(self._run.nodes)):
                if outside not in fault.side:
                    self._run.network.cut(inside, outside)
                    if not fault.one_way:
                        self._run.network.cut(outside, inside)
        self._run.after(fault.duration_ms, self._heal)

    def _heal(self) -> None:
        for sender, receiver in self._run.network.heal():
            self._run.tell_connected(self._run.nodes[sender], self._run.nodes[receiver])

    def _clear_weather(self) -> None:
        self._run.network.weather = CALM
