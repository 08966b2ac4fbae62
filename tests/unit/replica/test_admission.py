"""What the mempool takes, says and lets go of, judged against real states."""

from __future__ import annotations

import pytest

from daonode.consensus.messages import CommitVoteMessage
from daonode.ledger.block import Payload
from daonode.primitives.codec import decode
from daonode.replica.effects import Broadcast, TransactionAdmitted
from daonode.replica.events import PeerId, Submission, Ticket, TransactionsSubmitted
from daonode.replica.mempool import MAX_PER_PEER, Mempool, MempoolFull
from daonode.replica.messages import (
    MAX_TRANSACTION_BYTES_A_MESSAGE,
    MAX_TRANSACTIONS_A_MESSAGE,
    TransactionsMessage,
)
from tests.unit.replica.network import Network
from tests.unit.replica.test_mempool import transaction


def test_new_transactions_are_passed_on_in_their_order_and_in_bounded_messages() -> None:
    network = Network(1)
    node = network.nodes[0]
    intake = network.chain.make_intake(node.archive, network.chain.make_verifier())
    raws = [network.transfer(sequence, lane=lane) for lane in range(2) for sequence in range(20)]
    submissions = tuple(
        Submission(intake.check_transaction(raw, now_ms=network.now_ms), Ticket(number))
        for number, raw in enumerate(raws)
    )
    effects = node.replica.step(TransactionsSubmitted(network.now_ms, submissions))
    assert [each.ticket for each in effects if isinstance(each, TransactionAdmitted)] == list(range(40))
    messages = [
        each.message
        for each in effects
        if isinstance(each, Broadcast) and isinstance(each.message, TransactionsMessage)
    ]
    assert [raw for message in messages for raw in message.transactions] == raws
    for message in messages:
        assert len(message.transactions) <= MAX_TRANSACTIONS_A_MESSAGE
        assert sum(map(len, message.transactions)) <= MAX_TRANSACTION_BYTES_A_MESSAGE


def test_what_a_peer_passes_on_is_not_passed_on_again() -> None:
    network = Network()
    node, peer = network.nodes[:2]
    effects = network.hear(node, peer, TransactionsMessage((network.transfer(0),)))
    assert len(node.replica.mempool) == 1
    assert not [
        each for each in effects if isinstance(each, Broadcast) and isinstance(each.message, TransactionsMessage)
    ]


def test_one_peer_fills_at_most_its_share_and_clients_and_others_still_have_room() -> None:
    mempool = Mempool()
    peers = [PeerId("one"), PeerId("other")]
    for number in range(MAX_PER_PEER):
        sender, rest = divmod(number, 64)
        one = transaction(rest % 4, sender=sender, lane=rest // 4)
        mempool.admit(one, next_sequence=0, source=peers[0])
    late = transaction(0, sender=250)
    with pytest.raises(MempoolFull):
        mempool.admit(late, next_sequence=0, source=peers[0])
    mempool.admit(late, next_sequence=0, source=peers[1])
    mempool.admit(transaction(0, sender=251), next_sequence=0)
    mempool.settle(transaction(0, sender=0))
    mempool.admit(transaction(0, sender=252), next_sequence=0, source=peers[0])


def test_a_leader_does_not_try_what_its_parents_have_taken() -> None:
    network = Network()
    network.dropped = (CommitVoteMessage,)
    raws = [network.transfer(sequence) for sequence in range(3)]
    network.submit(network.nodes[0], raws[0])
    network.run(30)
    for raw in raws[1:]:
        network.submit(network.nodes[0], raw)
    network.run(2_000)
    archive = network.nodes[0].archive
    blocks = [archive.block_at(height) for height in range(1, archive.tip().height + 1)]
    payloads = [decode(block.payload, Payload).transactions for block in blocks if block is not None]
    assert [raw for payload in payloads for raw in payload] == raws
    assert payloads[0] == (raws[0],)


def test_a_lane_that_was_served_goes_to_the_end_of_the_line() -> None:
    mempool = Mempool()
    for sender in (1, 2):
        for sequence in (0, 1):
            mempool.admit(transaction(sequence, sender=sender), next_sequence=0)
    mempool.settle(transaction(0, sender=1))
    assert [(each.body.sender[0], each.body.sequence) for each in mempool.candidates()] == [(2, 0), (2, 1), (1, 1)]
