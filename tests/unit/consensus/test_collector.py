"""Counting: by weight, each validator once, within bounds."""

from __future__ import annotations

from daonode.consensus.collector import ROUNDS_KEPT, Collector
from daonode.consensus.messages import CommitVoteMessage, SyncInfo, TimeoutMessage, VoteMessage
from daonode.consensus.types import QuorumCertificate
from daonode.primitives.ids import BlockId, Signature
from tests.unit.consensus.chains import Maker, make_set

maker = Maker()
SYNC = SyncInfo(high_qc=maker.genesis_qc, tc=None, commit=None)
X, Y = BlockId(b"x" * 32), BlockId(b"y" * 32)


def signature(voter: int) -> Signature:
    return Signature(bytes([voter]) * 64)


def vote(voter: int, *, round_: int = 1, block_id: BlockId = X, qc_round: int = 0) -> VoteMessage:
    return VoteMessage(
        epoch=0,
        round=round_,
        block_id=block_id,
        qc_round=qc_round,
        voter=voter,
        signature=signature(voter),
        sync=SYNC,
    )


def timeout(voter: int, high_qc: QuorumCertificate, *, round_: int = 3) -> TimeoutMessage:
    return TimeoutMessage(epoch=0, round=round_, high_qc=high_qc, voter=voter, signature=signature(voter), sync=SYNC)


def test_a_qc_appears_once_with_its_signers_sorted() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    assert [collector.add_vote(vote(voter)) for voter in (3, 1)] == [None, None]
    qc = collector.add_vote(vote(0))
    assert qc is not None
    assert (qc.signers, qc.signatures) == ((0, 1, 3), (signature(0), signature(1), signature(3)))
    assert collector.add_vote(vote(2)) is None


def test_a_validator_counts_once_a_round() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    assert [collector.add_vote(vote(0)) for _ in range(4)] == [None] * 4
    assert collector.add_vote(vote(0, block_id=Y)) is None
    assert collector.add_vote(vote(1, block_id=Y)) is None
    assert collector.add_vote(vote(2, block_id=Y)) is None, "validator 0 has voted for another block"
    assert collector.add_vote(vote(3, block_id=Y)) is not None


def test_power_decides_and_two_thirds_are_not_enough() -> None:
    collector = Collector(make_set(4, 1, 1))
    assert collector.add_vote(vote(0)) is None
    assert collector.add_vote(vote(1)) is not None


def test_votes_that_state_different_parents_are_not_added_up() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    outcomes = [collector.add_vote(vote(voter, qc_round=voter % 2)) for voter in range(4)]
    assert outcomes == [None] * 4


def test_commit_votes_make_a_commit_certificate() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    messages = [
        CommitVoteMessage(epoch=0, round=1, block_id=X, voter=voter, signature=signature(voter), sync=SYNC)
        for voter in (2, 0, 1)
    ]
    certificates = [collector.add_commit_vote(message) for message in messages]
    assert certificates[:2] == [None, None]
    assert certificates[2] is not None
    assert certificates[2].signers == (0, 1, 2)


def test_a_tc_carries_the_one_qc_of_the_highest_round() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    qc = maker.qc(maker.block(round_=1))
    assert collector.add_timeout(timeout(2, maker.genesis_qc)) is None
    assert collector.add_timeout(timeout(0, qc)) is None
    assert collector.timeout_power(3) == 2
    tc = collector.add_timeout(timeout(1, maker.genesis_qc))
    assert tc is not None
    assert (tc.signers, tc.high_qc_rounds, tc.high_qc) == ((0, 1, 2), (1, 0, 0), qc)


def test_only_the_newest_rounds_are_kept() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    for round_ in range(10, 10 + ROUNDS_KEPT + 1):
        collector.add_vote(vote(0, round_=round_))
    collector.add_vote(vote(1, round_=10))
    collector.add_vote(vote(2, round_=10))
    assert collector.add_vote(vote(3, round_=10)) is None
    collector.add_vote(vote(1, round_=11))
    assert collector.add_vote(vote(2, round_=11)) is not None


def test_committed_rounds_are_forgotten() -> None:
    collector = Collector(make_set(1, 1, 1, 1))
    collector.add_timeout(timeout(0, maker.genesis_qc))
    collector.forget_committed(3)
    assert collector.timeout_power(3) == 0
