"""Serving blocks: how much, how often, and what of the uncommitted."""

from __future__ import annotations

from daonode.consensus.messages import CommitVoteMessage
from daonode.primitives.ids import BlockId
from daonode.replica.budgets import MAX_REQUESTS_A_WINDOW, WINDOW_MS
from daonode.replica.effects import PeerFault, Send
from daonode.replica.messages import MAX_BLOCKS_A_RESPONSE, BlockRequest, BlockResponse
from tests.unit.replica.network import Network, Node

ANY_TIP = BlockId(bytes(32))


def ask(network: Network, node: Node, *, above_height: int, tip: BlockId = ANY_TIP) -> BlockResponse:
    (effect,) = network.hear(node, node, BlockRequest(above_height=above_height, tip=tip))
    assert isinstance(effect, Send)
    assert isinstance(effect.message, BlockResponse)
    return effect.message


def test_a_long_range_is_served_in_portions_that_each_have_a_proof() -> None:
    network = Network(1)
    node = network.nodes[0]
    for sequence in range(MAX_BLOCKS_A_RESPONSE + 6):
        network.submit(node, network.transfer(sequence))
        network.run(100)
    first = ask(network, node, above_height=0)
    assert [block.header.height for block in first.blocks] == list(range(1, MAX_BLOCKS_A_RESPONSE + 1))
    assert first.proof is not None
    rest = ask(network, node, above_height=MAX_BLOCKS_A_RESPONSE)
    assert [block.header.height for block in rest.blocks] == list(
        range(MAX_BLOCKS_A_RESPONSE + 1, MAX_BLOCKS_A_RESPONSE + 7)
    )
    assert ask(network, node, above_height=10**12).blocks == ()


def test_uncommitted_blocks_are_served_to_whoever_stands_at_or_above_our_committed_tip() -> None:
    network = Network()
    network.dropped = (CommitVoteMessage,)
    network.submit(network.nodes[0], network.transfer(0))
    network.run(100)
    node = network.nodes[1]
    assert node.archive.tip().height == 0
    tip = node.replica.core.high_qc.block_id
    assert [block.header.id() for block in ask(network, node, above_height=0, tip=tip).blocks] == [tip]
    assert ask(network, node, above_height=1, tip=tip).blocks == ()
    assert ask(network, node, above_height=0, tip=ANY_TIP).blocks == ()


def test_who_asks_too_often_gets_nothing_for_a_while_and_is_blamed_once() -> None:
    network = Network()
    greedy, modest, node = network.nodes[:3]
    request = BlockRequest(above_height=0, tip=ANY_TIP)
    for _ in range(MAX_REQUESTS_A_WINDOW):
        assert [type(effect) for effect in network.hear(node, greedy, request)] == [Send]
    assert [type(effect) for effect in network.hear(node, greedy, request)] == [PeerFault]
    assert network.hear(node, greedy, request) == ()
    assert [type(effect) for effect in network.hear(node, modest, request)] == [Send]
    network.run(WINDOW_MS)
    assert [type(effect) for effect in network.hear(node, greedy, request)] == [Send]
