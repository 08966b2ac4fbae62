"""A node that is killed or paused while the network goes on, and ending the network in time."""

import time
from pathlib import Path

from daonode.cli.failures import ExitCode
from tests.integration.cli.network import STOP_SECONDS, Network, is_running, pause, start, stop
from tests.unit.cli.running import Shell

RECOVERY_SECONDS = 40.0


def test_commits_go_on_without_a_killed_node_which_comes_back_and_catches_up(network: Network) -> None:
    hurt = network.shell.run("dev", "fault", "crash", "node3", "--home", network.directory, "-o", "json")
    assert hurt.code == 0, hurt.said
    sent = network.shell.json("vote", "delegate", "bob", "--track", "root", "--from", "ivan")
    proven = network.shell.json("tx", "show", sent["tx_id"], "--proof")
    assert proven["verified"] is True

    deadline_s = time.monotonic() + RECOVERY_SECONDS
    returned = network.shell_of(3)
    while returned.here("tx", "show", sent["tx_id"], "--proof").code != 0:
        assert time.monotonic() < deadline_s, "the node did not catch up"
        pause()
    assert network.nodes[3]["pid"] != hurt.data["pid"]


def test_commits_go_on_while_a_node_is_paused(network: Network) -> None:
    hurt = network.shell.run("dev", "fault", "pause", "node2", "--for", "1s", "--home", network.directory)
    assert hurt.code == 0, hurt.said
    assert network.shell.json("vote", "delegate", "bob", "--track", "community", "--from", "ivan")["height"] > 0


def test_a_fault_of_an_unknown_node_names_the_nearest(network: Network) -> None:
    result = network.shell.run("dev", "fault", "crash", "nod1", "--home", network.directory)
    assert result.code == ExitCode.USAGE
    assert "'node1'" in result.said


def test_a_network_ends_in_time_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    directory = tmp_path / "net"
    start(directory, validators=2)
    network = Network(directory)
    sent = network.shell.json("vote", "delegate", "bob", "--track", "root", "--from", "ivan")
    processes = [node["pid"] for node in network.nodes]
    assert stop(int(directory.with_suffix(".pid").read_text())) < STOP_SECONDS
    assert not any(is_running(pid) for pid in processes)
    assert not (directory / "network.json").exists()

    start(directory)
    try:
        again = Shell(home=directory / "node0")
        assert again.json("tx", "show", sent["tx_id"])["height"] == sent["height"]
        assert again.json("vote", "undelegate", "--track", "root", "--from", "ivan")["height"] > sent["height"]
    finally:
        stop(int(directory.with_suffix(".pid").read_text()))
