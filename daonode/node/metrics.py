"""The node's metrics, in a registry of their own, in the Prometheus text format.

Names begin with `daonode_`; times are in seconds, as Prometheus wants them. What a counter of another part already
counts is read from there when metrics are asked for (`NodeMetrics.watch`).
"""

from __future__ import annotations

from collections import Counter as CounterOf
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from time import thread_time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daonode.ledger.block import Receipt
from daonode.ledger.session import NO_TRANSACTION
from daonode.node.consensus_metrics import ConsensusMetrics
from daonode.node.rpc_metrics import RpcMetrics
from daonode.replica.layout import (
    BLOCK_PREFIX,
    HEADER_PREFIX,
    NODE_PREFIX,
    PLACE_PREFIX,
    RECEIPTS_PREFIX,
    ROUND_PREFIX,
    STALE_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
)
from daonode.replica.messages import Lane

STEP_BUCKETS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
WAIT_BUCKETS_SECONDS = tuple(round(0.0001 * 1.5**step, 6) for step in range(30))
"""From a tenth of a millisecond to twelve seconds, near enough to each other to compare two of them."""
STAGES = (
    "check_clients",
    "check_mempool",
    "check_consensus",
    "check_sync",
    "step",
    "execution",
    "persist",
    "sign",
    "send",
)
"""Where the CPU time of a node is counted; `check_` is what clients send, and what peers send on each lane."""

CONVICTION_EVENT = "validators.EvidenceAccepted"

RECORD_KINDS = {
    STATE_PREFIX: "value",
    NODE_PREFIX: "node",
    STALE_PREFIX: "stale",
    HEADER_PREFIX: "header",
    RECEIPTS_PREFIX: "receipts",
    PLACE_PREFIX: "place",
    BLOCK_PREFIX: "block",
    ROUND_PREFIX: "round",
    TIP_KEY[:1]: "tip",
}

Watched = tuple[str, str, bool, Callable[[], Mapping[tuple[str, ...], int]], tuple[str, ...]]
"""Name, help, whether it only rises, the reading by label values, and the label names."""


class NodeMetrics:
    """Everything that a node counts and times."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._watching = _Watching()
        self._registry.register(self._watching)
        self.consensus = ConsensusMetrics(self._registry)
        self.transactions = Counter(
            "daonode_transactions", "Committed transactions by outcome.", ["outcome"], registry=self._registry
        )
        self.gas = Counter("daonode_gas_used", "Gas of committed transactions.", registry=self._registry)
        self._writes = Counter(
            "daonode_written_records",
            "Records written or deleted, by database and kind; those of the state tree are node and stale.",
            ["store", "kind"],
            registry=self._registry,
        )
        self.peer_faults = Counter(
            "daonode_peer_faults", "Messages that no honest peer sends.", registry=self._registry
        )
        self._steps = Histogram(
            "daonode_step_seconds",
            "Time of one step of the replica, by event.",
            ["event"],
            buckets=STEP_BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._jobs = Histogram(
            "daonode_job_seconds",
            "Time to execute a block, alone or while it is built.",
            ["job"],
            buckets=STEP_BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._persists = Histogram(
            "daonode_persist_seconds",
            "Time to make one batch durable, by database.",
            ["store"],
            buckets=STEP_BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._stages = _cpu_by_stage(self._registry)
        self._queues = Gauge("daonode_queue_length", "What waits to be stepped.", ["queue"], registry=self._registry)
        waits = Histogram(
            "daonode_message_wait_seconds",
            "From reading a peer's message to its step, by lane: checking it, and what stood before it.",
            ["lane"],
            buckets=WAIT_BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._waits = {lane: waits.labels(lane.value) for lane in Lane}

        self.rpc = RpcMetrics(self._registry)

    def time_step(self, event: str) -> AbstractContextManager[object]:
        """Times one step."""
        return self._steps.labels(event).time()

    def time_job(self, job: str) -> AbstractContextManager[object]:
        """Times the execution of one block."""
        return self._jobs.labels(job).time()

    @contextmanager
    def count_cpu(self, stage: str) -> Iterator[None]:
        """Counts the CPU time of this thread inside; nothing in there may wait for another task."""
        began = thread_time()
        try:
            yield
        finally:
            self._stages[stage].inc(thread_time() - began)

    def time_persist(self, store: str) -> AbstractContextManager[object]:
        """Times one batch."""
        return self._persists.labels(store).time()

    def note_writes(self, store: str, writes: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Take a batch that has been written."""
        for prefix, count in CounterOf(key[:1] for key, _ in writes).items():
            self._writes.labels(store, RECORD_KINDS.get(prefix, "other")).inc(count)

    def note_queues(self, lengths: Mapping[str, int]) -> None:
        """Take the lengths of the driver's queues."""
        for queue, length in lengths.items():
            self._queues.labels(queue).set(length)

    def note_waited(self, lane: Lane, seconds: float) -> None:
        """Take how long a peer's message waited until it was stepped."""
        self._waits[lane].observe(seconds)

    def note_receipts(self, receipts: tuple[Receipt, ...]) -> None:
        """Take what the transactions of a committed block did, and the block by itself."""
        for receipt in receipts:
            self.consensus.convictions.inc(sum(event.type == CONVICTION_EVENT for event in receipt.events))
            if receipt.tx_id != NO_TRANSACTION:
                self.gas.inc(receipt.gas_used)
                self.transactions.labels("failed" if receipt.code else "succeeded").inc()

    def watch(
        self,
        name: str,
        help_text: str,
        read: Callable[[], Mapping[tuple[str, ...], int]],
        *,
        labels: tuple[str, ...] = (),
        rises: bool = False,
    ) -> None:
        """Read a value that another part keeps whenever metrics are asked for."""
        self._watching.readings.append((name, help_text, rises, read, labels))

    def render(self) -> bytes:
        """All metrics as text."""
        return generate_latest(self._registry)


def _cpu_by_stage(registry: CollectorRegistry) -> dict[str, Counter]:
    seconds = Counter(
        "daonode_stage_cpu_seconds",
        "CPU time by stage: checking clients' transactions, peers' messages, stepping, executing blocks, writing, "
        "signing, sending. The rest of the process's time is its network, RPC and runtime.",
        ["stage"],
        registry=registry,
    )
    return {stage: seconds.labels(stage) for stage in STAGES}


class _Watching(Collector):
    """Values that are read and not kept here."""

    def __init__(self) -> None:
        self.readings: list[Watched] = []

    def collect(self) -> list[Metric]:
        families: list[Metric] = []
        for name, help_text, rises, read, labels in self.readings:
            family = (CounterMetricFamily if rises else GaugeMetricFamily)(name, help_text, labels=labels)
            for values, number in read().items():
                family.add_metric(list(values), number)
            families.append(family)
        return families
