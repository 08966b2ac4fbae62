"""From a seed and a kind of run to its result."""

from __future__ import annotations

from random import Random

from daonode.testing.broken import InvariantBroken
from daonode.testing.faults import MAX_TORN_WRITES, Fault, draw_faults
from daonode.testing.interference import Interference
from daonode.testing.node import Node
from daonode.testing.reduction import WHOLE, Reduction
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


def run_seed(
    seed: int, scenario: Scenario = FAULTS, *, reduction: Reduction = WHOLE, keep_trace: bool = False
) -> Result:
    """Play the run of a seed, or what is left of it; never raises for what the oracle finds."""
    node_count = scenario.validator_count
    chance, cast, faults = _draw(seed, scenario)
    interference = Interference(chance, node_count=node_count, muted=scenario.muted, unfair_to=reduction.unfair_to)
    trace = Trace(keep_all=keep_trace)
    simulation = Simulation(
        seed=seed,
        world=make_world(node_count, epoch_blocks=scenario.epoch_blocks, powers=scenario.powers),
        scenario=scenario,
        cast=cast,
        faults=reduction.of(faults),
        interference=interference if scenario.is_unfair else None,
        storm_ms=reduction.storm_ms,
        trace=trace,
    )
    failure: str | None = None
    try:
        simulation.run()
    except InvariantBroken as broken:
        failure = str(broken)
        trace.add(simulation.now_ms - GENESIS_MS, None, f"BROKEN {failure}")
    return Result(seed, failure, simulation.coverage, trace.hash(), trace.lines())


def faults_of(seed: int, scenario: Scenario) -> tuple[Fault, ...]:
    """The faults that are drawn for the run of a seed, in the order in which they strike."""
    return _draw(seed, scenario)[2]


def _draw(seed: int, scenario: Scenario) -> tuple[Random, dict[int, type[Node]], tuple[Fault, ...]]:
    """Everything that is drawn before a run begins, and the generator that the network's unfairness is drawn from."""
    chance = Random(f"{scenario.name} {seed}")
    cast = draw_cast(chance, scenario)
    # Where somebody loses a disk anyway, a second who loses blocks could be one too many.
    max_torn_writes = MAX_TORN_WRITES if scenario.loses_disk is None else 0
    return chance, cast, draw_faults(chance, node_count=scenario.validator_count, max_torn_writes=max_torn_writes)
