"""Links between real processes that are cut under load: one node from the others, two from two, one direction.

Nothing that a client was told is lost, the chain stays one, nobody signs twice, and the logs say what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.history import check_history
from tests.faults.links import Direction, Links, running_links
from tests.faults.load import Load, load_on
from tests.faults.network import Network, running_network
from tests.faults.test_processes import check_every_node_has

NAMES = ("node0", "node1", "node2", "node3")


@pytest.fixture(scope="module")
def links() -> Iterator[Links]:
    with running_links() as running:
        yield running


@pytest.fixture(scope="module")
def shared_network(links: Links, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("partitions") / "network", links=links) as network:
        yield network


@pytest.fixture
def network(shared_network: Network, links: Links) -> Network:
    """Four validators that run, are connected and at one height."""
    links.heal()
    shared_network.start()
    shared_network.wait_until_level()
    shared_network.wait_until_connected()
    return shared_network


@contextmanager
def checked_load(network: Network) -> Iterator[Load]:
    """Clients that send meanwhile; afterwards all nodes agree on what they were told, and nobody has signed twice."""
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        yield load
        load.wait_for_more()
    check_every_node_has(load, network)
    for node in network.nodes:
        node.stop()
    check_history(network, load.reported)


def test_each_validator_in_turn_is_cut_off_and_catches_up_when_the_link_heals(network: Network, links: Links) -> None:
    with checked_load(network) as load:
        for victim in network.nodes:
            name = victim.node.name
            others = [node for node in network.nodes if node is not victim]
            marks = {node.node.name: len(node.log) for node in network.nodes}
            links.split([name], [node.node.name for node in others], ending=True)
            victim.wait_until_it_says("cut off: too few validators are connected", after=marks[name])
            alone_at = victim.height()
            load.wait_for_more()
            assert victim.height() == alone_at, "a validator alone commits nothing"
            missed = max(node.height() for node in others)
            assert missed > alone_at, "the others go on"
            links.heal()
            victim.wait_until_at(missed)
            victim.wait_until_it_says("a quorum of validators is connected", after=marks[name])
            for node in others:
                node.wait_until_it_says("peer disconnected", f"peer={name}", after=marks[node.node.name])
                assert "cut off" not in node.log[marks[node.node.name] :]
            network.wait_until_connected()


def test_a_validator_that_is_not_heard_follows_the_chain_and_costs_it_nothing(network: Network, links: Links) -> None:
    silenced, *others = network.nodes
    with checked_load(network) as load:
        links.cut(*(Direction(silenced.node.name, node.node.name) for node in others))
        load.wait_for_more()
        # The others give it up after ten seconds of silence; until then it hears them.
        silenced.wait_until_at(silenced.height() + 1)
        links.heal()


def test_two_and_two_commit_nothing_and_go_on_together_when_the_links_heal(network: Network, links: Links) -> None:
    marks = [len(node.log) for node in network.nodes]
    with checked_load(network):
        links.split(NAMES[:2], NAMES[2:])
        # What was certified before may still be committed; after that nothing is, for as long as this lasts.
        for node, mark in zip(network.nodes, marks, strict=True):
            node.wait_until_it_says("round timed out: no certificate in time", after=mark)
        stands_at = [node.height() for node in network.nodes]
        assert max(stands_at) - min(stands_at) <= 1
        for node, mark in zip(network.nodes, marks, strict=True):
            node.wait_until_it_says("peer disconnected", "nothing was heard for", after=mark)
            node.wait_until_it_says("cut off: too few validators are connected", after=mark)
        assert [node.height() for node in network.nodes] == stands_at, "two of four are no quorum"
        links.heal()
        network.wait_until_level(max(stands_at) + 1)
