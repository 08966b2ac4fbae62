"""Agreement and progress under arbitrary schedules: loss, delay, reordering, partitions, crashes of any number.

The faults come from hypothesis, so that a failing schedule shrinks. Agreement is asserted by the lockstep network at
every commit; afterwards everything heals and has to commit within ten rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.consensus.messages import ConsensusMessage
from tests.unit.consensus.chains import make_set
from tests.unit.consensus.lockstep import LATENCY_MS, Network


@dataclass(frozen=True)
class Turn:
    """One fault, then some time."""

    kind: str
    validators: tuple[int, ...]
    duration_ms: int


powers = st.sampled_from([(1, 1, 1, 1), (2, 1, 1, 1), (1, 1, 1, 1, 1), (1,) * 7])
turns = st.builds(
    Turn,
    kind=st.sampled_from(["crash", "restart", "cut", "heal", "nothing", "crash all"]),
    validators=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    duration_ms=st.sampled_from([10, 37, 200, 1_000, 3_000]),
)


def play(network: Network, turn: Turn, cut: dict[int, None]) -> None:
    size = len(network.machines)
    chosen = [index % size for index in turn.validators]
    match turn.kind:
        case "crash":
            for index in chosen:
                network.crash(index)
        case "crash all":
            for index in range(size):
                network.crash(index)
        case "restart":
            for index in range(size):
                if not network.machines[index].alive:
                    network.restart(index)
        case "cut":
            cut.update(dict.fromkeys(chosen))
        case "heal":
            cut.clear()
    network.submit(2)
    network.run(turn.duration_ms)


@settings(max_examples=40, deadline=None)
@given(powers=powers, schedule=st.lists(turns, max_size=12), seed=st.integers(0, 2**32), loss=st.integers(0, 40))
def test_no_two_blocks_are_final_at_a_height_and_a_healed_network_moves_on(
    powers: tuple[int, ...], schedule: list[Turn], seed: int, loss: int
) -> None:
    random = Random(seed)
    cut: dict[int, None] = {}
    network = Network(make_set(*powers), broadcast_votes_up_to=random.choice([4, 32]))

    def lossy(sender: int, receiver: int, message: ConsensusMessage) -> int | None:
        if (sender in cut) != (receiver in cut) or random.randrange(100) < loss:
            return None
        return random.choice([5, 10, 10, 20, 100, 1_500])

    network.filter = lossy
    for turn in schedule:
        play(network, turn, cut)
    for index, machine in enumerate(network.machines):
        if not machine.alive:
            network.restart(index)
    network.filter = lambda sender, receiver, message: LATENCY_MS
    network.submit()
    height = max(network.heights())
    first_round = max(machine.core.round for machine in network.machines)
    network.run(200_000, until=lambda: min(network.heights()) > height)
    assert min(network.heights()) > height
    assert max(machine.core.round for machine in network.machines) - first_round <= 10
    assert not any(machine.evidence or machine.halted for machine in network.machines)
