"""When a node is ready, and what it says when it is not."""

from dataclasses import replace

from daonode.node.rpc.health import obstacles
from tests.unit.node.rpc.fake_node import FakeNode


def test_a_validator_is_ready_with_connections_to_a_quorum() -> None:
    node = FakeNode()
    assert obstacles(node) == ()
    node.peers = (replace(node.peers[0], connected=False), *node.peers[1:])
    assert obstacles(node) == ()
    node.peers = (*(replace(peer, connected=False) for peer in node.peers[:2]), node.peers[2])
    (reason,) = obstacles(node)
    assert "power 2 of 4" in reason


def test_a_full_node_needs_one_peer() -> None:
    node = FakeNode()
    node.own_validator = None
    assert obstacles(node) == ()
    node.peers = ()
    (reason,) = obstacles(node)
    assert "at least one" in reason


def test_a_node_that_catches_up_is_not_ready() -> None:
    node = FakeNode()
    node.catching_up = True
    (reason,) = obstacles(node)
    assert reason.startswith("catching up: at height 0")
