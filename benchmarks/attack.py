"""Four validators under attack: how long votes wait meanwhile, and whether blocks go on.

First nobody attacks; then 50 peers send garbage, then 50 clients flood JSON-RPC, then valid transactions come at ten
times what the chain takes. Attackers are held to a quarter of the machine's CPU: their process is stopped (SIGSTOP)
while it has used more. In every phase but the last, votes are sent at a steady rate, so that there are blocks.

Two times are read from the nodes' own histograms, all four together: how long a message of the consensus lane waits
from being read to its step, and how long it takes from a proposal to its certificate, which is all of it: the network,
the execution of the block at every validator, and the votes' way back.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Final

from benchmarks.chain import Moment, ballots, moment_of, running_chain
from benchmarks.load import Flood, batch_bodies, send_all
from benchmarks.nodes import TICKS_A_SECOND, Node
from benchmarks.population import Population
from benchmarks.report import Report
from daonode.client.transactions import SignedTransaction

STEADY_RATE: Final = 20
ATTACKERS_SHARE: Final = 0.25
"""Of the whole machine's CPU."""
LOOK_SECONDS: Final = 0.01
TIMES_CAPACITY: Final = 10
WAIT: Final = "daonode_message_wait_seconds"
QUORUM: Final = "daonode_quorum_delay_seconds"
CLOSED: Final = "daonode_p2p_closed_on_arrival_total"
PHASES: Final = ("quiet", "garbage", "rpc", "transactions")


@dataclass(frozen=True, slots=True)
class AttackForm:
    """How long each phase takes, and the votes a second that the chain is said to take."""

    accounts: int
    seconds: int
    capacity: int
    round_timeout_ms: int


def measure_attack(report: Report, form: AttackForm, *, kept: Path | None = None) -> None:
    """Run the network and its attackers, and fill the report."""
    population = Population.of(form.accounts)
    steady = STEADY_RATE * form.seconds
    with running_chain(
        population, round_timeout_ms=form.round_timeout_ms, profiled=None, kept=kept, accept_unknown=True
    ) as (registry, nodes):
        rounds = 1 + -(-form.capacity * TIMES_CAPACITY * form.seconds // form.accounts)
        send_all(nodes[0], population.proposals(registry, rounds + 1))
        directory = nodes[0].node.home.path.parent
        flood = ballots(population, registry, range(form.accounts), rounds, already=3 * steady)
        for node, bodies in zip(nodes, flood, strict=True):
            (directory / f"attack-{node.name}.json").write_text(json.dumps([body.decode() for body in bodies]))
        votes = population.votes(registry, range(3 * steady), round_number=0)
        chunks = iter((votes[:steady], votes[steady : 2 * steady], votes[2 * steady :]))
        for phase in PHASES:
            own = [] if phase == "transactions" else next(chunks)
            with attackers_on(directory, phase, rate=form.capacity * TIMES_CAPACITY) as attackers:
                _add_phase(report, phase, _run_phase(nodes, own, attackers, seconds=form.seconds))


class Attackers:
    """The process that attacks, none where all is quiet; it runs only while it has used less than its share."""

    def __init__(self, process: subprocess.Popen[str] | None) -> None:
        self._process = process
        self._began, self._began_cpu = 0.0, 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._hold, daemon=True)

    def cpu_seconds(self) -> float:
        """What it has used."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def hold(self) -> None:
        """Begin to hold it to its share, from now on."""
        self._began, self._began_cpu = perf_counter(), self.cpu_seconds()
        self._thread.start()

    def let_go(self) -> None:
        """Hold it no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def end(self) -> dict[str, int]:
        """End it; returns what it says that it did."""
        self.let_go()
        if self._process is None:
            return {}
        assert self._process.poll() is None, "it attacks until it is told to end"
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        said, _ = self._process.communicate(timeout=30)
        return dict(json.loads(said.splitlines()[-1]))

    def _hold(self) -> None:
        cores = ATTACKERS_SHARE * (os.cpu_count() or 1)
        while not self._stopping.wait(LOOK_SECONDS) and self._process is not None and self._process.poll() is None:
            allowed = cores * (perf_counter() - self._began)
            is_over = self.cpu_seconds() - self._began_cpu > allowed
            self._process.send_signal(signal.SIGSTOP if is_over else signal.SIGCONT)


@contextmanager
def attackers_on(directory: Path, phase: str, *, rate: float = 0.0) -> Iterator[Attackers]:
    """Start the attackers of a phase; they are gone afterwards."""
    if phase == "quiet":
        yield Attackers(None)
        return
    command = [sys.executable, "-m", "benchmarks.attackers", phase, str(directory), str(rate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    attackers = Attackers(process)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the attackers have started"
        yield attackers
    finally:
        attackers.let_go()
        if process.poll() is None:
            process.kill()
        process.wait()


@dataclass(frozen=True, slots=True)
class Phase:
    """What was read before and after a phase, and what the attackers used and say that they did."""

    before: Moment
    after: Moment
    attackers_cpu_seconds: float
    said: Mapping[str, int]


def _run_phase(
    nodes: Sequence[Node], votes: Sequence[SignedTransaction], attackers: Attackers, *, seconds: int
) -> Phase:
    """Send votes at the steady rate, one a request, and nothing where there are none; for so long."""
    batches = [[body for vote in votes[at :: len(nodes)] for body in batch_bodies([vote])] for at in range(len(nodes))]
    steady = Flood(nodes, batches, interval_seconds=len(nodes) / STEADY_RATE)
    attackers.hold()
    before, began_cpu = moment_of(nodes), attackers.cpu_seconds()
    steady.start()
    Event().wait(seconds)
    after, used_cpu = moment_of(nodes), attackers.cpu_seconds() - began_cpu
    said = attackers.end()
    steady.stop()
    return Phase(before, after, used_cpu, said)


def _add_phase(report: Report, phase: str, run: Phase) -> None:
    name = f"attack_{phase}"
    before, after = run.before.metrics, run.after.metrics
    seconds = run.after.at - run.before.at
    blocks = sum(_grown(after[node], before[node], "daonode_height") for node in after) / len(after)
    row = {
        "wait_p99_ms": (_p99_ms(before, after, WAIT, 'lane="consensus"'), "ms"),
        "quorum_p99_ms": (_p99_ms(before, after, QUORUM, 'step="certified"'), "ms"),
        "blocks_per_second": (blocks / seconds, "blocks/s"),
        "votes_per_second": ((run.after.committed - run.before.committed) / seconds, "votes/s"),
        "closed_on_arrival": (sum(_grown(after[node], before[node], CLOSED) for node in after), "connections"),
        "validators_cpu": (_cores(run.before, run.after), "cores"),
        "attackers_cpu": (run.attackers_cpu_seconds / seconds, "cores"),
        "load": (os.getloadavg()[0], "processes"),
        **{key: (float(count), "times") for key, count in run.said.items()},
    }
    report.add_row(name, row)
    if phase != "quiet":
        for figure in ("wait_p99", "quorum_p99"):
            ratio = report.value(f"{name}_{figure}_ms") / report.value(f"attack_quiet_{figure}_ms")
            report.add(f"{name}_{figure}_to_quiet", ratio, "times")


def _cores(before: Moment, after: Moment) -> float:
    """The CPU of all validators together."""
    used = sum(after.cpu_seconds[node] - before.cpu_seconds[node] for node in after.cpu_seconds)
    return used / (after.at - before.at)


def _grown(after: Mapping[str, float], before: Mapping[str, float], prefix: str) -> float:
    """By how much a counter has grown, of all its labels together."""
    return sum(
        value - before.get(name, 0.0)
        for name, value in after.items()
        if name == prefix or name.startswith(prefix + "{")
    )


def _p99_ms(
    before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]], name: str, label: str
) -> float:
    """The 99th percentile of what all nodes observed in between, even within a bucket; at most the last bound."""
    counts: dict[float, float] = {}
    for node, metrics in after.items():
        for series, value in metrics.items():
            if series.startswith(f"{name}_bucket{{") and label in series:
                bound = float(series.partition('le="')[2].partition('"')[0])
                counts[bound] = counts.get(bound, 0.0) + value - before[node].get(series, 0.0)
    total = max(counts.values(), default=0.0)
    assert total, f"nothing was observed of {name} with {label}"
    low, below = 0.0, 0.0
    for bound, count in sorted(counts.items()):
        if count >= 0.99 * total:
            width = (bound if bound != float("inf") else low) - low
            return (low + width * (0.99 * total - below) / (count - below)) * 1e3
        low, below = bound, count
    raise AssertionError("the last bucket holds all")
