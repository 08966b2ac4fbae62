"""What a disk does to a node: a torn batch is found and named, and so is a safety state that the disk has forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from daonode.testing.faults import TearWrite
from daonode.testing.playing import run_seed
from daonode.testing.scenarios import SCENARIOS, Scenario
from daonode.testing.seeds import add_coverage
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import make_world

SEEDS = range(5)


def test_a_torn_batch_is_found_by_its_checksum_and_the_node_catches_up_without_its_disk() -> None:
    trace = Trace(keep_all=True)
    run = Simulation(
        seed=1,
        world=make_world(4),
        scenario=Scenario("torn", min_commits=20),
        cast={},
        faults=(TearWrite(at_ms=3_000, node=2, kept_percent=60, outage_ms=1_000),),
        interference=None,
        trace=trace,
    )
    run.run()
    named = [line for line in trace.lines() if "checksum mismatch" in line]
    assert len(named) == run.coverage.torn_writes == 1
    assert "n2 does not start: the store " in named[0]
    assert len({node.height for node in run.nodes}) == 1


def test_a_safety_state_that_the_disk_has_forgotten_is_named_and_nobody_else_is_harmed(
    record_property: Callable[[str, object], None],
) -> None:
    results = [run_seed(seed, SCENARIOS["forgetful-disk"], keep_trace=True) for seed in SEEDS]
    record_property("figures", f"forgetful-disk: {asdict(add_coverage(results))}")
    assert [result.failure for result in results if result.failure is not None] == []
    named = [line for result in results for line in result.trace if "the safety state is an old one" in line]
    assert len(named) == add_coverage(results).outdated_states > 0
    assert all(" n1 does not start: " in line for line in named)
