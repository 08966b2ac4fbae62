"""A failing run with less in it: fewer faults, then a network that is unfair to less, then a shorter storm.

Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002). Every attempt is a
whole run from the same seed with something left out, and counts when the same invariant breaks. So the outcome is the
same each time, and none of the faults that it keeps can be left out alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from daonode.testing.faults import Fault
from daonode.testing.mutants.mutant import Mutant
from daonode.testing.playing import faults_of, run_seed
from daonode.testing.reduction import WHOLE, Reduction
from daonode.testing.results import Result
from daonode.testing.scenarios import Scenario

STORM_STEP_MS = 100
"""The storm is made no shorter than needed to within so much."""

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smaller run: what it keeps, how it fails, and how many runs it took to find."""

    reduction: Reduction
    faults: tuple[Fault, ...]
    result: Result
    runs: int


def shrink(seed: int, scenario: Scenario, *, mutant: Mutant | None = None) -> Shrunk | None:
    """Make the run of a seed smaller; None when it does not fail."""
    attempts = _Attempts(seed, scenario, mutant)
    whole = attempts.run(WHOLE)
    if whole.failure is None:
        return None
    attempts.wanted = invariant_of(whole)
    drawn = faults_of(seed, scenario)
    kept = minimise(tuple(range(len(drawn))), lambda places: attempts.fails(replace(WHOLE, faults=places)))
    reduction = replace(WHOLE, faults=kept)
    unfair_to = minimise(reduction.unfair_to, lambda kinds: attempts.fails(replace(reduction, unfair_to=kinds)))
    reduction = replace(reduction, unfair_to=unfair_to)
    reduction = replace(reduction, storm_ms=_shortest(reduction, attempts.fails))
    result = attempts.run(reduction, keep_trace=True)
    return Shrunk(reduction, reduction.of(drawn), result, attempts.count)


def minimise(items: tuple[ItemT, ...], fails: Callable[[tuple[ItemT, ...]], bool]) -> tuple[ItemT, ...]:
    """Leave out as many items as possible, first many at once; none of what is left can be left out alone."""
    size = len(items)
    while items:
        rest = next((rest for rest in _without(items, size) if fails(rest)), None)
        if rest is not None:
            items, size = rest, min(size, len(rest))
        elif size == 1:
            return items
        else:
            size //= 2
    return items


def invariant_of(result: Result) -> str | None:
    """The name of the invariant that a run breaks."""
    return None if result.failure is None else result.failure.partition(":")[0]


class _Attempts:
    """Plays runs of one seed. `wanted` is the invariant that must break for a run to count as failing."""

    def __init__(self, seed: int, scenario: Scenario, mutant: Mutant | None) -> None:
        self._seed, self._scenario, self._mutant = seed, scenario, mutant
        self.wanted: str | None = None
        self.count = 0

    def run(self, reduction: Reduction, *, keep_trace: bool = False) -> Result:
        self.count += 1
        with nullcontext() if self._mutant is None else self._mutant.apply():
            return run_seed(self._seed, self._scenario, reduction=reduction, keep_trace=keep_trace)

    def fails(self, reduction: Reduction) -> bool:
        return invariant_of(self.run(reduction)) == self.wanted


def _without(items: tuple[ItemT, ...], size: int) -> Sequence[tuple[ItemT, ...]]:
    """The items without each piece of so many, in turn."""
    return [items[:start] + items[start + size :] for start in range(0, len(items), size)]


def _shortest(reduction: Reduction, fails: Callable[[Reduction], bool]) -> int:
    """How short the storm can be, by halving."""
    passing, failing = 0, reduction.storm_ms
    while failing - passing > STORM_STEP_MS:
        middle = (passing + failing) // 2
        if fails(replace(reduction, storm_ms=middle)):
            failing = middle
        else:
            passing = middle
    return failing
