"""The mempool: what it admits, what it offers to a block, and what leaves it."""

from __future__ import annotations

import pytest

from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.transactions import TxBody, tx_id
from daonode.primitives.codec import encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import Address, ChainId
from daonode.replica.mempool import MAX_PER_SENDER, MAX_SEQUENCE_GAP, AlreadyKnown, Mempool, SenderLimit, SequenceGap


def transaction(
    sequence: int, *, sender: int = 1, lane: int = 0, memo: str = "", expires: int = 100
) -> CheckedTransaction:
    body = TxBody(
        version=1,
        chain_id=ChainId("daonode:test"),
        sender=Address(bytes([sender]) * 32),
        lane=lane,
        sequence=sequence,
        expires_at_ms=expires,
        gas_limit=1,
        max_fee=1,
        messages=(),
        memo=memo,
    )
    raw = encode(body)
    return CheckedTransaction(raw=raw, id=tx_id(raw), digest=sha256(raw), body=body, signatures=())


def offered(mempool: Mempool) -> list[tuple[int, int, int]]:
    return [(each.body.sender[0], each.body.lane, each.body.sequence) for each in mempool.candidates()]


def test_a_lane_is_offered_in_sequence_order_up_to_its_first_gap() -> None:
    mempool = Mempool()
    for sequence in (7, 5, 6, 9):
        mempool.admit(transaction(sequence), next_sequence=5)
    assert offered(mempool) == [(1, 0, 5), (1, 0, 6), (1, 0, 7)]
    assert mempool.next_sequence(Address(bytes([1]) * 32), 0) == 8


def test_a_lane_that_lacks_its_next_sequence_offers_nothing() -> None:
    mempool = Mempool()
    mempool.admit(transaction(6), next_sequence=5)
    assert offered(mempool) == []


def test_lanes_do_not_wait_for_each_other() -> None:
    mempool = Mempool()
    mempool.admit(transaction(6), next_sequence=5)
    mempool.admit(transaction(0, lane=1), next_sequence=0)
    mempool.admit(transaction(3, sender=2), next_sequence=3)
    assert offered(mempool) == [(1, 1, 0), (2, 0, 3)]


def test_one_sequence_of_a_lane_is_taken_once() -> None:
    mempool = Mempool()
    mempool.admit(transaction(0), next_sequence=0)
    with pytest.raises(AlreadyKnown) as caught:
        mempool.admit(transaction(0, memo="other"), next_sequence=0)
    assert caught.value.hint == "use sequence 1, or another lane"


@pytest.mark.parametrize("sequence", [4, 5 + MAX_SEQUENCE_GAP + 1])
def test_a_sequence_that_cannot_come_next_is_refused(sequence: int) -> None:
    with pytest.raises(SequenceGap) as caught:
        Mempool().admit(transaction(sequence), next_sequence=5)
    assert caught.value.hint == "use 5"


def test_one_sender_cannot_fill_the_mempool() -> None:
    mempool = Mempool()
    for lane in range(MAX_PER_SENDER // 16):
        for sequence in range(16):
            mempool.admit(transaction(sequence, lane=lane), next_sequence=0)
    with pytest.raises(SenderLimit):
        mempool.admit(transaction(0, lane=15), next_sequence=0)
    mempool.admit(transaction(0, sender=2), next_sequence=0)


def test_a_committed_sequence_takes_what_it_overtook_with_it() -> None:
    mempool = Mempool()
    for sequence in (0, 1, 2):
        mempool.admit(transaction(sequence), next_sequence=0)
    mempool.settle(transaction(1, memo="another wallet sent this one"))
    assert offered(mempool) == [(1, 0, 2)]
    assert len(mempool) == 1


def test_what_has_expired_leaves() -> None:
    mempool = Mempool()
    mempool.admit(transaction(0, expires=50), next_sequence=0)
    mempool.admit(transaction(0, sender=2, expires=51), next_sequence=0)
    mempool.expire(time_ms=50)
    assert offered(mempool) == [(2, 0, 0)]
    assert mempool.total_bytes == len(transaction(0, sender=2, expires=51).raw)


def test_an_emptied_mempool_counts_nothing() -> None:
    mempool = Mempool()
    one = transaction(0)
    mempool.admit(one, next_sequence=0)
    mempool.remove(one.id)
    mempool.remove(one.id)
    assert (len(mempool), mempool.total_bytes, one.id in mempool) == (0, 0, False)
    mempool.admit(one, next_sequence=0)
