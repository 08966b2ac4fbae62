"""One run: real replicas on virtual time, clients that send, faults that happen, and an oracle that watches.

Time is a heap of `(time_ms, sequence, action)`; everything random comes from one generator, so a run is a function of
its seed. A run has a stormy phase, with the faults of its plan, and a calm one: everything is healed and started again,
and the chain must go on within a bounded number of rounds, commit what is wanted, and agree.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import assert_never

from daonode.consensus.errors import PeerError
from daonode.consensus.messages import ProposalMessage, TimeoutMessage
from daonode.consensus.safety import SafetyState
from daonode.ledger.errors import TransactionError
from daonode.primitives.codec import encode
from daonode.replica.effects import Committed, Store
from daonode.replica.events import MessageReceived, PeerConnected, PeerDisconnected, PeerId, TimerFired
from daonode.replica.messages import BlockResponse, Message, lane_of
from daonode.testing.broken import CERTIFICATES, PROGRESS, InvariantBroken
from daonode.testing.disk import Batch, Disk
from daonode.testing.faults import (
    FAULT_SPAN_MS,
    MAX_DRIFT_MS,
    ChangeWeather,
    CrashAll,
    CrashNode,
    Cut,
    Fault,
    draw_faults,
)
from daonode.testing.interference import Interference
from daonode.testing.network import CALM, Network
from daonode.testing.node import Crash, Node
from daonode.testing.oracle import Oracle
from daonode.testing.scenarios import FAULTS, Scenario
from daonode.testing.trace import Trace
from daonode.testing.world import GENESIS_MS, World, make_world

CLIENT_INTERVAL_MS = 120
"""A client sends this often on average; each transaction is a block of its own on a calm chain."""
CALM_LIMIT_MS = 180_000
"""The longest calm phase; past it the run counts as stuck."""
MAX_EVENTS = 400_000
"""The most actions of one run."""


@dataclass(slots=True)
class Coverage:
    """What a run has been through."""

    commits: int = 0
    timeout_certificates: int = 0
    lock_changes: int = 0
    forks: int = 0
    syncs: int = 0
    restarts: int = 0
    lost_batches: int = 0
    messages_lost: int = 0
    messages_cut: int = 0
    messages_duplicated: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How a run went: `failure` is None when every invariant held."""

    seed: int
    failure: str | None
    coverage: Coverage
    trace_hash: str
    trace: tuple[str, ...]


@dataclass(slots=True)
class _Lane:
    """A client's lane: the next sequence to send."""

    account: int
    lane: int
    sequence: int = 0


@dataclass(slots=True)
class Simulation:
    """A run in progress."""

    seed: int
    world: World
    faults: tuple[Fault, ...]
    trace: Trace
    cast: Mapping[int, type[Node]] = field(default_factory=dict)
    """Who plays a validator, by index; an honest node where nothing stands."""
    interference: Interference | None = None
    is_judged_at_the_end: bool = True
    min_commits: int = FAULTS.min_commits
    now_ms: int = GENESIS_MS + 1_000
    is_calm: bool = False
    coverage: Coverage = field(default_factory=Coverage)
    random: Random = field(init=False)
    network: Network = field(init=False)
    byzantine: tuple[int, ...] = field(init=False)
    oracle: Oracle = field(init=False)
    nodes: list[Node] = field(init=False)
    _queue: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0
    _lanes: list[_Lane] = field(default_factory=list)
    _seen_forks: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # reproducible, not secret
        self.network = Network(self.random)
        self.byzantine = tuple(index for index, kind in sorted(self.cast.items()) if kind.is_byzantine)
        self.oracle = Oracle(self.world, byzantine=self.byzantine)
        self.nodes = [self.make_node(index) for index in range(len(self.world.validators))]
        self._lanes = [_Lane(account, lane) for account in range(len(self.world.account_seeds)) for lane in range(2)]

    def make_node(self, index: int) -> Node:
        """A validator with an initialised disk."""
        chain = self.world.chains[index]
        disk = Disk(chain.initial_safety(self.world.secrets[index].public_key))
        disk.stores[Store.STATE].write(chain.genesis_writes(), sync=True)
        drift_ms = self.random.randint(-MAX_DRIFT_MS, MAX_DRIFT_MS)
        kind = self.cast.get(index, Node)
        return kind(index=index, world=self.world, around=self, disk=disk, drift_ms=drift_ms)

    @property
    def honest(self) -> tuple[Node, ...]:
        """The nodes whose promises count."""
        return tuple(node for node in self.nodes if node.index not in self.byzantine)

    def run(self) -> None:
        """Play the run to its end.

        Raises:
            InvariantBroken: the oracle found a broken invariant, or the chain does not go on.
        """
        for node in self.nodes:
            self.act(node.index, node.start)
        self._connect(range(len(self.nodes)))
        storm_end_ms = self.now_ms + FAULT_SPAN_MS
        for fault in self.faults:
            self._at(self.now_ms + fault.at_ms, lambda fault=fault: self._strike(fault))  # type: ignore[misc]
        self._schedule_client()
        self._run_until(storm_end_ms)
        if not self.is_judged_at_the_end:
            return
        self._calm_down()
        self._run_to_the_end()

    # The run as its nodes see it (`Surroundings`).

    def send(self, sender: int, receiver: int, message: Message) -> None:
        """Hand a message to the network."""
        delays = self.network.delays(sender, receiver)
        # What a Byzantine validator says arrives: the network is on its side.
        if self.interference is not None and not self.is_calm and sender not in self.byzantine:
            delays = self.interference.change(message, receiver, delays)
        for delay_ms in delays:
            self.after(delay_ms, lambda: self._deliver(sender, receiver, message))

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Have something happen."""
        self._at(self.now_ms + delay_ms, action)

    def act(self, node: int, action: Callable[[], None]) -> None:
        """Let a node act; it may crash while it does."""
        try:
            action()
        except Crash:
            self._crash(self.nodes[node])

    def note(self, node: int | None, text: str) -> None:
        """Write a line of the trace."""
        self.trace.add(self.now_ms - GENESIS_MS, node, text)

    def on_persist(self, node: int, store: Store, batch: Batch) -> None:
        """A batch has been written."""
        if node in self.byzantine:
            return
        self.oracle.on_persist(self.now_ms, node, store, batch)

    def on_safety(self, node: int, safety: SafetyState) -> None:
        """A signer has persisted its state."""
        if node in self.byzantine:
            return
        if safety.locked_round > self.nodes[node].signer.safety.locked_round:
            self.coverage.lock_changes += 1
        self.oracle.on_safety(self.now_ms, node, safety)

    def on_sent(self, node: int, message: Message) -> None:
        """A node has sent a message, which may be lost."""
        self.note(node, _describe(message))
        if node in self.byzantine:
            self.oracle.on_byzantine_sent(message)
            return
        self._count_message(message)
        self.oracle.judge_progress(self.nodes[node].replica.core.round)
        self.oracle.on_sent(self.now_ms, node, message, self.nodes[node].disk)

    def on_committed(self, node: int, effect: Committed) -> None:
        """A node has committed a block."""
        if node in self.byzantine:
            return
        header = effect.header
        self.note(node, f"commits height {header.height} round {header.round} {header.id().hex()[:8]}")
        self.coverage.commits = max(self.coverage.commits, header.height)
        self.oracle.on_committed(self.now_ms, node, header, self.nodes[node].disk)

    def on_halt(self, node: int, reason: str) -> None:
        """A node has stopped for good."""
        self.note(node, f"halts: {reason}")
        if node in self.byzantine:
            return
        self.oracle.on_halt(self.now_ms, node, reason)

    # Time.

    def _at(self, at_ms: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at_ms, self._count, action))

    def _run_until(self, until_ms: int) -> None:
        while (due_ms := self._next_ms()) is not None and due_ms <= until_ms:
            self._run_next(due_ms)
        self.now_ms = until_ms

    def _next_ms(self) -> int | None:
        """When the next action or timer is due."""
        due = [self._queue[0][0]] if self._queue else []
        due.extend(at_ms - node.drift_ms for node in self.nodes if node.is_up for at_ms in node.timers.values())
        return min(due, default=None)

    def _run_next(self, due_ms: int) -> None:
        self.now_ms = max(self.now_ms, due_ms)
        if self._count > MAX_EVENTS:
            raise InvariantBroken(PROGRESS, f"the run takes more than {MAX_EVENTS} actions")
        if self._queue and self._queue[0][0] <= due_ms:
            heapq.heappop(self._queue)[2]()
            return
        for node in self.nodes:
            for timer, at_ms in list(node.timers.items()):
                if node.is_up and at_ms - node.drift_ms <= due_ms and node.timers.get(timer) == at_ms:
                    del node.timers[timer]
                    self._count += 1
                    self.act(node.index, lambda: node.step(TimerFired(node.clock_ms, timer)))  # noqa: B023  # run at once
                    return

    # Messages.

    def _deliver(self, sender: int, receiver: int, message: Message) -> None:
        node = self.nodes[receiver]
        if not node.is_up or not self.nodes[sender].is_up or self.network.is_cut(sender, receiver):
            return
        try:
            checked = node.intake.check_message(lane_of(message), encode(message), now_ms=node.clock_ms)
        except PeerError as error:
            self.note(receiver, f"refuses a {type(message).__name__} of n{sender}: {error}")
            if sender not in self.byzantine:
                raise InvariantBroken(
                    CERTIFICATES, f"node {receiver} refuses what honest {sender} says: {error}"
                ) from error
            return
        event = MessageReceived(node.clock_ms, PeerId(str(sender)), checked.message, checked.transactions)
        self.act(node.index, lambda: node.step(event))

    def _count_message(self, message: Message) -> None:
        match message:
            case ProposalMessage():
                header = message.block.header
                if header.tc_digest != bytes(32):
                    self.coverage.timeout_certificates += 1
                key = (header.height, header.parent_id)
                if self._seen_forks.setdefault(key, header.round) != header.round:
                    self.coverage.forks += 1
            case BlockResponse():
                self.coverage.syncs += bool(message.blocks)
            case _:
                pass

    def _connect(self, indices: range | tuple[int, ...]) -> None:
        """Connections of these nodes with all others are made anew."""
        for index in indices:
            for other in range(len(self.nodes)):
                if other != index:
                    self._tell_connected(index, other)
                    self._tell_connected(other, index)

    def _tell_connected(self, index: int, other: int) -> None:
        node = self.nodes[index]
        if node.is_up and self.nodes[other].is_up and not self.network.is_cut(index, other):
            self.act(node.index, lambda: node.step(PeerConnected(node.clock_ms, PeerId(str(other)))))

    # Clients.

    def _schedule_client(self) -> None:
        self.after(self.random.randint(1, 2 * CLIENT_INTERVAL_MS), self._act_as_client)

    def _act_as_client(self) -> None:
        """Send the next transaction of some lane to some node that is up."""
        up = [node for node in self.nodes if node.is_up]
        lane = self.random.choice(self._lanes)
        if up:
            node = self.random.choice(up)
            raw = self.world.transfer(
                account=lane.account, lane=lane.lane, sequence=lane.sequence, now_ms=node.clock_ms
            )
            try:
                self.act(node.index, lambda: node.submit(raw))
            except TransactionError as error:
                self.note(node.index, f"refuses a transaction: {error}")
            self._follow(lane)
        if not self._is_finished():
            self._schedule_client()

    def _follow(self, lane: _Lane) -> None:
        """A client goes on to the next sequence once some node has committed this one, else it tries again."""
        sender = self.world.account_address(lane.account)
        for node in self.nodes:
            expected = self.world.chain.application.next_sequence(
                node.archive.state_at_tip(), sender=sender, lane=lane.lane
            )
            lane.sequence = max(lane.sequence, expected)

    # Faults.

    def _strike(self, fault: Fault) -> None:
        self.note(None, f"{fault}")
        match fault:
            case CrashNode():
                node = self.nodes[fault.node]
                if node.is_up:
                    node.effects_until_crash = fault.after_effects
                    self.after(fault.outage_ms, lambda: self._restart(node))
            case CrashAll():
                for node in self.nodes:
                    if node.is_up:
                        self._crash(node)
                    self.after(fault.outage_ms + self.random.randint(0, 200), lambda node=node: self._restart(node))  # type: ignore[misc]
            case Cut():
                self._cut(fault)
            case ChangeWeather():
                self.network.weather = fault.weather
                self.after(fault.duration_ms, self._clear_weather)
            case _:
                assert_never(fault)

    def _crash(self, node: Node) -> None:
        node.crash(self.random)
        for other in self.nodes:
            if other is not node and other.is_up:
                event = PeerDisconnected(other.clock_ms, PeerId(str(node.index)))
                self.act(other.index, lambda other=other, event=event: other.step(event))  # type: ignore[misc]

    def _restart(self, node: Node) -> None:
        node.effects_until_crash = None
        if node.is_up:
            return
        self.coverage.restarts += 1
        if node.index not in self.byzantine:
            self.oracle.on_restart(self.now_ms, node.index, node.disk.safety)
        self.act(node.index, node.start)
        self._connect((node.index,))

    def _cut(self, fault: Cut) -> None:
        for inside in fault.side:
            for outside in range(len(self.nodes)):
                if outside not in fault.side:
                    self.network.cut(inside, outside)
                    if not fault.one_way:
                        self.network.cut(outside, inside)
        self.after(fault.duration_ms, self._heal)

    def _heal(self) -> None:
        for sender, receiver in self.network.heal():
            self._tell_connected(sender, receiver)

    def _clear_weather(self) -> None:
        self.network.weather = CALM

    # The end.

    def _calm_down(self) -> None:
        """Heal everything and start everyone."""
        self.note(None, "calm")
        self.is_calm = True
        self._clear_weather()
        self._heal()
        for node in self.nodes:
            self._restart(node)
        # A connection that has lost messages is a broken one; it is made anew.
        self._connect(range(len(self.nodes)))
        self.oracle.on_calm(self.now_ms, [node.replica.core.round for node in self.nodes])

    def _run_to_the_end(self) -> None:
        limit_ms = self.now_ms + CALM_LIMIT_MS
        while not self._is_finished() or self._is_busy():
            due_ms = self._next_ms()
            if due_ms is None or due_ms > limit_ms:
                heights = [node.archive.tip().height for node in self.honest]
                raise InvariantBroken(PROGRESS, f"the chain does not go on after the calm: heights {heights}")
            self._run_next(due_ms)
        counters = self.network.counters
        self.coverage.lost_batches = sum(node.lost_batches for node in self.nodes)
        self.coverage.messages_lost, self.coverage.messages_cut = counters.lost, counters.cut
        self.coverage.messages_duplicated = counters.duplicated
        self.oracle.finish([node.archive for node in self.honest])

    def _is_finished(self) -> bool:
        """Whether the run is calm and every node has committed enough."""
        return self.is_calm and all(node.archive.tip().height >= self.min_commits for node in self.honest)

    def _is_busy(self) -> bool:
        """Whether some node still has to catch up or to commit what waits."""
        heights = {node.archive.tip().height for node in self.honest}
        return len(heights) > 1 or any(len(node.replica.mempool) for node in self.honest)


def run_seed(seed: int, scenario: Scenario = FAULTS, *, keep_trace: bool = False) -> Result:
    """Play the run of a seed; never raises for what it finds."""
    trace = Trace(keep_all=keep_trace)
    node_count = scenario.validator_count
    chance = Random(f"{scenario.name} {seed}")  # reproducible
    simulation = Simulation(
        seed=seed,
        world=make_world(node_count),
        faults=draw_faults(chance, node_count=node_count),
        trace=trace,
        cast=scenario.cast,
        interference=Interference(chance, node_count=node_count, muted=scenario.muted) if scenario.is_unfair else None,
        is_judged_at_the_end=scenario.is_judged_at_the_end,
        min_commits=scenario.min_commits,
    )
    failure: str | None = None
    try:
        simulation.run()
    except InvariantBroken as broken:
        failure = str(broken)
        trace.add(simulation.now_ms - GENESIS_MS, None, f"BROKEN {failure}")
    return Result(seed, failure, simulation.coverage, trace.hash(), trace.lines())


def _describe(message: Message) -> str:
    """One line about a message that was sent."""
    match message:
        case ProposalMessage():
            header = message.block.header
            return f"proposes height {header.height} round {header.round} {header.id().hex()[:8]}"
        case TimeoutMessage():
            return f"times out round {message.round} with QC {message.high_qc.round}"
        case _:
            round_ = getattr(message, "round", "")
            return f"sends {type(message).__name__} {round_}".rstrip()
