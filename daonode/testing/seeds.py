"""Many runs at once, on all cores: each seed is a run of its own, and one failure fails them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields

from daonode.testing.playing import run_seed
from daonode.testing.results import Coverage, Result
from daonode.testing.scenarios import FAULTS, Scenario

SEEDS_A_TASK = 4
"""Seeds that a worker plays before it reports; starting tasks costs more than a run."""


def run_seeds(seeds: Iterable[int], *, scenario: Scenario = FAULTS, processes: int) -> Iterator[Result]:
    """Play the runs of these seeds, in any order of completion; results come in the order of the seeds."""
    chunks = _chunks(tuple(seeds))
    with ProcessPoolExecutor(max_workers=processes) as pool:
        for results in pool.map(_run_chunk, chunks, [scenario] * len(chunks)):
            yield from results


def add_coverage(results: Iterable[Result]) -> Coverage:
    """The sum of what the runs have been through."""
    total = Coverage()
    for result in results:
        for field in fields(Coverage):
            setattr(total, field.name, getattr(total, field.name) + getattr(result.coverage, field.name))
    return total


def _chunks(seeds: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [seeds[start : start + SEEDS_A_TASK] for start in range(0, len(seeds), SEEDS_A_TASK)]


def _run_chunk(seeds: tuple[int, ...], scenario: Scenario) -> list[Result]:
    return [run_seed(seed, scenario) for seed in seeds]
