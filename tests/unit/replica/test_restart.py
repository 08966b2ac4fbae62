"""What a node does with what it finds on its disk, whenever it went down."""

from __future__ import annotations

from msgspec.structs import replace

from daonode.consensus.messages import CommitVoteMessage
from daonode.consensus.types import Block
from daonode.ledger.transactions import Transaction, tx_id
from daonode.primitives.codec import decode, encode
from daonode.replica.layout import BLOCK_PREFIX, ROUND_PREFIX, block_key, round_key
from tests.unit.replica.network import Network, Node


def unsettled(node: Node) -> list[bytes]:
    return [key for key in node.blocks.values if key.startswith(ROUND_PREFIX)]


def certified_but_not_committed() -> tuple[Network, bytes]:
    """All have the block of one transaction and its QC; no commit vote has arrived."""
    network = Network()
    network.dropped = (CommitVoteMessage,)
    raw = network.transfer(0)
    network.submit(network.nodes[0], raw)
    network.run(100)
    network.dropped = ()
    return network, raw


def test_a_node_that_restarts_has_its_certified_block_again() -> None:
    network, _ = certified_but_not_committed()
    node = network.nodes[1]
    certified = node.replica.core.high_qc.block_id
    network.stop(node)
    network.restart(node, connected=False)
    assert node.archive.tip().height == 0
    assert node.replica.core.high_qc.block_id == certified
    assert node.replica.core.missing is None
    assert not node.replica.catching_up


def test_when_all_restart_a_certified_block_is_committed() -> None:
    network, raw = certified_but_not_committed()
    certified = network.nodes[0].replica.core.high_qc.block_id
    for node in network.nodes:
        network.stop(node)
    network.run(1_000)
    for node in network.nodes:
        network.restart(node)
    network.run(5_000)
    for node in network.nodes:
        first = node.archive.committed(1)
        assert first is not None
        assert first.block_id == certified
        assert node.archive.place(tx_id(decode(raw, Transaction).body)) is not None


def test_a_crash_between_the_commit_and_the_list_of_blocks_is_cleaned_up_at_the_start() -> None:
    network = Network()
    for sequence in range(3):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(300)
    node = network.nodes[2]
    network.stop(node)
    committed = [block for height in (1, 2, 3) if (block := node.archive.block_at(height)) is not None]
    abandoned = replace(committed[1], header=replace(committed[1].header, time_ms=1))
    for block in (*committed, abandoned):
        node.blocks.values[round_key(block.header.round, block.header.id())] = b""
        node.blocks.values[block_key(block.header.id())] = encode(block)
    network.restart(node)
    assert unsettled(node) == []
    assert node.archive.block(abandoned.header.id()) is None
    assert [node.archive.block_at(height) for height in (1, 2, 3)] == committed
    network.submit(node, network.transfer(3))
    network.run(1_000)
    assert node.archive.tip().height == 4


def test_a_block_that_lost_against_another_is_deleted_once_that_is_committed() -> None:
    network = Network()
    silent = network.nodes[3]
    network.stop(silent)
    for sequence in range(8):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(4_000)
    node = network.nodes[0]
    height = node.archive.tip().height
    chain = {block.header.id() for number in range(1, height + 1) if (block := node.archive.block_at(number))}
    kept = {decode(data, Block).header.id() for key, data in node.blocks.values.items() if key.startswith(BLOCK_PREFIX)}
    assert kept - chain == {block.header.id() for block in node.archive.unsettled()}
    assert chain <= kept
