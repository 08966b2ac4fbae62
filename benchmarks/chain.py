"""Four validators under load: votes a second, latency, CPU and memory; whole, with one silent."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Final

from benchmarks.load import BATCH, MAX_WAITING, Flood, batch_bodies, latencies_ms, send_all
from benchmarks.nodes import Node, running_nodes
from benchmarks.population import MAX_PROPOSALS, ROUND_TIMEOUT_MS, VALIDATORS, Population, make_homes
from benchmarks.report import Report
from daonode.client.transactions import SignedTransaction
from daonode.ledger.registry import Registry

QUIET_RATE: Final = 50
COMMITTED: Final = 'daonode_transactions_total{outcome="succeeded"}'
FAILED: Final = 'daonode_transactions_total{outcome="failed"}'
POLL_SECONDS: Final = 0.5
SIGNED_SHARE: Final = 1.25
"""Votes are signed for so many times what is measured: some clients come further than others."""


@dataclass(frozen=True, slots=True)
class ChainForm:
    """How long each part takes. The flood is measured over `flood_votes`, or for `flood_seconds` if that is less.

    Enough votes are signed beforehand for a warm-up at `expected_rate` a second.
    """

    accounts: int
    warm_up_seconds: float
    flood_votes: int
    flood_seconds: float
    quiet_seconds: int
    expected_rate: int
    round_timeout_ms: int = ROUND_TIMEOUT_MS


@dataclass(frozen=True, slots=True)
class Moment:
    """Counters of all processes at one time."""

    at: float
    committed: float
    failed: float
    cpu_seconds: dict[str, float]
    own_cpu_seconds: float
    metrics: dict[str, dict[str, float]]


def measure_chain(
    report: Report, form: ChainForm, *, parts: Sequence[str], profiled: str | None, kept: Path | None
) -> None:
    """Run the network and fill the report. The homes are in `kept` afterwards, if given."""
    population = Population.of(form.accounts)
    with running_chain(population, round_timeout_ms=form.round_timeout_ms, profiled=profiled, kept=kept) as (
        registry,
        nodes,
    ):
        _measure(report, form, population, registry, nodes=nodes, parts=parts)


@contextmanager
def running_chain(
    population: Population,
    *,
    round_timeout_ms: int,
    profiled: str | None,
    kept: Path | None,
    accept_unknown: bool = False,
) -> Iterator[tuple[Registry, tuple[Node, ...]]]:
    """Run the validators of a population's chain; gives what its transactions are made with, and the nodes."""
    document = population.document(round_timeout_ms=round_timeout_ms)
    with temporary_directory(kept) as directory:
        make_homes(directory, document, accept_unknown=accept_unknown)
        with running_nodes(directory, profiled=profiled) as nodes:
            yield document.registry, nodes


@contextmanager
def temporary_directory(kept: Path | None = None) -> Iterator[Path]:
    """A new directory: `kept` if given, or one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="daonode-bench-") as path:
        yield Path(path)


def _measure(
    report: Report,
    form: ChainForm,
    population: Population,
    registry: Registry,
    *,
    nodes: Sequence[Node],
    parts: Sequence[str],
) -> None:
    sent = form.flood_votes + form.expected_rate * form.warm_up_seconds + MAX_WAITING
    flood_rounds = ceil(SIGNED_SHARE * sent / form.accounts)
    quiet_votes = QUIET_RATE * form.quiet_seconds if "quiet" in parts else 0
    assert 3 * quiet_votes <= form.accounts, "an account casts one quiet vote"
    assert flood_rounds < MAX_PROPOSALS, "a proposal a round"
    send_all(nodes[0], population.proposals(registry, flood_rounds + 1))
    if "quiet" in parts:
        _measure_both(report, nodes, population.votes(registry, range(3 * quiet_votes), round_number=0))
    if "flood" in parts:
        voters = range(form.accounts)
        flood_bodies = ballots(population, registry, voters, flood_rounds, already=3 * quiet_votes)
        _measure_flood(report, form, nodes, flood_bodies)


def _measure_both(report: Report, nodes: Sequence[Node], votes: Sequence[SignedTransaction]) -> None:
    """Latency with all validators, then with one silent whose turns as a leader have been dropped."""
    third = len(votes) // 3
    _measure_quiet(report, "quiet", nodes, votes[:third])
    with nodes[-1].silenced():
        latencies_ms(nodes[:-1], votes[third : 2 * third], rate=QUIET_RATE)
        _measure_quiet(report, "silent", nodes[:-1], votes[2 * third :])
    ratio = report.value("silent_latency_p50_ms") / report.value("quiet_latency_p50_ms")
    report.add("silent_to_quiet_p50", ratio, "times")


def ballots(
    population: Population, registry: Registry, voters: Sequence[int], rounds: int, *, already: int = 0
) -> list[list[bytes]]:
    """The bodies that each node is sent: every voter always to the same node, each round after the one before.

    The first `already` voters have voted in round 0.
    """
    bodies: list[list[bytes]] = [[] for _ in range(VALIDATORS)]
    for round_number in range(rounds + 1):
        for index, own in enumerate(bodies):
            accounts = [voter for at, voter in enumerate(voters) if at % VALIDATORS == index]
            if round_number == 0:
                accounts = [voter for voter in accounts if voter >= already]
            votes = population.votes(registry, accounts, round_number=round_number)
            own.extend(batch_bodies(votes[: len(votes) // BATCH * BATCH] if round_number == rounds else votes))
    return bodies


def _measure_quiet(report: Report, name: str, nodes: Sequence[Node], votes: Sequence[SignedTransaction]) -> None:
    before = moment_of(nodes)
    latencies = latencies_ms(nodes, votes, rate=QUIET_RATE)
    after = moment_of(nodes)
    for percent in (50, 95, 99):
        report.add(f"{name}_latency_p{percent}_ms", latencies[len(latencies) * percent // 100], "ms")
    report.add(f"{name}_blocks_per_second", _mean(after, before, "daonode_height") / (after.at - before.at), "blocks/s")
    used = [after.cpu_seconds[node.name] - before.cpu_seconds[node.name] for node in nodes]
    report.add(f"{name}_validator_cpu", sum(used) / len(used) / (after.at - before.at), "cores")


def _measure_flood(report: Report, form: ChainForm, nodes: Sequence[Node], batches: Sequence[Sequence[bytes]]) -> None:
    flood = Flood(nodes, batches)
    flood.start()
    Event().wait(form.warm_up_seconds)
    before = moment_of(nodes)
    wait_for_votes(nodes[0], flood, goal=before.committed + form.flood_votes, seconds=form.flood_seconds)
    after = moment_of(nodes)
    memory_mib = max(node.memory_mib() for node in nodes)
    own_memory_mib = max(node.own_memory_mib() for node in nodes)
    flood.stop()
    votes = max(1.0, after.committed - before.committed)
    seconds = after.at - before.at
    report.add("votes_per_second", votes / seconds, "votes/s")
    report.add("votes_measured", votes, "votes")
    report.add("votes_failed", after.failed - before.failed, "votes")
    report.add("votes_refused", flood.refused, "votes")
    report.add("ran_out_of_votes", float(flood.exhausted), "0 or 1")
    cpu = [after.cpu_seconds[node.name] - before.cpu_seconds[node.name] for node in nodes]
    report.add("validator_cpu_per_1000_votes", sum(cpu) / len(cpu) / votes * 1e3, "CPU s")
    report.add("generator_cpu_per_1000_votes", (after.own_cpu_seconds - before.own_cpu_seconds) / votes * 1e3, "CPU s")
    report.add("votes_per_cpu_second", votes / (sum(cpu) + after.own_cpu_seconds - before.own_cpu_seconds), "votes")
    report.add("processes_cpu", (sum(cpu) + after.own_cpu_seconds - before.own_cpu_seconds) / seconds, "cores")
    heights = _mean(after, before, "daonode_height")
    report.add("blocks_per_second", heights / seconds, "blocks/s")
    report.add("votes_per_block", votes / max(1.0, heights), "votes")
    report.add("validator_memory", memory_mib, "MiB")
    report.add("validator_memory_anonymous", own_memory_mib, "MiB")
    report.add("validator_memory_votes", after.committed, "votes")
    _add_stages(report, before, after, votes)


def wait_for_votes(node: Node, flood: Flood, *, goal: float, seconds: float) -> None:
    """Wait until so many votes are committed in all, or for so long, or until there are no more."""
    deadline_s = perf_counter() + seconds
    while perf_counter() < deadline_s and not flood.exhausted and node.metrics().get(COMMITTED, 0.0) < goal:
        Event().wait(POLL_SECONDS)


def _add_stages(report: Report, before: Moment, after: Moment, votes: float) -> None:
    """Where the validators' time went, by their own counters: means of all, in microseconds a vote."""
    for prefix, title in (
        ("daonode_stage_cpu_seconds_total{", "cpu"),
        ("daonode_step_seconds_sum{", "step"),
        ("daonode_job_seconds_sum{", "job"),
        ("daonode_persist_seconds_sum{", "persist"),
    ):
        names = sorted({name for metrics in after.metrics.values() for name in metrics if name.startswith(prefix)})
        for name in names:
            label = name.split('"')[1]
            report.add(f"{title}_{label}", _mean(after, before, name) / votes * 1e6, "us/vote")


def _mean(after: Moment, before: Moment, name: str) -> float:
    differences = [
        after.metrics[node].get(name, 0.0) - before.metrics[node].get(name, 0.0) for node in sorted(after.metrics)
    ]
    return sum(differences) / len(differences)


def moment_of(nodes: Iterable[Node]) -> Moment:
    """What the processes have counted by now."""
    metrics = {node.name: node.metrics() for node in nodes}
    first = metrics["node0"]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Moment(
        at=perf_counter(),
        committed=first.get(COMMITTED, 0.0),
        failed=first.get(FAILED, 0.0),
        cpu_seconds={node.name: node.cpu_seconds() for node in nodes},
        own_cpu_seconds=usage.ru_utime + usage.ru_stime,
        metrics=metrics,
    )
