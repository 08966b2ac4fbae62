"""Every order in which honest signers can be asked, up to a round: no rule is broken, and each is needed.

`python -m daonode.testing explore --rounds 4` is what the long form plays, and says how many states there are.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time

import pytest

from daonode.testing.exploration.exploring import Exploration, Found
from daonode.testing.mutants.catalogue import MUTANTS

NEEDED = (
    "vote-any-round",
    "vote-after-any-qc",
    "vote-after-any-tc",
    "vote-behind-tc",
    "vote-forgotten",
    "vote-without-lock",
    "timeout-below-lock",
    "timeout-keeps-voting",
    "timeout-forgotten",
    "commit-without-lock",
    "commit-after-timeout",
    "commit-any-child",
    "accept-any-child",
)
"""The clauses without which four validators are not safe. The others keep what is not safety (docs/testing.md)."""
NOT_FOR_SAFETY = ("timeout-any-round", "timeout-before-vote", "timeout-certified-round", "accept-old-qc-in-tc")

SOAK_STATES = 10_000_000
SOAK_WALKS = 1_000_000


def explore(record: Callable[[str, object], None], *, rounds: int, copies: int) -> Found:
    began = process_time()
    found = Exploration(rounds=rounds, copies=copies).run()
    seconds = process_time() - began
    record("figures", f"{rounds} rounds, {copies} copies: {found}, {found.states / seconds:.0f} states a second")
    assert found.fault is None
    assert found.is_complete
    return found


def test_no_order_of_three_rounds_breaks_a_rule(record_property: Callable[[str, object], None]) -> None:
    assert explore(record_property, rounds=3, copies=1).states > 50_000


def test_no_order_of_two_rounds_with_two_blocks_on_each_parent_breaks_a_rule(
    record_property: Callable[[str, object], None],
) -> None:
    assert explore(record_property, rounds=2, copies=2).states > 1_000


@pytest.mark.parametrize("name", NEEDED)
def test_without_a_clause_an_order_is_found_that_breaks_a_rule(name: str) -> None:
    with MUTANTS[name].apply():
        found = Exploration(rounds=3).run()
    assert found.fault is not None
    assert not found.is_complete


@pytest.mark.parametrize("name", NOT_FOR_SAFETY)
def test_clauses_that_keep_something_else_are_not_needed_for_safety_in_three_rounds(name: str) -> None:
    with MUTANTS[name].apply():
        found = Exploration(rounds=3).run()
    assert found.fault is None
    assert found.is_complete


def test_an_exploration_ends_at_the_states_that_it_is_given() -> None:
    found = Exploration(rounds=3).run(max_states=1_000)
    assert 1_000 <= found.states < 10_000
    assert not found.is_complete


def test_a_walk_finds_what_an_exploration_does() -> None:
    with MUTANTS["vote-any-round"].apply():
        assert Exploration(rounds=3).walk(Random(0), walks=100).fault is not None
    found = Exploration(rounds=3).walk(Random(0), walks=100)
    assert (found.states, found.fault) == (100, None)


@pytest.mark.soak
def test_no_order_of_four_rounds_breaks_a_rule(record_property: Callable[[str, object], None]) -> None:
    assert explore(record_property, rounds=4, copies=1).states >= SOAK_STATES


@pytest.mark.soak
def test_no_order_of_three_rounds_with_two_blocks_on_each_parent_breaks_a_rule(
    record_property: Callable[[str, object], None],
) -> None:
    assert explore(record_property, rounds=3, copies=2).states > 500_000


@pytest.mark.soak
def test_no_walk_of_a_million_through_five_rounds_breaks_a_rule(
    record_property: Callable[[str, object], None],
) -> None:
    began = process_time()
    found = Exploration(rounds=5).walk(Random(0), walks=SOAK_WALKS)
    record_property("figures", f"{found}, {found.states / (process_time() - began):.0f} walks a second")
    assert found.fault is None
