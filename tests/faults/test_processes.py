"""Faults of whole processes under load: killed, paused, told to stop. What a client was told stays true."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator

import pytest

from daonode.signer.file_signer import read_safety_state
from tests.faults.history import check_history
from tests.faults.load import Load, load_on
from tests.faults.network import CATCH_UP_SECONDS, STOP_SECONDS, Network, NodeProcess, running_network, wait_until


@pytest.fixture(scope="module")
def shared_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("faults") / "network") as network:
        yield network


@pytest.fixture
def network(shared_network: Network) -> Network:
    """Four validators that run and are at one height, whatever the test before has done to them."""
    shared_network.start()
    shared_network.wait_until_level()
    shared_network.wait_until_connected()
    return shared_network


def check_every_node_has(load: Load, network: Network) -> None:
    """Ask every node for everything that any node has reported."""
    network.wait_until_level(max(each.height for each in load.reported))
    for node in network.nodes:
        for each in load.reported:
            answer = node.rpc.transaction(each.tx_id)
            assert (answer.height, answer.block_id) == (each.height, each.block_id), node.node.name


def others_say(network: Network, silent: NodeProcess, *words: str, after: dict[str, int]) -> None:
    """Wait until every other node has said that this one is gone, with these words."""
    for node in network.nodes:
        if node is not silent:
            node.wait_until_it_says(
                "peer disconnected", f"peer={silent.node.name}", *words, after=after[node.node.name]
            )


def log_lengths(network: Network) -> dict[str, int]:
    return {node.node.name: len(node.log) for node in network.nodes}


def test_after_kill_9_of_each_in_turn_commits_go_on_and_it_catches_up_by_itself(network: Network) -> None:
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        for victim in network.nodes:
            marks = log_lengths(network)
            victim.kill()
            load.wait_for_more()
            others_say(network, victim, after=marks)
            killed_at = network.height()
            victim.start()
            victim.wait_until_at(killed_at + 1)
            victim.wait_until_it_says("ready", after=marks[victim.node.name])
            network.wait_until_connected()
            load.wait_for_more(1)
    check_every_node_has(load, network)


def test_each_that_is_paused_in_turn_catches_up(network: Network) -> None:
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        for paused in network.nodes:
            marks = log_lengths(network)
            paused.send(signal.SIGSTOP)
            try:
                load.wait_for_more()
                missed = max(each.height for each in load.reported)
                if paused is network.nodes[-1]:
                    assert paused.status() is None, "it is paused"
                    others_say(network, paused, "nothing was heard for", after=marks)
            finally:
                paused.send(signal.SIGCONT)
            paused.wait_until_at(missed)
            network.wait_until_connected()
    check_every_node_has(load, network)


def test_a_validator_that_lost_its_stores_fetches_the_chain_and_keeps_its_promises(network: Network) -> None:
    victim = network.nodes[0]
    victim.kill()
    data = victim.node.home.data_directory
    before = read_safety_state(victim.node.home.safety_state)
    shutil.rmtree(data / "blocks")
    shutil.rmtree(data / "state")
    with load_on(network.urls[1:], network.keys) as load:
        load.wait_for_more()
        victim.start()
        victim.wait_until_ready()
        network.wait_until_level()
        load.wait_for_more()
    check_every_node_has(load, network)
    assert read_safety_state(victim.node.home.safety_state).last_voted_round >= before.last_voted_round


def test_sigterm_under_load_ends_each_in_turn_in_time_and_loses_nothing(network: Network) -> None:
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        for stopped in network.nodes:
            marks = log_lengths(network)
            stopped.send(signal.SIGTERM)
            assert stopped.wait(within_seconds=STOP_SECONDS) == 0
            stopped.wait_until_it_says("stopping", "signal=SIGTERM", after=marks[stopped.node.name])
            others_say(network, stopped, after=marks)
            load.wait_for_more()
            goal = network.height()
            stopped.start()
            stopped.wait_until_at(goal)
            network.wait_until_connected()
    check_every_node_has(load, network)


def test_after_kill_9_of_all_the_chain_goes_on_and_nobody_signed_twice(network: Network) -> None:
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        killed_at = network.height()
        for node in network.nodes:
            node.send(signal.SIGKILL)
        for node in network.nodes:
            node.wait(within_seconds=STOP_SECONDS)
        before = [read_safety_state(node.node.home.safety_state) for node in network.nodes]
        network.start()
        wait_until(lambda: network.height() > killed_at, within_seconds=CATCH_UP_SECONDS, what="the chain goes on")
        load.wait_for_more()
    check_every_node_has(load, network)
    for node in network.nodes:
        node.stop()
    for node, earlier in zip(network.nodes, before, strict=True):
        later = read_safety_state(node.node.home.safety_state)
        assert later.last_voted_round >= earlier.last_voted_round
        assert later.locked_round >= earlier.locked_round
        assert later.highest_timeout_round >= earlier.highest_timeout_round
    assert check_history(network, load.reported) > killed_at
