"""Replicas together: they commit what clients send, fall silent, survive a silent leader, and catch up."""

from __future__ import annotations

import pytest

from daonode.ledger.transactions import Transaction, tx_id
from daonode.primitives.codec import decode
from daonode.replica.mempool import AlreadyKnown
from tests.unit.replica.network import Network, Node


def heights(network: Network) -> list[int]:
    return [node.archive.tip().height for node in network.nodes]


def assert_one_chain(network: Network) -> None:
    """Every node has the same block at every height that it has."""
    chains = [[header.id() for header in node.committed] for node in network.nodes]
    longest = max(chains, key=len)
    for node in network.nodes:
        for height in range(1, node.archive.tip().height + 1):
            committed = node.archive.committed(height)
            assert committed is not None
            assert committed.block_id == longest[height - 1]


def commit_some(network: Network, *, first: int, count: int, submit_to: Node) -> None:
    """Commit `count` transfers, each in a block of its own."""
    for sequence in range(first, first + count):
        network.submit(submit_to, network.transfer(sequence))
        network.run(300)


def test_a_transaction_given_to_any_node_commits_on_all() -> None:
    network = Network()
    for sequence, node in enumerate(network.nodes):
        network.submit(node, network.transfer(sequence))
        network.run(300)
    assert heights(network) == [4, 4, 4, 4]
    assert_one_chain(network)


def test_a_committed_transaction_has_a_place_a_receipt_and_a_proof_of_finality() -> None:
    network = Network()
    raw = network.transfer(0)
    network.submit(network.nodes[0], raw)
    network.run(300)
    archive = network.nodes[3].archive
    place = archive.place(tx_id(decode(raw, Transaction).body))
    assert place is not None
    receipt = archive.receipts(place.height)[place.index]
    assert (receipt.code, receipt.error) == (0, "")
    finality = archive.finality(place.height)
    assert finality is not None
    network.chain.make_verifier().check_proof(finality.proof)


def test_an_idle_chain_is_silent() -> None:
    network = Network()
    network.submit(network.nodes[0], network.transfer(0))
    network.run(2_000)
    before = heights(network)
    network.run(3_600_000)
    assert heights(network) == before
    # What is left to wait for is the end of the epoch, a day away.
    assert all(list(node.timers) == ["wake"] for node in network.nodes)


def test_many_transactions_of_one_lane_share_blocks() -> None:
    network = Network()
    for sequence in range(20):
        network.submit(network.nodes[sequence % 4], network.transfer(sequence))
    network.run(2_000)
    assert heights(network)[0] < 10
    assert all(len(node.replica.mempool) == 0 for node in network.nodes)


def test_the_chain_goes_on_without_one_of_four() -> None:
    network = Network()
    network.stop(network.nodes[2])
    for sequence in range(12):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(4_000)
    assert heights(network)[0] >= 10
    assert all(len(node.replica.mempool) == 0 for node in network.nodes if not node.is_down)
    assert heights(network)[2] == 0


def test_a_node_that_was_down_catches_up_by_ranges() -> None:
    network = Network()
    absent = network.nodes[2]
    network.stop(absent)
    commit_some(network, first=0, count=90, submit_to=network.nodes[0])
    network.run(60_000)
    network.restart(absent)
    network.run(5_000)
    assert heights(network)[2] == heights(network)[0]
    assert not absent.replica.catching_up
    assert_one_chain(network)


def test_a_node_that_caught_up_takes_part_again() -> None:
    network = Network()
    absent = network.nodes[2]
    network.stop(absent)
    commit_some(network, first=0, count=5, submit_to=network.nodes[0])
    network.run(60_000)
    network.restart(absent)
    network.run(1_000)
    before = heights(network)[0]
    network.stop(network.nodes[1])
    network.submit(absent, network.transfer(5))
    network.run(60_000)
    assert heights(network)[2] == heights(network)[0] > before


def test_all_nodes_restart_from_their_disks_and_go_on() -> None:
    network = Network()
    commit_some(network, first=0, count=3, submit_to=network.nodes[1])
    for node in network.nodes:
        network.stop(node)
    network.run(10_000)
    for node in network.nodes:
        network.restart(node)
    commit_some(network, first=3, count=3, submit_to=network.nodes[3])
    assert heights(network) == [6, 6, 6, 6]
    assert_one_chain(network)


def test_a_second_transaction_for_one_sequence_is_refused() -> None:
    network = Network()
    node = network.nodes[0]
    network.submit(node, network.transfer(0, amount=1))
    network.submit(node, network.transfer(0, amount=2))
    assert [type(refusal.error) for refusal in node.refused] == [AlreadyKnown]


def test_the_same_transaction_may_be_sent_again() -> None:
    network = Network()
    raw = network.transfer(0)
    network.submit(network.nodes[0], raw)
    network.submit(network.nodes[0], raw)
    assert network.nodes[0].refused == []


def test_a_gap_in_a_lane_waits_until_it_is_filled() -> None:
    network = Network()
    network.submit(network.nodes[0], network.transfer(1))
    network.run(5_000)
    assert heights(network) == [0, 0, 0, 0]
    network.submit(network.nodes[0], network.transfer(0))
    network.run(1_000)
    assert all(len(node.replica.mempool) == 0 for node in network.nodes)


@pytest.mark.parametrize("validator_count", [1, 3, 7])
def test_sets_of_other_sizes_commit_too(validator_count: int) -> None:
    network = Network(validator_count)
    network.submit(network.nodes[0], network.transfer(0))
    network.run(1_000)
    assert heights(network) == [1] * validator_count
