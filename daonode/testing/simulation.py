"""One run: real replicas on virtual time, clients that send, faults that happen, and an oracle that watches.

Everything random comes from one generator, so a run is a function of its seed. A run has a stormy phase, with the
faults of its plan, and a calm one: everything is healed and started again, and the chain must go on within a bounded
number of rounds, commit what is wanted, and agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.errors import PeerError
from daonode.consensus.safety import SafetyState
from daonode.primitives.codec import encode
from daonode.replica.committing import KEPT_VERSIONS
from daonode.replica.effects import Committed, Store
from daonode.replica.events import MessageReceived, PeerConnected, PeerId, TimerFired
from daonode.replica.messages import ChunkResponse, ManifestResponse, Message, lane_of
from daonode.signer.errors import SafetyStateOutdated
from daonode.testing.broken import CERTIFICATES, MONOTONE, PROGRESS, InvariantBroken
from daonode.testing.clients import Clients
from daonode.testing.disk import Batch, Disk, DiskTorn
from daonode.testing.faults import FAULT_SPAN_MS, MAX_DRIFT_MS, Fault
from daonode.testing.inclusion import SPREAD_MS
from daonode.testing.interference import Interference
from daonode.testing.network import Network
from daonode.testing.node import Crash, Node
from daonode.testing.oracle import Oracle
from daonode.testing.results import Coverage, MessageCounter
from daonode.testing.scenarios import Scenario
from daonode.testing.schedule import Schedule
from daonode.testing.storm import Storm
from daonode.testing.trace import Trace, describe
from daonode.testing.world import GENESIS_MS, World

CLIENT_INTERVAL_MS = 150
"""A client sends this often on average; each transaction is a block of its own on a calm chain."""
CALM_LIMIT_MS = 180_000
"""The longest calm phase; past it the run counts as stuck."""


@dataclass(slots=True)
class Simulation:
    """A run in progress."""

    seed: int
    world: World
    scenario: Scenario
    cast: Mapping[int, type[Node]]
    """Who plays a validator, by index, where it is not an honest one."""
    faults: tuple[Fault, ...]
    interference: Interference | None
    trace: Trace
    storm_ms: int = FAULT_SPAN_MS
    """So long there are faults."""
    is_calm: bool = False
    schedule: Schedule = field(default_factory=lambda: Schedule(GENESIS_MS + 1_000))
    coverage: Coverage = field(default_factory=Coverage)
    random: Random = field(init=False)
    network: Network = field(init=False)
    byzantine: tuple[int, ...] = field(init=False)
    oracle: Oracle = field(init=False)
    clients: Clients = field(init=False)
    nodes: list[Node] = field(init=False)
    storm: Storm = field(init=False)
    _messages: MessageCounter = field(default_factory=MessageCounter)
    _last_message: Message | None = None
    _last_data: bytes = b""

    def __post_init__(self) -> None:
        cast = self.cast
        self.random = Random(self.seed)
        self.network = Network(self.random)
        self.byzantine = tuple(index for index, kind in sorted(cast.items()) if kind.is_byzantine)
        self.oracle = Oracle(self.world, byzantine=self.byzantine, max_job_ms=self.scenario.max_job_ms)
        self.clients = Clients(self.world, changes_validators=self.scenario.changes_validators)
        self.nodes = [self._make_node(index, cast.get(index, Node)) for index in range(len(self.world.validators))]
        self.storm = Storm(self)

    @property
    def now_ms(self) -> int:
        """Virtual time."""
        return self.schedule.now_ms

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
            self.act(node, node.start)
        self.connect(self.nodes)
        storm_end_ms = self.now_ms + self.storm_ms
        for fault in self.faults:
            self.schedule.at(self.now_ms + fault.at_ms, partial(self.storm.strike, fault))
        if self.scenario.loses_disk is not None:
            loss_ms = self.random.randint(FAULT_SPAN_MS // 3, FAULT_SPAN_MS)
            self.after(loss_ms, partial(self.storm.lose_disk, self.nodes[self.scenario.loses_disk]))
        self._plan_client()
        self._run_until(storm_end_ms)
        if self.scenario.is_judged_at_the_end:
            self._calm_down()
            self._run_to_the_end()
        self._count_up()

    def _make_node(self, index: int, kind: type[Node]) -> Node:
        """A validator with an initialised disk."""
        chain = self.world.chains[index]
        disk = Disk(chain.initial_safety(self.world.secrets[index].public_key))
        disk.stores[Store.STATE].write(chain.genesis_writes(), sync=True)
        drift_ms = self.random.randint(-MAX_DRIFT_MS, MAX_DRIFT_MS)
        return kind(
            index=index,
            world=self.world,
            around=self,
            disk=disk,
            drift_ms=drift_ms,
            snapshot_interval=self.scenario.snapshot_interval,
            kept_versions=self.scenario.kept_versions.get(index, KEPT_VERSIONS),
        )

    # The run as its nodes see it (`Surroundings`).

    def send(self, sender: int, receiver: int, message: Message) -> None:
        """Hand a message to the network."""
        delays = self.network.delays(sender, receiver)
        # What a Byzantine validator says arrives: the network is on its side.
        if self.interference is not None and not self.is_calm and sender not in self.byzantine:
            delays = self.interference.change(message, receiver, delays)
        for delay_ms in delays:
            self.after(delay_ms, partial(self._deliver, sender, receiver, message, self._encode(message)))

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Have something happen."""
        self.schedule.at(self.now_ms + delay_ms, action)

    def answer(self, node: int, action: Callable[[], None], *, after_ms: int) -> None:
        """Have a node act on an answer, after what it does now."""
        self.after(after_ms, partial(self.act, self.nodes[node], action))

    def draw_job_ms(self) -> int:
        """How long the execution of a block takes, of which most are small; no time once it is calm."""
        most_ms = 0 if self.is_calm else self.scenario.max_job_ms
        return self.random.choice((0, self.random.randint(0, most_ms), most_ms)) if most_ms else 0

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
        self.note(node, describe(message))
        if node in self.byzantine:
            self.oracle.on_byzantine_sent(message)
            return
        self._messages.count(message, self.coverage)
        self.oracle.judge_progress(self.nodes[node].replica.core.round)
        self.oracle.on_sent(self.nodes[node].clock_ms, node, message, self.nodes[node].disk)

    def on_admitted(self, node: int, transaction: bytes) -> None:
        """A node has taken a client's transaction: in the calm all have it soon who are there."""
        if node in self.byzantine:
            return
        self.oracle.on_given(self.now_ms, (node,), (transaction,))
        if self.is_calm:
            others = [other.index for other in self.honest if other.is_up and other.joining is None]
            self.oracle.on_given(self.now_ms + SPREAD_MS, others, (transaction,))

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

    def on_refused_start(self, node: int, error: DiskTorn | SafetyStateOutdated) -> None:
        """A node does not trust its disk. What was torn its operator moves away; a signer's memory nobody can mend."""
        if isinstance(error, DiskTorn):
            self.coverage.torn_writes += 1
            self.storm.lose_disk(self.nodes[node])
        elif node in self.byzantine:
            self.coverage.outdated_states += 1
        else:
            raise InvariantBroken(MONOTONE, f"node {node} finds its safety state outdated, and its disk is whole")

    def on_evidence(self, node: int, evidence: ReportEvidence) -> None:
        """A node has caught another."""
        self.note(node, f"reports evidence against {evidence.offender.hex()[:8]}")
        if node in self.byzantine:
            return
        self.coverage.evidence += 1
        self.oracle.on_evidence(node, self.world.validators.index(evidence.offender))

    # Time.

    def act(self, node: Node, action: Callable[[], None]) -> None:
        """Let a node act; it may crash while it does."""
        try:
            action()
        except Crash:
            self.storm.crash(node)

    def _run_until(self, until_ms: int) -> None:
        while (due_ms := self._next_ms()) is not None and due_ms <= until_ms:
            self._run_next(due_ms)
        self.schedule.now_ms = until_ms

    def _next_ms(self) -> int | None:
        """When the next action or timer is due."""
        due = [] if self.schedule.next_ms is None else [self.schedule.next_ms]
        due.extend(at_ms - node.offset_ms for node in self.nodes if node.is_up for at_ms in node.timers.values())
        return min(due, default=None)

    def _run_next(self, due_ms: int) -> None:
        schedule = self.schedule
        schedule.now_ms = max(self.now_ms, due_ms)
        if schedule.is_exhausted:
            raise InvariantBroken(PROGRESS, "the run does not end")
        if schedule.next_ms is not None and schedule.next_ms <= due_ms:
            schedule.pop()()
            return
        for node in self.nodes:
            for timer, at_ms in node.timers.items():
                if node.is_up and at_ms - node.offset_ms <= due_ms:
                    del node.timers[timer]
                    schedule.count()
                    self.act(node, partial(node.step, TimerFired(node.clock_ms, timer)))
                    return

    # Messages.

    def _encode(self, message: Message) -> bytes:
        """The bytes of a message; one that goes to everyone is encoded once."""
        if message is not self._last_message:
            self._last_message, self._last_data = message, encode(message)
        return self._last_data

    def _deliver(self, sender: int, receiver: int, message: Message, data: bytes) -> None:
        node = self.nodes[receiver]
        # What a node has sent before it crashed may arrive after it.
        if not node.is_up or self.network.is_cut(sender, receiver):
            return
        # A node without a chain reads what it has asked for, and nothing else.
        if node.joining is not None and not isinstance(message, ManifestResponse | ChunkResponse):
            return
        try:
            checked = node.intake.check_message(lane_of(message), data, now_ms=node.clock_ms)
        except PeerError as error:
            self.note(receiver, f"refuses a {type(message).__name__} of n{sender}: {error}")
            if sender not in self.byzantine:
                raise InvariantBroken(
                    CERTIFICATES, f"node {receiver} refuses what honest {sender} says: {error}"
                ) from error
            return
        event = MessageReceived(node.clock_ms, PeerId(str(sender)), checked.message, checked.transactions)
        self.act(node, partial(node.step, event))
        if checked.transactions and receiver not in self.byzantine:
            self.oracle.on_given(self.now_ms, (receiver,), [each.raw for each in checked.transactions])

    def connect(self, nodes: Sequence[Node]) -> None:
        """Connections of these nodes with all others are made anew."""
        for node in nodes:
            for other in self.nodes:
                if other is not node:
                    self.tell_connected(node, other)
                    self.tell_connected(other, node)

    def tell_connected(self, node: Node, other: Node) -> None:
        if node.is_up and other.is_up and not self.network.is_cut(node.index, other.index):
            self.act(node, partial(node.step, PeerConnected(node.clock_ms, PeerId(str(other.index)))))

    def _plan_client(self) -> None:
        self.after(self.random.randint(1, 2 * CLIENT_INTERVAL_MS), self._act_as_client)

    def _act_as_client(self) -> None:
        nodes = [node for node in self.nodes if node.is_up and node.joining is None]
        if nodes:
            receiver = self.random.choice(nodes)
            self.act(receiver, partial(self.clients.send, self.random, receiver, self.nodes))
        if not self._is_finished():
            self._plan_client()

    # The end.

    def _calm_down(self) -> None:
        """Heal everything and start everyone."""
        self.note(None, "calm")
        self.is_calm = True
        self.storm.end()
        # A connection that has lost messages is a broken one; it is made anew.
        self.connect(self.nodes)
        self.oracle.on_calm(self.now_ms, [node.replica.core.round for node in self.nodes])

    def _run_to_the_end(self) -> None:
        limit_ms = self.now_ms + CALM_LIMIT_MS
        while not self._is_finished() or self._is_busy():
            due_ms = self._next_ms()
            if due_ms is None or due_ms > limit_ms:
                heights = [node.height for node in self.honest]
                raise InvariantBroken(PROGRESS, f"the chain does not go on after the calm: heights {heights}")
            self._run_next(due_ms)
        self.oracle.finish([node.archive for node in self.honest])
        disks = {node.index: node.disk for node in self.honest}
        self.coverage.pruned = self.oracle.judge_windows(disks, self.scenario.kept_versions)

    def _count_up(self) -> None:
        counters = self.network.counters
        self.coverage.epochs, self.coverage.changed_sets = self.oracle.epochs, self.oracle.changed_sets
        self.coverage.joins = sum(node.joined for node in self.nodes)
        self.coverage.lost_batches = sum(node.lost_batches for node in self.nodes)
        self.coverage.messages_lost, self.coverage.messages_cut = counters.lost, counters.cut
        self.coverage.messages_duplicated = counters.duplicated

    def _is_finished(self) -> bool:
        """Whether the run is calm and every node has committed enough."""
        return self.is_calm and all(node.is_up and node.height >= self.scenario.min_commits for node in self.honest)

    def _is_busy(self) -> bool:
        """Whether some node still has to catch up or to commit what waits."""
        heights = {node.height for node in self.honest}
        return len(heights) > 1 or any(len(node.replica.mempool) for node in self.honest)
