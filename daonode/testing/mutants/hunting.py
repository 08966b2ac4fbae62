"""Plays runs with a mutant in place until the oracle kills it."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.testing.mutants.mutant import Mutant
from daonode.testing.playing import run_seed
from daonode.testing.results import Result
from daonode.testing.scenarios import SCENARIOS


@dataclass(frozen=True, slots=True)
class Kill:
    """The run that killed a mutant: its scenario, its seed, how many were played, and what was seen."""

    scenario: str
    seed: int
    runs: int
    failure: str


def run_mutant(mutant: Mutant, *, seed: int, scenario: str, keep_trace: bool = False) -> Result:
    """Play one run with the mutant in place."""
    with mutant.apply():
        return run_seed(seed, SCENARIOS[scenario], keep_trace=keep_trace)


def hunt(mutant: Mutant, *, max_runs: int) -> Kill | None:
    """Play runs of its scenarios in turn; None when it lives."""
    for run in range(max_runs):
        scenario = mutant.scenarios[run % len(mutant.scenarios)]
        seed = run // len(mutant.scenarios)
        result = run_mutant(mutant, seed=seed, scenario=scenario)
        if result.failure is not None:
            return Kill(scenario, seed, run + 1, result.failure)
    return None
