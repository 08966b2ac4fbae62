"""What peers may send: everything else is a `PeerError`, whatever is wrong with it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.errors import BadSignature, Malformed, NoQuorum, PeerError, UnknownSigner, WrongEpoch
from daonode.consensus.events import ProposalReceived, SyncReceived
from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import CommitRequest, TimeoutRequest, VoteRequest
from daonode.consensus.statements import Commit, Timeout, Vote
from daonode.consensus.types import (
    Block,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    proof_block,
    proof_round,
)
from daonode.consensus.verification import MAX_CACHED_SIGNATURES, RecentSet, Verifier
from daonode.primitives.ids import BlockId, Hash, Signature, ValidatorId
from tests.unit.consensus.chains import CHAIN_ID, Maker, check_hash_signature, make_set

maker = Maker()
sender = maker.validators.validators[1].id
forged = Signature(b"f" * 64)


def sync(qc: QuorumCertificate | None = None, tc: TimeoutCertificate | None = None) -> SyncInfo:
    return SyncInfo(high_qc=qc or maker.genesis_qc, tc=tc, commit=None)


def proposal(block: Block) -> ProposalMessage:
    return ProposalMessage(block=block, signature=maker.proposal_signature(block), sync=sync(block.qc))


def vote(block: Block, voter: int) -> VoteMessage:
    header = block.header
    statement = Vote(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id(), qc_round=block.qc.round)
    return VoteMessage(
        epoch=0,
        round=header.round,
        block_id=header.id(),
        qc_round=block.qc.round,
        voter=voter,
        signature=maker.sign(voter, statement),
        sync=sync(block.qc),
    )


def timeout(round_: int, high_qc: QuorumCertificate, voter: int) -> TimeoutMessage:
    statement = Timeout(chain_id=CHAIN_ID, epoch=0, round=round_, high_qc_round=high_qc.round)
    return TimeoutMessage(
        epoch=0,
        round=round_,
        high_qc=high_qc,
        voter=voter,
        signature=maker.sign(voter, statement),
        sync=sync(high_qc),
    )


A = maker.block(round_=1)
B = maker.block(round_=2, parent=A)


def test_what_honest_validators_send_becomes_an_event() -> None:
    verifier = maker.verifier()
    event = verifier.received(proposal(B), sender=sender, now_ms=7)
    assert isinstance(event, ProposalReceived)
    assert (event.now_ms, event.sender) == (7, sender)
    verifier.check_message(vote(B, 3))
    verifier.check_message(timeout(2, maker.qc(A), 2))
    commit = Commit(chain_id=CHAIN_ID, epoch=0, round=1, block_id=A.header.id())
    verifier.check_message(
        CommitVoteMessage(
            epoch=0, round=1, block_id=A.header.id(), voter=0, signature=maker.sign(0, commit), sync=sync(maker.qc(A))
        )
    )
    full = SyncInfo(high_qc=maker.qc(B), tc=maker.tc(3, *[maker.qc(A)] * 3), commit=maker.commit(A))
    assert isinstance(verifier.received(SyncMessage(sync=full), sender=sender, now_ms=7), SyncReceived)


def test_the_genesis_certificate_is_valid_for_its_block_only() -> None:
    verifier = maker.verifier()
    verifier.check_qc(maker.genesis_qc)
    with pytest.raises(Malformed):
        verifier.check_qc(replace(maker.genesis_qc, block_id=A.header.id()))
    with pytest.raises(Malformed):
        verifier.check_qc(genesis_certificate(replace(maker.genesis, time_ms=5)))


QC = maker.qc(A)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param(replace(QC, epoch=1), WrongEpoch, id="another epoch"),
        pytest.param(replace(QC, qc_round=1), Malformed, id="a parent not below"),
        pytest.param(replace(QC, round=0), Malformed, id="the genesis round"),
        pytest.param(replace(QC, round=2), BadSignature, id="another round"),
        pytest.param(replace(QC, block_id=B.header.id()), BadSignature, id="another block"),
        pytest.param(replace(QC, signers=(0, 1, 2)), Malformed, id="a signer too few"),
        pytest.param(replace(QC, signatures=QC.signatures[1:]), Malformed, id="a signature too few"),
        pytest.param(replace(QC, signers=(0, 1, 1, 2)), Malformed, id="a signer twice"),
        pytest.param(replace(QC, signers=(1, 0, 2, 3)), Malformed, id="signers out of order"),
        pytest.param(replace(QC, signers=(0, 1, 2, 4)), UnknownSigner, id="an unknown signer"),
        pytest.param(replace(QC, signers=(0, 1, 2, 2**64 - 1)), UnknownSigner, id="an absurd signer"),
        pytest.param(replace(QC, signers=(), signatures=()), NoQuorum, id="nobody"),
        pytest.param(maker.qc(A, signers=(0, 1)), NoQuorum, id="half"),
        pytest.param(replace(QC, signatures=(forged, *QC.signatures[1:])), BadSignature, id="a forged signature"),
        pytest.param(replace(QC, signatures=QC.signatures[::-1]), BadSignature, id="signatures swapped"),
    ],
)
def test_a_broken_qc_is_refused(broken: QuorumCertificate, error: type[PeerError]) -> None:
    with pytest.raises(error):
        maker.verifier().check_qc(broken)


def test_exactly_two_thirds_of_the_power_is_no_quorum() -> None:
    weighted = Maker(make_set(4, 1, 1))
    block = weighted.block(round_=1)
    with pytest.raises(NoQuorum):
        weighted.verifier().check_qc(weighted.qc(block, signers=(0,)))
    weighted.verifier().check_qc(weighted.qc(block, signers=(0, 1)))


TC = maker.tc(2, QC, maker.genesis_qc, maker.genesis_qc)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param(replace(TC, epoch=1), WrongEpoch, id="another epoch"),
        pytest.param(replace(TC, high_qc=maker.genesis_qc), Malformed, id="its QC below the highest stated"),
        pytest.param(replace(TC, high_qc=maker.qc(B)), Malformed, id="its QC above the highest stated"),
        pytest.param(replace(TC, high_qc_rounds=(0, 0, 0), high_qc=maker.genesis_qc), BadSignature, id="a lie"),
        pytest.param(replace(TC, high_qc_rounds=(1, 0)), Malformed, id="a stated round too few"),
        pytest.param(replace(TC, signers=(), high_qc_rounds=(), signatures=()), Malformed, id="nobody"),
        pytest.param(replace(TC, round=1), Malformed, id="a QC of its own round"),
        pytest.param(replace(TC, round=3), BadSignature, id="another round"),
        pytest.param(maker.tc(2, QC, QC), NoQuorum, id="half"),
        pytest.param(replace(TC, high_qc=maker.qc(A, signers=(0, 1))), NoQuorum, id="a QC without a quorum"),
        pytest.param(replace(TC, signers=(0, 1, 1)), Malformed, id="a signer twice"),
    ],
)
def test_a_broken_tc_is_refused(broken: TimeoutCertificate, error: type[PeerError]) -> None:
    with pytest.raises(error):
        maker.verifier().check_tc(broken)


def test_a_sound_tc_is_accepted_and_a_later_lie_is_not_excused_by_the_cache() -> None:
    verifier = maker.verifier()
    verifier.check_tc(TC)
    verifier.check_tc(TC)
    with pytest.raises(BadSignature):
        verifier.check_tc(replace(TC, signatures=(forged, *TC.signatures[1:])))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(replace(B, payload=b"other"), id="another payload"),
        pytest.param(replace(B, qc=maker.qc(A, signers=(0, 1, 2))), id="another QC for the parent"),
        pytest.param(replace(B, qc=maker.genesis_qc), id="a QC for another block"),
        pytest.param(replace(B, tc=maker.tc(1)), id="a TC that the header does not bind"),
        pytest.param(replace(B, header=replace(B.header, version=2)), id="another version"),
        pytest.param(replace(B, header=replace(B.header, chain_id="daonode:other")), id="another chain"),
        pytest.param(replace(B, header=replace(B.header, epoch=1)), id="another epoch"),
        pytest.param(replace(B, header=replace(B.header, height=0)), id="height zero"),
        pytest.param(replace(B, header=replace(B.header, round=0)), id="round zero"),
        pytest.param(replace(B, header=replace(B.header, round=1)), id="the round of its parent"),
        pytest.param(replace(B, header=replace(B.header, proposer=ValidatorId(bytes(32)))), id="a stranger"),
        pytest.param(replace(B, header=replace(B.header, validators_digest=Hash(bytes(32)))), id="another set"),
        pytest.param(replace(B, header=replace(B.header, parent_id=BlockId(bytes(32)))), id="another parent"),
    ],
)
def test_a_broken_block_is_refused(broken: Block) -> None:
    with pytest.raises(PeerError):
        maker.verifier().check_block(broken)


def test_messages_with_forged_signatures_are_refused() -> None:
    for message in (proposal(A), vote(A, 0), timeout(1, maker.genesis_qc, 0)):
        with pytest.raises(BadSignature):
            maker.verifier().check_message(replace(message, signature=forged))


def test_a_proposal_signed_by_another_than_its_proposer_is_refused() -> None:
    other = replace(A, header=replace(A.header, proposer=maker.validators.validators[2].id))
    with pytest.raises(BadSignature):
        maker.verifier().check_message(replace(proposal(A), block=other))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(vote(A, 0), voter=9), id="an unknown voter"),
        pytest.param(replace(vote(A, 0), round=0), id="round zero"),
        pytest.param(replace(vote(A, 0), epoch=3), id="another epoch"),
        pytest.param(timeout(1, QC, 0), id="a timeout of a certified round"),
        pytest.param(replace(timeout(2, QC, 0), high_qc=maker.genesis_qc), id="a timeout with another QC"),
        pytest.param(replace(vote(A, 0), sync=sync(replace(QC, round=7))), id="forged certificates beside"),
        pytest.param(
            SyncMessage(sync=SyncInfo(high_qc=maker.genesis_qc, tc=None, commit=maker.commit(A))),
            id="a commit certificate without the QC of its round",
        ),
        pytest.param(
            SyncMessage(sync=SyncInfo(high_qc=QC, tc=None, commit=maker.commit(A, signers=(0, 1)))),
            id="a commit certificate of half",
        ),
    ],
)
def test_a_broken_message_is_refused(message: VoteMessage | TimeoutMessage | SyncMessage) -> None:
    with pytest.raises(PeerError):
        maker.verifier().check_message(message)


def test_both_proofs_of_finality_are_accepted_and_name_their_block() -> None:
    """G[0] <- A[1] <- B[2]"""
    two_chain = TwoChain(child=B.header, qc=maker.qc(B))
    for proof in (two_chain, maker.commit(A)):
        maker.verifier().check_proof(proof)
        assert (proof_block(proof), proof_round(proof)) == (A.header.id(), 1)


def test_a_two_chain_with_a_gap_between_its_rounds_proves_nothing() -> None:
    """G[0] <- A[1] <- tc[2] C[3]"""
    c = maker.block(round_=3, parent=A, tc=maker.tc(2, QC, QC, QC))
    with pytest.raises(Malformed):
        maker.verifier().check_proof(TwoChain(child=c.header, qc=maker.qc(c)))
    with pytest.raises(Malformed):
        maker.verifier().check_proof(TwoChain(child=A.header, qc=maker.qc(B)))


def test_fetched_blocks_are_bound_by_the_certified_tip() -> None:
    verifier = maker.verifier()
    verifier.check_fetched([A, B], tip=B.header.id())
    for blocks in ([B], [A, replace(B, payload=b"x")], [replace(A, payload=b"x"), B], [B, A], [replace(A, tc=TC), B]):
        if blocks == [B]:
            verifier.check_fetched(blocks, tip=B.header.id())
            continue
        with pytest.raises(PeerError):
            verifier.check_fetched(blocks, tip=B.header.id())


def test_sign_requests_are_checked_before_the_rules() -> None:
    verifier = maker.verifier()
    verifier.check_request(VoteRequest(header=B.header, qc=B.qc, tc=None))
    for request in (
        VoteRequest(header=B.header, qc=maker.genesis_qc, tc=None),
        VoteRequest(header=B.header, qc=B.qc, tc=maker.tc(1)),
        TimeoutRequest(round=2, high_qc=replace(QC, signers=(0, 1, 2)), tc=None),
        TimeoutRequest(round=3, high_qc=QC, tc=replace(TC, high_qc=maker.genesis_qc)),
        CommitRequest(qc=maker.qc(A, signers=(0, 1))),
        CommitRequest(qc=maker.genesis_qc),
    ):
        with pytest.raises(PeerError):
            verifier.check_request(request)


def test_a_certificate_of_votes_seen_before_costs_no_signature_check() -> None:
    checks = 0

    def counting(key: object, message: bytes, signature: Signature) -> bool:
        nonlocal checks
        checks += 1
        return check_hash_signature(key, message, signature)  # type: ignore[arg-type]

    verifier = Verifier(
        chain_id=CHAIN_ID, validators=maker.validators, genesis_qc=maker.genesis_qc, check_signature=counting
    )
    for voter in range(4):
        verifier.check_message(vote(A, voter))
    verifier.check_qc(QC)
    verifier.check_qc(QC)
    assert checks == 4


def test_the_caches_forget_the_oldest() -> None:
    recent = RecentSet(2)
    for member in (b"a", b"b", b"c"):
        recent.add(member)
    assert [member in recent for member in (b"a", b"b", b"c")] == [False, True, True]
    assert MAX_CACHED_SIGNATURES > 0
