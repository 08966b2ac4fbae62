"""A failing run is made smaller, always in the same way, and what is left still fails alike."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from daonode.testing.commands import replay_command
from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.mutants.hunting import run_mutant
from daonode.testing.playing import faults_of, run_seed
from daonode.testing.reduction import Reduction
from daonode.testing.scenarios import FAULTS, SCENARIOS
from daonode.testing.shrinking import invariant_of, minimise, shrink

MUTANT = MUTANTS["vote-after-any-qc"]
SCENARIO = SCENARIOS["stale-leader"]


@pytest.mark.parametrize(
    ("needed", "count"), [((), 8), ((3,), 8), ((0, 7), 8), ((2, 3, 5), 7), (tuple(range(6)), 6), ((0,), 1)]
)
def test_all_that_can_be_left_out_is(needed: tuple[int, ...], count: int) -> None:
    asked = []

    def fails(items: tuple[int, ...]) -> bool:
        asked.append(items)
        return set(needed) <= set(items)

    assert minimise(tuple(range(count)), fails) == needed
    assert len(asked) <= count * count + 2


def test_a_failing_run_is_made_smaller_and_still_breaks_the_same_invariant() -> None:
    seed = 0
    whole = run_mutant(MUTANT, seed=seed, scenario=SCENARIO.name)
    small = shrink(seed, SCENARIO, mutant=MUTANT)
    assert small is not None
    assert invariant_of(small.result) == invariant_of(whole)
    assert len(small.faults) < len(faults_of(seed, SCENARIO))
    assert len(small.reduction.unfair_to) < len(Reduction().unfair_to)
    assert small.reduction.storm_ms < Reduction().storm_ms
    # Without the mutant the small run is sound too.
    assert run_seed(seed, SCENARIO, reduction=small.reduction).failure is None
    again = shrink(seed, SCENARIO, mutant=MUTANT)
    assert again is not None
    assert (again.reduction, again.result.trace_hash) == (small.reduction, small.result.trace_hash)


def test_the_command_that_is_printed_plays_the_small_run_again() -> None:
    arguments = ["shrink", "--seed", "0", "--scenario", SCENARIO.name, "--mutant", MUTANT.name]
    shrunk = subprocess.run(
        [sys.executable, "-m", "daonode.testing", *arguments], capture_output=True, text=True, check=False
    )
    assert shrunk.returncode == 1
    command = shlex.split(next(line for line in shrunk.stdout.splitlines() if line.startswith("replay: ")))
    replayed = subprocess.run([sys.executable, *command[2:]], capture_output=True, text=True, check=False)
    assert replayed.returncode == 1
    traces = [
        next(line for line in done.stdout.splitlines() if line.startswith("trace ")) for done in (shrunk, replayed)
    ]
    assert traces[0] == traces[1]


def test_a_sound_run_has_nothing_to_shrink() -> None:
    assert shrink(0, FAULTS) is None


def test_the_command_names_all_that_is_left_out() -> None:
    reduction = Reduction(faults=(), unfair_to=("VoteMessage",), storm_ms=900)
    command = replay_command(3, SCENARIO, reduction=reduction, mutant=MUTANT.name)
    assert command == (
        "python -m daonode.testing replay --seed 3 --scenario stale-leader --mutant vote-after-any-qc "
        "--faults , --unfair-to VoteMessage --storm-ms 900"
    )
