"""Each clause of the rules and of the order of persisting is needed: without it the oracle finds a broken invariant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.mutants.hunting import hunt
from daonode.testing.mutants.mutant import Mutant
from daonode.testing.playing import run_seed
from daonode.testing.scenarios import SCENARIOS

MAX_RUNS = 60
"""Runs in which a mutant must be found; most are found in the first."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=list(MUTANTS))
def test_the_oracle_kills(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    kill = hunt(mutant, max_runs=MAX_RUNS)
    assert kill is not None, f"{mutant.name} lives after {MAX_RUNS} runs: is {mutant.clause!r} needed?"
    record_property("figures", f"{mutant.name}: run {kill.runs}, {kill.scenario} {kill.seed}: {kill.failure}")
    assert kill.failure.startswith(mutant.invariant)
    # With the clause in place the same run is sound: it was the mutant that broke it.
    assert run_seed(kill.seed, SCENARIOS[kill.scenario]).failure is None


def test_a_mutant_is_gone_when_its_run_is_over() -> None:
    before = run_seed(0).trace_hash
    for mutant in MUTANTS.values():
        with mutant.apply():
            pass
    assert run_seed(0).trace_hash == before
