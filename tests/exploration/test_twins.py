"""Every way to split four validators, one of them twins, round by round: nothing breaks, and each rule is needed.

`python -m daonode.testing twins --rounds 4` is what the long form plays.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time

import pytest

from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.twins.exploring import Found, explore, sample
from daonode.testing.twins.moves import Cast, Move, all_moves, all_relabellings, unlike

FOUR = Cast(validators=4, twins=1)
SEVEN = Cast(validators=7, twins=2)

NEEDED = ("vote-any-round", "qc-of-few")


def report(record: Callable[[str, object], None], play: Callable[[], Found]) -> Found:
    began = process_time()
    found = play()
    seconds = process_time() - began
    record("figures", f"{found}, {found.rounds / seconds:.0f} rounds a second")
    assert found.fault is None, found.moves
    return found


def test_moves_are_leaders_and_splits_and_most_are_like_another() -> None:
    moves = all_moves(FOUR)
    assert len(moves) == 4 * 2**4
    kinds = list(unlike(moves, all_relabellings(FOUR)))
    assert len(kinds) < len(moves) / 3
    assert len(list(unlike(moves, all_relabellings(FOUR)[:1]))) == len(moves)


def test_a_relabelling_and_its_opposite_change_nothing() -> None:
    assert len(all_relabellings(FOUR)) == 6 * 2
    move = Move(1, (0, 1, 0, 1, 1))
    assert all_relabellings(FOUR)[0].apply(move) == move
    assert all(
        move in [each.apply(other.apply(move)) for each in all_relabellings(FOUR)] for other in all_relabellings(FOUR)
    )


def test_no_scenario_of_two_rounds_breaks_an_invariant(record_property: Callable[[str, object], None]) -> None:
    found = report(record_property, lambda: explore(FOUR, rounds=2))
    assert found.scenarios == 64**2
    assert found.commits >= 2


@pytest.mark.parametrize("name", NEEDED)
def test_without_a_clause_a_scenario_is_found_that_breaks_an_invariant(name: str) -> None:
    with MUTANTS[name].apply():
        found = explore(FOUR, rounds=2)
    assert found.fault is not None
    assert len(found.moves) == 2


@pytest.mark.parametrize(("cast", "scenarios"), [(FOUR, 30), (SEVEN, 5)])
def test_no_drawn_scenario_of_ten_rounds_breaks_an_invariant(
    cast: Cast, scenarios: int, record_property: Callable[[str, object], None]
) -> None:
    found = report(record_property, lambda: sample(cast, Random(0), rounds=10, scenarios=scenarios))
    assert found.scenarios == scenarios
    assert found.commits >= 2


@pytest.mark.soak
def test_no_scenario_of_four_rounds_breaks_an_invariant(record_property: Callable[[str, object], None]) -> None:
    assert report(record_property, lambda: explore(FOUR, rounds=4)).scenarios == 64**4


@pytest.mark.soak
@pytest.mark.parametrize(("cast", "scenarios"), [(FOUR, 20_000), (SEVEN, 5_000)])
def test_no_drawn_scenario_of_ten_rounds_of_many_more_breaks_an_invariant(
    cast: Cast, scenarios: int, record_property: Callable[[str, object], None]
) -> None:
    report(record_property, lambda: sample(cast, Random(1), rounds=10, scenarios=scenarios))
