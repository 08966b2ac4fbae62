"""From a seed and a kind of run to its result."""

from __future__ import annotations

from random import Random

from daonode.testing.broken import InvariantBroken
from daonode.testing.faults import draw_faults
from daonode.testing.interference import Interference
from daonode.testing.node import Node
from daonode.testing.results import Result
from daonode.testing.scenarios import FAULTS, Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import GENESIS_MS, make_world


def draw_cast(random: Random, scenario: Scenario) -> dict[int, type[Node]]:
    """Who plays a validator where it is not an honest one: the scenario's cast, and the liars that the seed draws."""
    cast = dict(scenario.cast)
    if scenario.liars:
        faulty = (scenario.validator_count - 1) // 3
        for index in random.sample(range(scenario.validator_count), faulty):
            cast[index] = random.choice(scenario.liars)
    return cast


def run_seed(seed: int, scenario: Scenario = FAULTS, *, keep_trace: bool = False) -> Result:
    """Play the run of a seed; never raises for what the oracle finds."""
    node_count = scenario.validator_count
    chance = Random(f"{scenario.name} {seed}")
    trace = Trace(keep_all=keep_trace)
    simulation = Simulation(
        seed=seed,
        world=make_world(node_count, epoch_blocks=scenario.epoch_blocks, powers=scenario.powers),
        scenario=scenario,
        cast=draw_cast(chance, scenario),
        faults=draw_faults(chance, node_count=node_count),
        interference=Interference(chance, node_count=node_count, muted=scenario.muted) if scenario.is_unfair else None,
        trace=trace,
    )
    failure: str | None = None
    try:
        simulation.run()
    except InvariantBroken as broken:
        failure = str(broken)
        trace.add(simulation.now_ms - GENESIS_MS, None, f"BROKEN {failure}")
    return Result(seed, failure, simulation.coverage, trace.hash(), trace.lines())
