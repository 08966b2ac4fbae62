"""The order of judging, persisting and signing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.consensus.errors import Clause
from daonode.consensus.requests import CommitRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import SafetyState
from daonode.consensus.statements import Vote, signing_bytes
from daonode.primitives.ids import PublicKey, Signature
from daonode.signer.signing import LocalSigner, Prepared, Refusal, SignFunction
from tests.unit.consensus.chains import CHAIN_ID, Maker, check_hash_signature, hash_signature

maker = Maker()
KEY = maker.validators.validators[0].public_key
BLOCK = maker.block(round_=1)
VOTE = VoteRequest(header=BLOCK.header, qc=BLOCK.qc, tc=None)
START = maker.initial_safety()


class Disk:
    """Keeps what was persisted; fails when told to."""

    def __init__(self) -> None:
        self.states: list[SafetyState] = []
        self.is_full = False

    def persist(self, state: SafetyState) -> None:
        if self.is_full:
            raise OSError("no space left")
        self.states.append(state)


def signer(disk: Disk, safety: SafetyState = START) -> LocalSigner:
    return LocalSigner(
        safety=safety,
        keys={KEY: lambda message: hash_signature(KEY, message)},
        persist=disk.persist,
        check_signature=check_hash_signature,
    )


def test_the_signature_is_over_the_statement_and_its_state_is_persisted_first() -> None:
    disk = Disk()
    signature = signer(disk).sign(VOTE)
    statement = Vote(chain_id=CHAIN_ID, epoch=0, round=1, block_id=BLOCK.header.id(), qc_round=0)
    assert signature == hash_signature(KEY, signing_bytes(statement))
    assert len(disk.states) == 1
    assert disk.states[0].last_vote is not None
    assert disk.states[0].last_vote.signature == signature


def test_no_signature_leaves_when_the_state_cannot_be_persisted() -> None:
    disk = Disk()
    disk.is_full = True
    signing = signer(disk)
    with pytest.raises(OSError, match="no space"):
        signing.sign(VOTE)
    assert signing.safety == START


def test_the_same_request_writes_nothing_again() -> None:
    disk = Disk()
    signing = signer(disk)
    assert signing.sign(VOTE) == signing.sign(VOTE)
    assert len(disk.states) == 1


def test_a_refusal_names_the_clause_and_persists_nothing() -> None:
    disk = Disk()
    signing = signer(disk)
    signing.sign(VOTE)
    other = maker.block(round_=1, payload=b"other")
    refusal = signing.sign(VoteRequest(header=other.header, qc=other.qc, tc=None))
    assert isinstance(refusal, Refusal)
    assert refusal.clause is Clause.VOTE_NEWER_ROUND
    assert len(disk.states) == 1


def test_a_request_with_a_forged_certificate_is_refused_whatever_the_rules_say() -> None:
    refusal = signer(Disk()).sign(CommitRequest(qc=maker.qc(BLOCK, signers=(0, 1))))
    assert isinstance(refusal, Refusal)
    assert refusal.clause is None
    assert "two thirds" in refusal.reason


def test_a_crash_between_preparing_and_persisting_forgets_what_never_left() -> None:
    disk = Disk()
    prepared = signer(disk).prepare(VOTE)
    assert isinstance(prepared, Prepared)
    assert disk.states == []
    other = maker.block(round_=1, payload=b"other")
    assert not isinstance(signer(disk).sign(VoteRequest(header=other.header, qc=other.qc, tc=None)), Refusal)


def test_a_crash_after_persisting_gives_the_same_signature_again() -> None:
    disk = Disk()
    signature = signer(disk).sign(VOTE)
    assert signer(disk, disk.states[-1]).sign(VOTE) == signature
    other = maker.block(round_=1, payload=b"other")
    assert isinstance(
        signer(disk, disk.states[-1]).sign(VoteRequest(header=other.header, qc=other.qc, tc=None)), Refusal
    )


def test_a_qc_seen_in_a_refused_request_raises_the_lock() -> None:
    """TIMEOUT[1], then QC(A[1]): no commit vote, but no later timeout may name an older QC."""
    signing = signer(Disk())
    assert not isinstance(signing.sign(TimeoutRequest(round=1, high_qc=maker.genesis_qc, tc=None)), Refusal)
    assert isinstance(signing.sign(CommitRequest(qc=maker.qc(BLOCK))), Refusal)
    refusal = signing.sign(TimeoutRequest(round=2, high_qc=maker.genesis_qc, tc=maker.tc(1)))
    assert isinstance(refusal, Refusal)
    assert refusal.clause is Clause.TIMEOUT_NOT_BELOW_LOCK


def test_a_signer_whose_new_key_came_after_the_epoch_that_began_with_it_signs_with_it() -> None:
    old = PublicKey(bytes(range(32)))
    signed_with: list[PublicKey] = []

    def sign_with(key: PublicKey) -> SignFunction:
        def sign(message: bytes) -> Signature:
            signed_with.append(key)
            return hash_signature(key, message)

        return sign

    disk = Disk()
    LocalSigner(
        safety=replace(START, public_key=old),
        keys={old: sign_with(old), KEY: sign_with(KEY)},
        persist=disk.persist,
        check_signature=check_hash_signature,
    ).sign(VOTE)
    assert signed_with == [KEY]
    assert disk.states[0].public_key == KEY
