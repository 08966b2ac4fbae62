"""Whatever bytes a peer or a client sends: a documented error, or a value that a running replica can be given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.consensus.errors import PeerError
from daonode.ledger.errors import TransactionError
from daonode.primitives.codec import encode
from daonode.replica.events import MessageReceived
from daonode.replica.intake import MAX_MESSAGE_BYTES
from daonode.replica.messages import MAX_TRANSACTIONS_A_MESSAGE, Lane, TransactionsMessage, lane_of
from tests.unit.replica.network import Network

EDITS = st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), min_size=1, max_size=4)


def lived_in() -> Network:
    """A network that has said everything that nodes say."""
    network = Network()
    absent = network.nodes[3]
    network.stop(absent)
    for sequence in range(4):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(3_000)
    network.restart(absent)
    network.run(3_000)
    network.submit(network.nodes[0], network.transfer(4))
    network.run(3_000)
    return network


network = lived_in()
victim, attacker = network.nodes[:2]
intake = network.chain.make_intake(victim.archive, network.chain.make_verifier())
SAID = sorted(network.said)


def offer(lane: Lane, data: bytes) -> None:
    """Check what came, and have the replica handle what passes."""
    try:
        checked = intake.check_message(lane, data, now_ms=network.now_ms)
    except PeerError:
        return
    victim.replica.step(MessageReceived(network.now_ms, attacker.name, checked.message, checked.transactions))


def test_the_network_has_said_a_message_of_every_type() -> None:
    assert SAID == [
        "BlockRequest",
        "BlockResponse",
        "CommitVoteMessage",
        "ProposalMessage",
        "SyncMessage",
        "TimeoutMessage",
        "TransactionsMessage",
        "VoteMessage",
    ]


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(SAID), edits=EDITS)
def test_a_message_with_changed_bytes_is_refused_or_handled(name: str, edits: list[tuple[int, int]]) -> None:
    message = network.said[name]
    data = bytearray(encode(message))
    for place, value in edits:
        data[place % len(data)] = value
    offer(lane_of(message), bytes(data))


@settings(max_examples=200, deadline=None)
@given(lane=st.sampled_from(Lane), data=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_on_every_lane(lane: Lane, data: bytes) -> None:
    with pytest.raises(PeerError):
        intake.check_message(lane, data, now_ms=network.now_ms)


@pytest.mark.parametrize("name", SAID)
def test_a_message_is_refused_on_a_lane_that_is_not_its_own(name: str) -> None:
    message = network.said[name]
    for lane in Lane:
        if lane is not lane_of(message):
            with pytest.raises(PeerError):
                intake.check_message(lane, encode(message), now_ms=network.now_ms)


@settings(max_examples=200, deadline=None)
@given(edits=EDITS, cut=st.integers(0, 40))
def test_a_transaction_with_changed_bytes_is_refused(edits: list[tuple[int, int]], cut: int) -> None:
    raw = network.transfer(5)
    data = bytearray(raw[: len(raw) - cut])
    for place, value in edits:
        data[place % len(data)] = value
    if bytes(data) == raw:
        return
    with pytest.raises(TransactionError):
        intake.check_transaction(bytes(data), now_ms=network.now_ms)


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(PeerError):
        intake.check_message(Lane.SYNC, bytes(MAX_MESSAGE_BYTES + 1), now_ms=network.now_ms)
    many = TransactionsMessage(transactions=(b"",) * (MAX_TRANSACTIONS_A_MESSAGE + 1))
    with pytest.raises(PeerError):
        intake.check_message(Lane.MEMPOOL, encode(many), now_ms=network.now_ms)


def test_a_peer_that_passes_on_what_is_not_signed_is_at_fault_and_one_that_passes_on_what_has_expired_is_not() -> None:
    forged = network.transfer(6)[:-1] + bytes([network.transfer(6)[-1] ^ 1])
    with pytest.raises(PeerError):
        intake.check_message(Lane.MEMPOOL, encode(TransactionsMessage((forged,))), now_ms=network.now_ms)
    late_ms = network.now_ms + 120_000
    message = TransactionsMessage((network.transfer(6),))
    assert intake.check_message(Lane.MEMPOOL, encode(message), now_ms=late_ms).transactions == ()
