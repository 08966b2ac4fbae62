"""`python -m daonode.testing`: play runs, or one again with its trace."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from dataclasses import asdict
from time import process_time

from daonode.testing.exploration.exploring import Exploration
from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.mutants.hunting import hunt, run_mutant
from daonode.testing.playing import run_seed
from daonode.testing.results import Result
from daonode.testing.scenarios import FAULTS, SCENARIOS, Scenario
from daonode.testing.seeds import add_coverage, run_seeds


def main() -> int:
    """Read the command line; the exit code is 1 when an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m daonode.testing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("replay", help="play one run again and show its trace")
    replay.add_argument("--seed", type=int, required=True)
    replay.add_argument("--scenario", choices=SCENARIOS, default=FAULTS.name)
    replay.add_argument("--mutant", choices=MUTANTS, help="break this clause first")
    many = commands.add_parser("run", help="play many runs")
    many.add_argument("--seeds", type=int, default=100, help="how many")
    many.add_argument("--first", type=int, default=0, help="the first seed")
    many.add_argument("--scenario", choices=SCENARIOS, default=FAULTS.name)
    kill = commands.add_parser("mutants", help="hunt mutants, all of them or some")
    kill.add_argument("names", nargs="*", choices=[[], *MUTANTS])
    kill.add_argument("--runs", type=int, default=100, help="the most runs for each")
    explore = commands.add_parser("explore", help="go through every order of signing")
    explore.add_argument("--rounds", type=int, default=3, help="up to this round")
    explore.add_argument("--copies", type=int, default=1, help="blocks on a parent in a round")
    explore.add_argument("--states", type=int, help="stop at so many")
    explore.add_argument("--mutant", choices=MUTANTS, help="break this clause first")
    arguments = parser.parse_args()
    if arguments.command == "explore":
        with nullcontext() if arguments.mutant is None else MUTANTS[arguments.mutant].apply():
            return _explore(rounds=arguments.rounds, copies=arguments.copies, max_states=arguments.states)
    if arguments.command == "mutants":
        return _hunt(arguments.names or list(MUTANTS), max_runs=arguments.runs)
    scenario = SCENARIOS[arguments.scenario]
    if arguments.command == "replay":
        if arguments.mutant is not None:
            mutant = MUTANTS[arguments.mutant]
            return _show(run_mutant(mutant, seed=arguments.seed, scenario=scenario.name, keep_trace=True))
        return _show(run_seed(arguments.seed, scenario, keep_trace=True))
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    results = list(run_seeds(seeds, scenario=scenario, processes=os.cpu_count() or 1))
    for result in results:
        if result.failure is not None:
            _say(f"seed {result.seed}: {result.failure}")
            _say(f"  replay: {replay_command(result.seed, scenario)}")
    _say(f"{len(results)} seeds, {sum(result.failure is not None for result in results)} broken")
    _say(", ".join(f"{name} {count}" for name, count in asdict(add_coverage(results)).items()))
    return int(any(result.failure is not None for result in results))


def replay_command(seed: int, scenario: Scenario = FAULTS) -> str:
    """The command that plays a run again."""
    extra = "" if scenario is FAULTS else f" --scenario {scenario.name}"
    return f"python -m daonode.testing replay --seed {seed}{extra}"


def _hunt(names: list[str], *, max_runs: int) -> int:
    lived = 0
    for name in names:
        mutant = MUTANTS[name]
        kill = hunt(mutant, max_runs=max_runs)
        if kill is None:
            lived += 1
            _say(f"{name}: lives after {max_runs} runs ({mutant.clause})")
        else:
            _say(f"{name}: killed by run {kill.runs}, {kill.scenario} {kill.seed}: {kill.failure}")
    return int(lived > 0)


def _explore(*, rounds: int, copies: int, max_states: int | None) -> int:
    began = process_time()
    found = Exploration(rounds=rounds, copies=copies).run(max_states=max_states)
    seconds = process_time() - began
    _say(f"{found.states} states of up to {found.depth} signatures, {found.signers} of a single signer")
    _say(f"{seconds:.0f} s, {found.states / seconds:.0f} states a second")
    _say(found.fault or ("every rule held in all of them" if found.is_complete else "no fault in those, and more left"))
    return int(found.fault is not None)


def _show(result: Result) -> int:
    for line in result.trace:
        _say(line)
    _say(f"trace {result.trace_hash}")
    _say(f"seed {result.seed}: {result.failure or 'every invariant held'}")
    return int(result.failure is not None)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
