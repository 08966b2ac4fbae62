"""What each command of `python -m daonode.testing` does. Each returns the exit code: 1 when an invariant broke."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from random import Random
from time import process_time

from daonode.testing.exploration.exploring import Exploration
from daonode.testing.figures import commit_times, percentile
from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.mutants.hunting import hunt
from daonode.testing.playing import run_seed
from daonode.testing.reduction import WHOLE, Reduction
from daonode.testing.results import Result
from daonode.testing.scenarios import FAULTS, SCENARIOS, Scenario
from daonode.testing.seeds import add_coverage, run_seeds
from daonode.testing.shrinking import shrink
from daonode.testing.twins.exploring import explore as explore_twins
from daonode.testing.twins.exploring import sample as sample_twins
from daonode.testing.twins.moves import Cast


def replay(
    *,
    seed: int,
    scenario: str,
    mutant: str | None,
    faults: tuple[int, ...] | None,
    unfair_to: tuple[str, ...],
    storm_ms: int,
) -> int:
    """Play a run again, or what is left of it, and show all of its trace."""
    reduction = Reduction(faults, unfair_to, storm_ms)
    with _broken_by(mutant):
        return _show(run_seed(seed, SCENARIOS[scenario], reduction=reduction, keep_trace=True))


def shrink_run(*, seed: int, scenario: str, mutant: str | None) -> int:
    """Find a smaller run that fails alike; show its trace, its faults, and how to play it again."""
    small = shrink(seed, SCENARIOS[scenario], mutant=None if mutant is None else MUTANTS[mutant])
    if small is None:
        _say(f"seed {seed}: every invariant held; there is nothing to shrink")
        return 0
    code = _show(small.result)
    _say(f"{small.runs} runs; {len(small.faults)} faults are left:")
    for fault in small.faults:
        _say(f"  {fault}")
    _say(f"replay: {replay_command(seed, SCENARIOS[scenario], reduction=small.reduction, mutant=mutant)}")
    return code


def run(*, seeds: int, first: int, scenario: str) -> int:
    """Play many runs on all cores."""
    results = list(run_seeds(range(first, first + seeds), scenario=SCENARIOS[scenario], processes=os.cpu_count() or 1))
    broken = [result for result in results if result.failure is not None]
    for result in broken:
        _say(f"seed {result.seed}: {result.failure}")
        _say(f"  replay: {replay_command(result.seed, SCENARIOS[scenario])}")
    _say(f"{len(results)} seeds, {len(broken)} broken")
    _say(", ".join(f"{name} {count}" for name, count in asdict(add_coverage(results)).items()))
    return int(bool(broken))


def hunt_mutants(*, names: list[str], runs: int) -> int:
    """Play runs with each mutant until the oracle kills it."""
    lived = 0
    for name in names or MUTANTS:
        mutant = MUTANTS[name]
        kill = hunt(mutant, max_runs=runs)
        if kill is None:
            lived += 1
            _say(f"{name}: lives after {runs} runs ({mutant.clause})")
        else:
            _say(f"{name}: killed by run {kill.runs}, {kill.scenario} {kill.seed}: {kill.failure}")
    return int(lived > 0)


def explore(*, rounds: int, copies: int, states: int | None, walks: int | None, mutant: str | None) -> int:
    """Go through every order of signing, or walk."""
    began = process_time()
    with _broken_by(mutant):
        exploration = Exploration(rounds=rounds, copies=copies)
        found = exploration.run(max_states=states) if walks is None else exploration.walk(Random(0), walks=walks)
    seconds = process_time() - began
    what = "states" if walks is None else "walks"
    _say(f"{found.states} {what} of up to {found.depth} signatures, {found.signers} of a single signer")
    _say(f"{seconds:.0f} s, {found.states / seconds:.0f} {what} a second")
    _say(found.fault or ("every rule held in all of them" if found.is_complete else "no fault in those, and more left"))
    return int(found.fault is not None)


def play_twins(
    *, validators: int, twins: int, rounds: int, scenarios: int | None, seed: int, mutant: str | None
) -> int:
    """Go through all scenarios of twins, or draw some."""
    cast = Cast(validators, twins)
    began = process_time()
    with _broken_by(mutant):
        if scenarios is None:
            found = explore_twins(cast, rounds=rounds)
        else:
            found = sample_twins(cast, Random(seed), rounds=rounds, scenarios=scenarios)
    seconds = process_time() - began
    _say(f"{found.scenarios} scenarios of {rounds} rounds, by {found.rounds} rounds played; {found.commits} commits")
    _say(f"{seconds:.0f} s, {found.rounds / seconds:.0f} rounds a second")
    for move in found.moves:
        _say(f"  {move.leader} leads, sides {''.join(map(str, move.sides))}")
    _say(found.fault or "every invariant held in all of them")
    return int(found.fault is not None)


def figures() -> int:
    """How long commits take in virtual time."""
    for text, count, link_ms, silent in (
        ("16 validators, links of 50 ms", 16, 50, ()),
        ("4 validators, links of 10 ms", 4, 10, ()),
        ("the same, one of them silent", 4, 10, (3,)),
    ):
        times = commit_times(validator_count=count, link_ms=link_ms, silent=silent, measured_ms=5_000)
        _say(f"{text}: p50 {percentile(times, 50)} ms, p99 {percentile(times, 99)} ms, {len(times)} transactions")
    return 0


COMMANDS: Mapping[str, Callable[..., int]] = {
    "replay": replay,
    "shrink": shrink_run,
    "run": run,
    "mutants": hunt_mutants,
    "explore": explore,
    "twins": play_twins,
    "figures": figures,
}


def replay_command(
    seed: int, scenario: Scenario = FAULTS, *, reduction: Reduction = WHOLE, mutant: str | None = None
) -> str:
    """The command that plays a run again."""
    words = [f"python -m daonode.testing replay --seed {seed}"]
    if scenario is not FAULTS:
        words.append(f"--scenario {scenario.name}")
    if mutant is not None:
        words.append(f"--mutant {mutant}")
    if reduction.faults is not None:
        words.append(f"--faults {','.join(map(str, reduction.faults)) or ','}")
    if scenario.is_unfair and reduction.unfair_to != WHOLE.unfair_to:
        words.append(f"--unfair-to {','.join(reduction.unfair_to) or ','}")
    if reduction.storm_ms != WHOLE.storm_ms:
        words.append(f"--storm-ms {reduction.storm_ms}")
    return " ".join(words)


def _broken_by(mutant: str | None) -> AbstractContextManager[None]:
    return nullcontext() if mutant is None else MUTANTS[mutant].apply()


def _show(result: Result) -> int:
    for line in result.trace:
        _say(line)
    _say(f"trace {result.trace_hash}")
    _say(f"seed {result.seed}: {result.failure or 'every invariant held'}")
    return int(result.failure is not None)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
