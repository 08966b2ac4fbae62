"""What a vote costs at different numbers of accounts: of one process's CPU for its stages, and of whole validators'.

The stages are all that a validator does with a vote but its network and RPC. The validators are four processes under a
flood, as in `chain.py`; the first state of a large chain is made once, and copied.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from threading import Event
from time import perf_counter, process_time
from typing import Final

from benchmarks.chain import ballots, moment_of, temporary_directory, wait_for_votes
from benchmarks.load import MAX_WAITING, Flood, send_all
from benchmarks.nodes import running_nodes
from benchmarks.population import ROUND_TIMEOUT_MS, VALIDATOR_KEYS, Population, make_homes
from benchmarks.report import Report
from benchmarks.stages import BLOCK_VOTES, US, Ledger, running_ledger
from daonode.node.home import Home
from daonode.node.opening import open_home, prepare_stores
from daonode.signer.file_signer import write_safety_state

BLOCKS: Final = 16
WARM_UP_SECONDS: Final = 5.0
MEASURED_SECONDS: Final = 120.0
"""At most; where the machine is slower, fewer votes are measured."""
MOST_VOTES_A_SECOND: Final = 1_500


@dataclass(frozen=True, slots=True)
class GrowthForm:
    """Numbers of accounts, the smallest first: for the stages, and for whole validators that commit `votes`."""

    stages: tuple[int, ...]
    validators: tuple[int, ...] = ()
    votes: int = 30_000


def measure_growth(report: Report, form: GrowthForm) -> None:
    """The same votes on chains with more and more accounts."""
    for accounts in form.stages:
        population = Population.of(accounts)
        began = perf_counter()
        with running_ledger(population) as ledger:
            report.add(f"growth_{accounts}_genesis", perf_counter() - began, "s")
            _measure_stages(report, ledger, population, accounts=accounts)
    _add_ratio(report, [f"growth_{accounts}_accounts" for accounts in form.stages], "growth_ratio")
    for accounts in form.validators:
        _measure_validators(report, accounts=accounts, votes=form.votes)
    _add_ratio(report, [f"growth_{accounts}_validator_cpu" for accounts in form.validators], "growth_validator_ratio")


def _add_ratio(report: Report, names: Sequence[str], ratio: str) -> None:
    if len(names) > 1:
        report.add(ratio, report.value(names[-1]) / report.value(names[0]), "times")


def _voters(accounts: int, votes: int) -> range:
    """Voters from all over the numbers, so from all over the tree; as many as there are votes, or all."""
    return range(0, accounts, max(1, accounts // votes))


def _measure_stages(report: Report, ledger: Ledger, population: Population, *, accounts: int) -> None:
    application, registry = ledger.chain.application, ledger.chain.document.registry
    voters = _voters(accounts, BLOCKS * BLOCK_VOTES)
    rounds = ceil(BLOCKS * BLOCK_VOTES / len(voters))
    ledger.block([each.raw for each in population.proposals(registry, rounds)])
    votes = [
        vote for round_number in range(rounds) for vote in population.votes(registry, voters, round_number=round_number)
    ]
    began = process_time()
    count = 0
    for start in range(0, BLOCKS * BLOCK_VOTES, BLOCK_VOTES):
        raws = [each.raw for each in votes[start : start + BLOCK_VOTES]]
        for raw in raws:
            checked = application.check(ledger.version, raw, ledger.version.time_ms)
            application.verify_signatures(checked)
            application.check_account(ledger.version, checked)
        ledger.block(raws)
        count += len(raws)
    report.add(f"growth_{accounts}_accounts", (process_time() - began) / count * US, "us/vote")


def _measure_validators(report: Report, *, accounts: int, votes: int) -> None:
    population = Population.of(accounts)
    needed = votes + MAX_WAITING + int(MOST_VOTES_A_SECOND * WARM_UP_SECONDS)
    voters = _voters(accounts, needed)
    rounds = ceil(needed / len(voters))
    document = population.document(round_timeout_ms=ROUND_TIMEOUT_MS)
    registry = document.registry
    with temporary_directory() as directory:
        make_homes(directory, document)
        # The document of a million accounts takes a gigabyte.
        del document
        _make_first_state(directory)
        with running_nodes(directory, profiled=None) as nodes:
            send_all(nodes[0], population.proposals(registry, rounds + 1))
            flood = Flood(nodes, ballots(population, registry, voters, rounds))
            flood.start()
            Event().wait(WARM_UP_SECONDS)
            before = moment_of(nodes)
            wait_for_votes(nodes[0], flood, goal=before.committed + votes, seconds=MEASURED_SECONDS)
            after = moment_of(nodes)
            memory_mib = max(node.memory_mib() for node in nodes)
            flood.stop()
    measured = after.committed - before.committed
    cpu = [after.cpu_seconds[name] - before.cpu_seconds[name] for name in sorted(after.cpu_seconds)]
    report.add(f"growth_{accounts}_validator_cpu", sum(cpu) / len(cpu) / measured * 1e3, "CPU s/1000 votes")
    report.add(f"growth_{accounts}_validator_votes", measured, "votes")
    report.add(f"growth_{accounts}_validator_memory", memory_mib, "MiB")


def _make_first_state(directory: Path) -> None:
    """Give every home the stores that the first would make at its start."""
    first, *others = (Home(directory / keys.name) for keys in VALIDATOR_KEYS)
    stores, chain = open_home(first)
    with closing(stores):
        prepare_stores(stores, chain)
    for other in others:
        shutil.copytree(first.data_directory, other.data_directory, dirs_exist_ok=True)
    # A node with blocks refuses to sign without a safety state; nobody has signed here.
    for keys in VALIDATOR_KEYS:
        path = Home(directory / keys.name).safety_state
        path.parent.mkdir(exist_ok=True)
        write_safety_state(path, chain.initial_safety(keys.public_key))
