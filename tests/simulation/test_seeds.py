"""Seeded runs of real replicas under faults: every invariant holds in each, and together they have seen it all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest

from daonode.testing.commands import replay_command
from daonode.testing.playing import run_seed
from daonode.testing.results import Result
from daonode.testing.scenarios import FAULTS, MIN_COMMITS, SCENARIOS, Scenario
from daonode.testing.seeds import add_coverage

SEEDS = 500
SEEDS_A_TEST = 25
SEEDS_A_SCENARIO = 4
SOAK_SEEDS = 10_000
SOAK_SEEDS_A_TEST = 500

MIN_FAULTS = 3
MIN_RESTARTS = 1

BIASED = [scenario for scenario in SCENARIOS.values() if scenario is not FAULTS]


def play(seeds: range, scenario: Scenario, record: Callable[[str, object], None]) -> list[Result]:
    results = [run_seed(seed, scenario) for seed in seeds]
    record("figures", f"{scenario.name}, seeds {seeds.start} to {seeds.stop - 1}: {asdict(add_coverage(results))}")
    broken = [result for result in results if result.failure is not None]
    if broken:
        first = broken[0]
        trace = "\n".join(first.trace[-60:])
        pytest.fail(
            f"{len(broken)} of {len(results)} runs are broken: {[result.seed for result in broken]}\n"
            f"{trace}\nreplay: {replay_command(first.seed, scenario)}"
        )
    return results


def require_all_kinds_of_trouble(results: list[Result]) -> None:
    """Each seed is a seed as the design defines one, and no counter of the whole is zero."""
    for result in results:
        coverage = result.coverage
        assert coverage.commits >= MIN_COMMITS, f"seed {result.seed} commits {coverage.commits} blocks"
        assert coverage.faults >= MIN_FAULTS, f"seed {result.seed} has {coverage.faults} faults"
        assert coverage.restarts >= MIN_RESTARTS, f"seed {result.seed} restarts nobody"
    total = asdict(add_coverage(results))
    # Honest validators give no evidence, and here all are honest.
    assert total.pop("evidence") == 0
    # Here every disk keeps what it has synced; `forgetful-disk` is the kind of run in which one does not.
    assert total.pop("outdated_states") == 0
    # Here who loses a disk begins with the genesis block; in `joining` somebody begins with a snapshot.
    assert total.pop("joins") == 0
    # Here the validators stay; `epochs` is the kind of run in which they change.
    assert total.pop("changed_sets") == 0
    assert [name for name, count in total.items() if count == 0] == []


# Far above what a part takes: a machine that is busy with other things is no failure.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_A_TEST))
def test_every_invariant_holds_in_runs_with_faults(first: int, record_property: Callable[[str, object], None]) -> None:
    require_all_kinds_of_trouble(play(range(first, first + SEEDS_A_TEST), FAULTS, record_property))


@pytest.mark.parametrize("scenario", BIASED, ids=lambda scenario: scenario.name)
def test_every_invariant_holds_against_those_who_lie_and_a_network_on_their_side(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    play(range(SEEDS_A_SCENARIO), scenario, record_property)


@pytest.mark.parametrize("name", ["equivocating-proposer", "equivocating-voter"])
def test_those_who_sign_twice_are_caught(name: str, record_property: Callable[[str, object], None]) -> None:
    results = play(range(SEEDS_A_SCENARIO, SEEDS_A_SCENARIO + 4), SCENARIOS[name], record_property)
    assert add_coverage(results).evidence > 0


def test_validators_change_while_epochs_go_by(record_property: Callable[[str, object], None]) -> None:
    total = add_coverage(play(range(SEEDS_A_SCENARIO, 2 * SEEDS_A_SCENARIO), SCENARIOS["epochs"], record_property))
    assert total.changed_sets > 0
    assert total.epochs > total.changed_sets


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS, SOAK_SEEDS, SOAK_SEEDS_A_TEST))
def test_every_invariant_holds_in_many_more_runs(first: int, record_property: Callable[[str, object], None]) -> None:
    require_all_kinds_of_trouble(
        play(range(first, min(first + SOAK_SEEDS_A_TEST, SOAK_SEEDS)), FAULTS, record_property)
    )


@pytest.mark.soak
@pytest.mark.parametrize("scenario", BIASED, ids=lambda scenario: scenario.name)
def test_every_invariant_holds_in_many_more_biased_runs(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    play(range(SEEDS_A_SCENARIO, SOAK_SEEDS_A_TEST), scenario, record_property)
