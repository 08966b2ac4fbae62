"""A run is a function of its seed alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from daonode.testing.playing import run_seed


def trace_hash(seed: int, scenario: str, *, hash_seed: str) -> str:
    command = [sys.executable, "-m", "daonode.testing", "replay", "--seed", str(seed), "--scenario", scenario]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return next(line for line in done.stdout.splitlines() if line.startswith("trace "))


@pytest.mark.parametrize("scenario", ["faults", "stale-leader", "pestered"])
def test_a_seed_gives_the_same_trace_whatever_the_hash_seed_of_the_interpreter(scenario: str) -> None:
    assert trace_hash(11, scenario, hash_seed="1") == trace_hash(11, scenario, hash_seed="2")


def test_a_run_leaves_nothing_behind_that_changes_the_next() -> None:
    first = run_seed(21).trace_hash
    other = run_seed(22).trace_hash
    assert run_seed(21).trace_hash == first != other
