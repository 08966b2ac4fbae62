"""The rules, clause by clause. In the pictures `<-` is "is extended by", a number in brackets the round, `tc` a TC."""

from __future__ import annotations

from dataclasses import replace as replace_dataclass

import pytest
from msgspec.structs import replace

from daonode.consensus.errors import Clause, SafetyViolation
from daonode.consensus.requests import CommitRequest, ProposeRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import Decision, SafetyState, decide, observe, remember
from daonode.consensus.statements import Commit, Timeout, Vote
from daonode.consensus.types import Block, QuorumCertificate, TimeoutCertificate
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import Signature
from tests.unit.consensus.chains import CHAIN_ID, Maker

maker = Maker()


def fresh() -> SafetyState:
    return maker.initial_safety()


def signed(state: SafetyState, request: SignRequest) -> SafetyState:
    """The state after the request has been granted."""
    decision = decide(state, request)
    return remember(decision, Signature(encode(decision.statement)[:32].ljust(64, b"s")))


def refused(state: SafetyState, request: SignRequest) -> Clause:
    with pytest.raises(SafetyViolation) as caught:
        decide(state, request)
    return caught.value.clause


def vote_for(block: Block) -> VoteRequest:
    return VoteRequest(header=block.header, qc=block.qc, tc=block.tc)


def proposal_of(block: Block) -> ProposeRequest:
    return ProposeRequest(header=block.header, qc=block.qc, tc=block.tc)


def timeout(round_: int, high_qc: QuorumCertificate, tc: TimeoutCertificate | None = None) -> TimeoutRequest:
    return TimeoutRequest(round=round_, high_qc=high_qc, tc=tc)


# Rule 1: G[0] <- A[1] <- B[2]


def test_a_block_right_after_its_qc_gets_a_vote_and_locks_on_that_qc() -> None:
    a = maker.block(round_=1)
    b = maker.block(round_=2, parent=a)
    state = signed(fresh(), vote_for(b))
    assert (state.last_voted_round, state.locked_round, state.high_qc) == (2, 1, b.qc)
    assert state.last_vote is not None
    assert state.last_vote.statement == Vote(chain_id=CHAIN_ID, epoch=0, round=2, block_id=b.header.id(), qc_round=1)


def test_a_second_block_of_the_round_gets_no_vote() -> None:
    state = signed(fresh(), vote_for(maker.block(round_=1)))
    assert refused(state, vote_for(maker.block(round_=1, payload=b"other"))) is Clause.VOTE_NEWER_ROUND


def test_a_block_of_an_earlier_round_gets_no_vote() -> None:
    a = maker.block(round_=1)
    state = signed(fresh(), vote_for(maker.block(round_=2, parent=a)))
    assert refused(state, vote_for(a)) is Clause.VOTE_NEWER_ROUND


def test_a_block_of_a_round_that_was_timed_out_gets_no_vote() -> None:
    state = signed(fresh(), timeout(1, maker.genesis_qc))
    assert refused(state, vote_for(maker.block(round_=1))) is Clause.VOTE_NEWER_ROUND


def test_a_block_that_skips_a_round_without_a_tc_gets_no_vote() -> None:
    """G[0] <- B[2]"""
    assert refused(fresh(), vote_for(maker.block(round_=2))) is Clause.VOTE_JUSTIFIED_ROUND


def test_a_block_right_after_a_tc_gets_a_vote() -> None:
    """G[0] <- tc[1] B[2]"""
    state = signed(fresh(), vote_for(maker.block(round_=2, tc=maker.tc(1))))
    assert state.last_voted_round == 2


def test_a_block_two_rounds_after_its_tc_gets_no_vote() -> None:
    """G[0] <- tc[1] B[3]"""
    assert refused(fresh(), vote_for(maker.block(round_=3, tc=maker.tc(1)))) is Clause.VOTE_JUSTIFIED_ROUND


def test_a_block_on_a_qc_older_than_one_that_its_tc_states_gets_no_vote() -> None:
    """G[0] <- A[1], and after tc[2], whose signers know QC(A): G[0] <- B[3]. B would drop A, which may be final."""
    a = maker.block(round_=1)
    tc = maker.tc(2, maker.qc(a), maker.genesis_qc, maker.genesis_qc)
    assert refused(fresh(), vote_for(maker.block(round_=3, tc=tc))) is Clause.VOTE_JUSTIFIED_ROUND


def test_a_block_on_the_qc_that_its_tc_states_gets_a_vote() -> None:
    """G[0] <- A[1] <- tc[2] B[3]"""
    a = maker.block(round_=1)
    tc = maker.tc(2, maker.qc(a), maker.genesis_qc, maker.genesis_qc)
    state = signed(fresh(), vote_for(maker.block(round_=3, parent=a, tc=tc)))
    assert (state.locked_round, state.highest_tc) == (1, tc)


def test_the_same_vote_is_answered_with_the_stored_signature_even_after_a_restart() -> None:
    block = maker.block(round_=1)
    first = remember(decide(fresh(), vote_for(block)), Signature(b"v" * 64))
    restarted = decode(encode(first), SafetyState)
    again = decide(restarted, vote_for(block))
    assert again == Decision(first, again.statement, Signature(b"v" * 64), block.qc)


# Rule 2


def test_a_timeout_ends_voting_and_committing_in_its_round_and_names_the_qc() -> None:
    """G[0] <- A[1], round 2 times out."""
    qc = maker.qc(maker.block(round_=1))
    state = signed(fresh(), timeout(2, qc))
    assert (state.last_voted_round, state.highest_timeout_round) == (2, 2)
    assert state.last_timeout is not None
    assert state.last_timeout.high_qc == qc
    assert state.last_timeout.statement == Timeout(chain_id=CHAIN_ID, epoch=0, round=2, high_qc_round=1)


def test_a_round_that_was_voted_in_can_be_timed_out() -> None:
    state = signed(fresh(), vote_for(maker.block(round_=1)))
    assert signed(state, timeout(1, maker.genesis_qc)).highest_timeout_round == 1


def test_a_round_before_the_last_vote_cannot_be_timed_out() -> None:
    state = signed(fresh(), vote_for(maker.block(round_=2, tc=maker.tc(1))))
    assert refused(state, timeout(1, maker.genesis_qc)) is Clause.TIMEOUT_NOT_BEFORE_VOTE


def test_a_certified_round_cannot_be_timed_out() -> None:
    assert refused(fresh(), timeout(1, maker.qc(maker.block(round_=1)))) is Clause.TIMEOUT_UNCERTIFIED_ROUND


def test_a_timeout_cannot_name_a_qc_below_the_lock() -> None:
    """G[0] <- A[1] <- B[2]: after COMMIT(B), TIMEOUT[3] must not name QC(A), even with tc[2] to justify the round."""
    a = maker.block(round_=1)
    b = maker.block(round_=2, parent=a)
    state = signed(fresh(), CommitRequest(qc=maker.qc(b)))
    assert refused(state, timeout(3, maker.qc(a), maker.tc(2, *[maker.qc(a)] * 3))) is Clause.TIMEOUT_NOT_BELOW_LOCK


def test_a_timeout_of_a_round_that_no_certificate_opens_is_refused() -> None:
    assert refused(fresh(), timeout(2, maker.genesis_qc)) is Clause.TIMEOUT_JUSTIFIED_ROUND
    assert refused(fresh(), timeout(3, maker.genesis_qc, maker.tc(1))) is Clause.TIMEOUT_JUSTIFIED_ROUND


def test_a_timeout_after_a_tc_is_signed() -> None:
    tc = maker.tc(1)
    state = signed(fresh(), timeout(2, maker.genesis_qc, tc))
    assert (state.highest_timeout_round, state.highest_tc) == (2, tc)


def test_a_round_is_timed_out_with_one_qc_only() -> None:
    """Round 3 after tc[2]: first with QC(A[1]), then again with QC(A[1]) by others, then with another QC."""
    a = maker.block(round_=1)
    tc = maker.tc(2, maker.qc(a), maker.qc(a), maker.qc(a))
    state = signed(fresh(), timeout(3, maker.qc(a), tc))
    same = decide(state, timeout(3, maker.qc(a, signers=(0, 1, 2)), tc))
    assert same.stored is not None
    assert same.state == state
    b = maker.block(round_=2, parent=a)
    assert refused(state, timeout(3, maker.qc(b), tc)) is Clause.TIMEOUT_SAME_STATEMENT


# Rule 3


def test_a_certified_block_gets_a_commit_vote_and_is_locked_on() -> None:
    block = maker.block(round_=1)
    state = signed(fresh(), CommitRequest(qc=maker.qc(block)))
    assert (state.locked_round, state.high_qc.round) == (1, 1)
    assert state.last_commit_vote is not None
    assert state.last_commit_vote.statement == Commit(chain_id=CHAIN_ID, epoch=0, round=1, block_id=block.header.id())


@pytest.mark.parametrize("given_up", [1, 2])
def test_a_block_of_a_round_up_to_the_last_timeout_gets_no_commit_vote(given_up: int) -> None:
    """G[0] <- A[1], its QC comes after the timeout of round 1, or of round 2 (after tc[1])."""
    state = fresh()
    for round_ in range(1, given_up + 1):
        state = signed(state, timeout(round_, maker.genesis_qc, maker.tc(round_ - 1) if round_ > 1 else None))
    request = CommitRequest(qc=maker.qc(maker.block(round_=1)))
    assert refused(state, request) is Clause.COMMIT_NOT_AFTER_TIMEOUT
    assert observe(state, request).locked_round == 1, "the lock is raised all the same"


def test_one_block_a_round_gets_a_commit_vote_and_rounds_do_not_fall() -> None:
    a = maker.block(round_=1)
    b = maker.block(round_=2, parent=a)
    state = signed(fresh(), CommitRequest(qc=maker.qc(b)))
    assert refused(state, CommitRequest(qc=maker.qc(a))) is Clause.COMMIT_NEWER_ROUND
    other = maker.block(round_=2, parent=a, payload=b"other")
    assert refused(state, CommitRequest(qc=maker.qc(other))) is Clause.COMMIT_NEWER_ROUND
    assert decide(state, CommitRequest(qc=maker.qc(b, signers=(0, 1, 2)))).stored is not None


# Proposals


def test_a_round_gets_one_proposal() -> None:
    block = maker.block(round_=1)
    state = signed(fresh(), proposal_of(block))
    assert decide(state, proposal_of(block)).stored is not None
    assert refused(state, proposal_of(maker.block(round_=1, payload=b"other"))) is Clause.PROPOSE_NEWER_ROUND


def test_an_earlier_round_gets_no_proposal() -> None:
    state = signed(fresh(), proposal_of(maker.block(round_=2, tc=maker.tc(1))))
    assert refused(state, proposal_of(maker.block(round_=1))) is Clause.PROPOSE_NEWER_ROUND


def test_proposing_leaves_the_vote_free() -> None:
    block = maker.block(round_=1)
    assert decide(signed(fresh(), proposal_of(block)), vote_for(block)).stored is None


# Every rule


def test_another_epoch_gets_nothing_and_teaches_nothing() -> None:
    qc = replace(maker.qc(maker.block(round_=1)), epoch=1)
    header = replace(maker.block(round_=1).header, epoch=1)
    for request in (
        CommitRequest(qc=qc),
        timeout(2, qc),
        VoteRequest(header=header, qc=qc, tc=None),
        ProposeRequest(header=header, qc=qc, tc=None),
    ):
        assert refused(fresh(), request) is Clause.EPOCH
        assert observe(fresh(), request) == fresh()


def test_a_violation_carries_its_numbers() -> None:
    with pytest.raises(SafetyViolation) as caught:
        decide(fresh(), vote_for(maker.block(round_=5)))
    assert (caught.value.round, caught.value.bound) == (5, 0)
    assert "asked for 5" in str(caught.value)


def test_deciding_changes_nothing_by_itself() -> None:
    state = fresh()
    before = encode(state)
    decision = decide(state, vote_for(maker.block(round_=1)))
    assert encode(state) == before
    assert replace_dataclass(decision).state.last_vote is None, "only `remember` stores the signature"
