"""Who signs twice is shown to the chain by those who see it, jailed in its state, and left out of its next sets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daonode.modules.validators.keys import CONVICTIONS, VALIDATORS
from daonode.testing.faults import CrashNode, Cut
from daonode.testing.scenarios import FAULTS, SCENARIOS, Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import make_world

EPOCH_BLOCKS = 6
COMMITS = 45
FAULTS_OF_THE_RUN = (
    CrashNode(at_ms=500, node=0, after_effects=3, outage_ms=800),
    Cut(at_ms=2_000, duration_ms=1_000, side=(1,), one_way=False),
)


def play(seed: int, scenario: Scenario) -> Simulation:
    """A whole run, with what it leaves behind; raises what the oracle finds."""
    simulation = Simulation(
        seed=seed,
        world=make_world(scenario.validator_count, epoch_blocks=scenario.epoch_blocks, powers=scenario.powers),
        scenario=scenario,
        cast=dict(scenario.cast),
        faults=FAULTS_OF_THE_RUN,
        interference=None,
        trace=Trace(keep_all=False),
    )
    simulation.run()
    return simulation


@pytest.mark.parametrize("name", ["equivocating-proposer", "equivocating-voter"])
def test_the_offender_is_in_jail_in_every_committed_state_and_has_no_more_turns(name: str) -> None:
    simulation = play(1, replace(SCENARIOS[name], epoch_blocks=EPOCH_BLOCKS, min_commits=COMMITS))
    (offender,) = (simulation.world.validators[index] for index in simulation.byzantine)
    for node in simulation.honest:
        state = node.archive.state_at_tip()
        assert {validator for (_, validator), _ in CONVICTIONS.iterate(state)} == {offender}
        assert VALIDATORS.require(state, offender).jailed_until is not None
        epoch = node.archive.current_epoch()
        assert offender not in [member.id for member in epoch.validators.validators]
        later = [node.archive.committed(height) for height in range(epoch.start_height + 1, node.height + 1)]
        assert offender not in [each.header.proposer for each in later if each is not None]


def test_where_all_are_honest_the_chain_convicts_nobody() -> None:
    simulation = play(3, replace(FAULTS, epoch_blocks=EPOCH_BLOCKS))
    assert not simulation.byzantine
    for node in simulation.honest:
        assert not tuple(CONVICTIONS.iterate(node.archive.state_at_tip()))
