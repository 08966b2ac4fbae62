"""Votes at a steady rate for an hour, or as long as is asked for: what does not grow in a minute may in sixty.

One row of figures a minute. The end compares the first quarter of the rows with the last: the same load must cost the
same then. Votes are signed as they are sent, and the accounts change their minds when there is nothing new to vote on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event
from typing import Final

from benchmarks.chain import Moment, moment_of, running_chain
from benchmarks.load import BATCH, Clients, Flood, batch_bodies, send_all
from benchmarks.nodes import Node
from benchmarks.population import MAX_PROPOSALS, VALIDATORS, Population
from benchmarks.report import Report
from daonode.ledger.registry import Registry

ROW_SECONDS: Final = 60
QUARTERS: Final = 4
BATCHES_A_SECOND: Final = 4
"""Of each node's client, where the rate allows as few."""
SAMPLE_SECONDS: Final = 1
"""After which each node is sent one vote more, whose commit is waited for."""


@dataclass(frozen=True, slots=True)
class HourForm:
    """How long votes are sent, and how many a second to all nodes together."""

    accounts: int
    seconds: int
    rate: int
    round_timeout_ms: int


@dataclass(frozen=True, slots=True)
class Row:
    """What one minute was like. Memory and CPU are by node, latencies ascending."""

    votes: float
    seconds: float
    latencies_ms: list[float]
    memory_mib: tuple[float, ...]
    cores: tuple[float, ...]
    load: float
    """Processes that ran or wanted to, on the whole machine: what else it does is part of a minute."""

    def figures(self) -> dict[str, tuple[float, str]]:
        """For the report."""
        memory = {f"node{index}_memory": (mib, "MiB") for index, mib in enumerate(self.memory_mib)}
        return {
            "votes_per_second": (self.votes / self.seconds, "votes/s"),
            "latency_p50_ms": (percentile(self.latencies_ms, 50), "ms"),
            "latency_p95_ms": (percentile(self.latencies_ms, 95), "ms"),
            "validator_cpu": (sum(self.cores) / len(self.cores), "cores"),
            "load": (self.load, "processes"),
            **memory,
        }


@dataclass(slots=True)
class Sampling:
    """One vote a second to each node, the next when the one before is committed; account `n` votes at node `n`."""

    population: Population
    registry: Registry
    nodes: Sequence[Node]
    _latencies_ms: list[float] = field(default_factory=list)
    _stopping: Event = field(default_factory=Event)
    _clients: list[Future[None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(VALIDATORS))

    def start(self) -> None:
        """Begin."""
        self._clients = [self._pool.submit(self._sample, account) for account in range(len(self.nodes))]

    def stop(self) -> None:
        """End, and raise what went wrong meanwhile."""
        self._stopping.set()
        self._pool.shutdown()
        for client in self._clients:
            client.result()

    def take(self) -> list[float]:
        """The latencies in milliseconds since the last time, ascending."""
        taken, self._latencies_ms = self._latencies_ms, []
        return sorted(taken)

    def _sample(self, account: int) -> None:
        node = self.nodes[account]
        clients = Clients([node])
        for number in count():
            [vote] = self.population.votes(self.registry, [account], round_number=number)
            if self._stopping.wait(SAMPLE_SECONDS):
                return
            self._latencies_ms.append(clients.commit(node, vote))


def measure_hour(report: Report, form: HourForm, *, profiled: str | None, kept: Path | None) -> None:
    """Run the network under a steady load and fill the report. The homes are in `kept` afterwards, if given."""
    population = Population.of(form.accounts)
    with running_chain(population, round_timeout_ms=form.round_timeout_ms, profiled=profiled, kept=kept) as (
        registry,
        nodes,
    ):
        send_all(nodes[0], population.proposals(registry, MAX_PROPOSALS))
        size = min(BATCH, max(1, form.rate // (VALIDATORS * BATCHES_A_SECOND)))
        batches = [_batches(population, registry, index, size=size) for index in range(VALIDATORS)]
        flood = Flood(nodes, batches, interval_seconds=size * VALIDATORS / form.rate)
        sampling = Sampling(population, registry, nodes)
        before = moment_of(nodes)
        flood.start()
        sampling.start()
        rows = list(_rows(report, form, nodes, sampling))
        sampling.stop()
        flood.stop()
        after = moment_of(nodes)
    report.add("hour_votes", after.committed - before.committed, "votes")
    report.add("hour_failed", after.failed - before.failed, "votes")
    report.add("hour_refused", flood.refused, "votes")
    quarter = max(1, len(rows) // QUARTERS)
    _add_quarter(report, "first", rows[:quarter])
    _add_quarter(report, "last", rows[-quarter:])


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The value below which so many percent lie; 0 where there is none."""
    return ascending[len(ascending) * percent // 100] if ascending else 0.0


def _batches(population: Population, registry: Registry, index: int, *, size: int) -> Iterator[bytes]:
    """What a node is sent, signed when it is asked for; the first accounts are those of the sampling."""
    accounts = range(VALIDATORS + index, len(population.wallets), VALIDATORS)
    for round_number in count():
        for start in range(0, len(accounts), size):
            yield from batch_bodies(
                population.votes(registry, accounts[start : start + size], round_number=round_number)
            )


def _rows(report: Report, form: HourForm, nodes: Sequence[Node], sampling: Sampling) -> Iterator[Row]:
    """One a minute, at least one for each quarter."""
    row_seconds = min(ROW_SECONDS, form.seconds / QUARTERS)
    before = moment_of(nodes)
    for number in range(1, round(form.seconds / row_seconds) + 1):
        Event().wait(row_seconds)
        after = moment_of(nodes)
        row = _row(before, after, nodes, sampling.take())
        report.add_row(f"hour_{number:03}", row.figures())
        yield row
        before = after


def _row(before: Moment, after: Moment, nodes: Sequence[Node], latencies: list[float]) -> Row:
    seconds = after.at - before.at
    return Row(
        votes=after.committed - before.committed,
        seconds=seconds,
        latencies_ms=latencies,
        memory_mib=tuple(node.memory_mib() for node in nodes),
        cores=tuple((after.cpu_seconds[node.name] - before.cpu_seconds[node.name]) / seconds for node in nodes),
        load=os.getloadavg()[0],
    )


def _add_quarter(report: Report, name: str, rows: Sequence[Row]) -> None:
    """The figures of one quarter; memory is the most that any validator had at the end of any of its rows."""
    latencies = sorted(latency for row in rows for latency in row.latencies_ms)
    votes, seconds = sum(row.votes for row in rows), sum(row.seconds for row in rows)
    report.add(f"hour_votes_per_second_{name}", votes / seconds, "votes/s")
    report.add(f"hour_latency_p50_{name}_ms", percentile(latencies, 50), "ms")
    report.add(f"hour_latency_p95_{name}_ms", percentile(latencies, 95), "ms")
    report.add(f"hour_memory_{name}_mib", max(max(row.memory_mib) for row in rows), "MiB")
