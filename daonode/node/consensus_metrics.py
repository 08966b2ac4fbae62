"""What a node counts of consensus: blocks, turns, rounds, quorums, and how it catches up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from daonode.consensus.types import Header
from daonode.node.quorum_delay import QuorumStep
from daonode.primitives.ids import ValidatorId

LATENCY_BUCKETS_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


QUORUM_BUCKETS_SECONDS: Final = tuple(round(0.002 * 1.5**step, 4) for step in range(24))
"""From two milliseconds to twenty seconds, near enough to each other to compare two of them."""


class ConsensusMetrics:
    """The metrics of consensus, in the node's registry. `name_of` tells a validator's name."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.height = Gauge("daonode_height", "Committed height.", registry=registry)
        self.round = Gauge("daonode_round", "Round of the last committed block.", registry=registry)
        self.failed_rounds = Counter(
            "daonode_failed_rounds", "Rounds whose leader is named as failed.", registry=registry
        )
        self._turns = Counter(
            "daonode_turns",
            "Turns to propose by validator: of a committed block, or missed as a later block says.",
            ["validator", "outcome"],
            registry=registry,
        )
        self.timeouts = Counter(
            "daonode_round_timeouts", "Times this node gave up on a round, or said so again.", registry=registry
        )
        self._quorum_delay = Histogram(
            "daonode_quorum_delay_seconds",
            "From a proposal to its certificate (certified), and from there to the commit here (committed).",
            ["step"],
            buckets=QUORUM_BUCKETS_SECONDS,
            registry=registry,
        )
        self._commit_delay = Histogram(
            "daonode_commit_delay_seconds",
            "From a block's time to its commit here.",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._proposal_age = Gauge(
            "daonode_proposal_age_seconds",
            "Age of the last proposal of each other validator when it came, by its time and this node's clock; below "
            "zero one of the two clocks is wrong.",
            ["validator"],
            registry=registry,
        )
        self.clock_ahead = Gauge(
            "daonode_clock_ahead_seconds",
            "How far this node's clock was ahead of the time of the last block at its commit, fetched ones left out; "
            "below zero it is behind.",
            registry=registry,
        )
        self.sync_requests = Counter("daonode_sync_requests", "Requests for blocks sent to peers.", registry=registry)
        self.fetched_blocks = Counter("daonode_fetched_blocks", "Blocks that peers sent on request.", registry=registry)
        self.evidence = Counter("daonode_evidence", "Pairs of conflicting statements seen.", registry=registry)
        self.convictions = Counter(
            "daonode_convictions", "Validators that a committed block has punished for such a pair.", registry=registry
        )

    def note_quorum(self, step: QuorumStep, seconds: float) -> None:
        """Take how long a quorum took."""
        self._quorum_delay.labels(step.value).observe(seconds)

    def note_proposal(self, header: Header, *, now_ms: int, name_of: Callable[[ValidatorId], str]) -> None:
        """Take the header of a proposal that has come."""
        self._proposal_age.labels(name_of(header.proposer)).set((now_ms - header.time_ms) / 1_000)

    def note_commit(self, header: Header, *, now_ms: int, name_of: Callable[[ValidatorId], str]) -> None:
        """Take a committed block."""
        self.height.set(header.height)
        self.round.set(header.round)
        self.failed_rounds.inc(len(header.failed_proposers))
        self._commit_delay.observe(max(0, now_ms - header.time_ms) / 1_000)
        self._turns.labels(name_of(header.proposer), "proposed").inc()
        for missed in header.failed_proposers:
            self._turns.labels(name_of(missed), "missed").inc()
