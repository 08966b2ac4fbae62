"""One network under load whose nodes are restarted again and again, by SIGTERM, by kill -9, and all at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median

import pytest

from tests.chaos.checking import check_ending, epoch_of, wait_until_epoch
from tests.faults.load import Load, load_on
from tests.faults.network import STOP_SECONDS, Network, NodeProcess, running_network, wait_until

RESTARTS = 100
"""Of each kind."""
ALL_KILLED = 5
RECOVERY_SECONDS = 10.0
"""What is promised after kill -9 of all, from the start of the processes."""
EPOCH_BLOCKS = 50
BACK_SECONDS = 120.0


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Four validators whose epochs end every few seconds."""
    with running_network(tmp_path / "network", epoch_blocks=EPOCH_BLOCKS) as network:
        network.wait_until_connected()
        yield network


def restart(network: Network, victim: NodeProcess, number: signal.Signals) -> float:
    """End a node and start it; returns the seconds until it has committed more than the others had at its start."""
    victim.send(number)
    code = victim.wait(within_seconds=STOP_SECONDS)
    assert code == (0 if number is signal.SIGTERM else -signal.SIGKILL), victim.log[-3_000:]
    goal = network.height() + 1
    began = time.monotonic()
    victim.start()

    def is_back() -> bool:
        assert victim.is_running, f"{victim.node.name} has ended; its log:\n{victim.log[-3_000:]}"
        return victim.height() >= goal

    wait_until(is_back, within_seconds=BACK_SECONDS, what=f"{victim.node.name} at height {goal} after {number.name}")
    return time.monotonic() - began


@pytest.mark.soak
@pytest.mark.timeout(3_000, func_only=True)
def test_a_hundred_restarts_by_sigterm_and_a_hundred_by_kill_9_lose_nothing(
    network: Network, record_property: Callable[[str, object], None]
) -> None:
    chance = Random(0)
    kinds = [signal.SIGTERM] * RESTARTS + [signal.SIGKILL] * RESTARTS
    chance.shuffle(kinds)
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        seconds = [restart(network, chance.choice(network.nodes), number) for number in kinds]
        load.wait_for_more()
        epochs = epoch_of(network)
    height = check_ending(network, load)
    assert epochs > 0
    record_property(
        "figures",
        f"restarts: {RESTARTS} by SIGTERM and {RESTARTS} by SIGKILL, each back and a block further after "
        f"{median(seconds):.1f} s (median), {max(seconds):.1f} s at most; {height} blocks, {epochs} epochs, "
        f"{len(load.reported)} transactions",
    )


@pytest.mark.soak
@pytest.mark.timeout(600, func_only=True)
def test_after_kill_9_of_all_every_node_commits_again_within_ten_seconds(
    network: Network, record_property: Callable[[str, object], None]
) -> None:
    with load_on(network.urls, network.keys) as load:
        seconds = [recovery_seconds(network, load) for _ in range(ALL_KILLED)]
        wait_until_epoch(network, 1)
    height = check_ending(network, load)
    record_property(
        "figures",
        f"kill -9 of all four, {ALL_KILLED} times: every node committed a new block {max(seconds):.1f} s at most after "
        f"the start of the processes (each: {', '.join(f'{each:.1f}' for each in seconds)}); {height} blocks",
    )
    assert max(seconds) < RECOVERY_SECONDS, seconds


def recovery_seconds(network: Network, load: Load) -> float:
    """Kill all under load and start them; returns how long it took until each has committed a new block."""
    load.wait_for_more()
    killed_at = network.height()
    for node in network.nodes:
        node.send(signal.SIGKILL)
    for node in network.nodes:
        node.wait(within_seconds=STOP_SECONDS)
    began = time.monotonic()
    for node in network.nodes:
        node.start()
    # Commits that nobody has seen yet may be on disk: one above those is new for certain only after the start.
    network.wait_until_level(killed_at + 2)
    return time.monotonic() - began
