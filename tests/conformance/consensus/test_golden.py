"""Golden bytes of every encoding of consensus. A changed byte is a changed protocol."""

from __future__ import annotations

import json
import os
from pathlib import Path

from daonode.consensus.messages import (
    CommitVoteMessage,
    ConsensusMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import CommitRequest, ProposeRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import SafetyState, decide, remember
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.types import (
    Block,
    CommitCertificate,
    CommitProof,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    ValidatorSet,
)
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import Signature
from tests.unit.consensus.chains import CHAIN_ID, Maker

GOLDEN = Path(__file__).parent / "golden.json"
APPROVAL = "DAONODE_APPROVE_GOLDEN"

maker = Maker()
A = maker.block(round_=1)
B = maker.block(round_=3, parent=A, tc=maker.tc(2, *[maker.qc(A)] * 3), failed=(1,), proposer=2)
QC = maker.qc(A)
SYNC = SyncInfo(high_qc=QC, tc=B.tc, commit=maker.commit(A))
SIGNATURE = Signature(bytes(range(64)))
BLOCK_ID = A.header.id()

STATEMENTS: dict[str, Statement] = {
    "propose": Propose(chain_id=CHAIN_ID, epoch=0, round=1, block_id=BLOCK_ID),
    "vote": Vote(chain_id=CHAIN_ID, epoch=0, round=1, block_id=BLOCK_ID, qc_round=0),
    "commit": Commit(chain_id=CHAIN_ID, epoch=0, round=1, block_id=BLOCK_ID),
    "timeout": Timeout(chain_id=CHAIN_ID, epoch=0, round=2, high_qc_round=1),
}
MESSAGES: dict[str, ConsensusMessage] = {
    "proposal message": ProposalMessage(block=B, signature=SIGNATURE, sync=SYNC),
    "vote message": VoteMessage(
        epoch=0, round=1, block_id=BLOCK_ID, qc_round=0, voter=3, signature=SIGNATURE, sync=SYNC
    ),
    "commit vote message": CommitVoteMessage(
        epoch=0, round=1, block_id=BLOCK_ID, voter=3, signature=SIGNATURE, sync=SYNC
    ),
    "timeout message": TimeoutMessage(epoch=0, round=2, high_qc=QC, voter=3, signature=SIGNATURE, sync=SYNC),
    "sync message": SyncMessage(sync=SYNC),
}
REQUESTS: dict[str, SignRequest] = {
    "propose request": ProposeRequest(header=B.header, qc=B.qc, tc=B.tc),
    "vote request": VoteRequest(header=B.header, qc=B.qc, tc=B.tc),
    "timeout request": TimeoutRequest(round=2, high_qc=QC, tc=None),
    "commit request": CommitRequest(qc=QC),
}
PROOFS: dict[str, CommitProof] = {
    "commit certificate": maker.commit(A),
    "two-chain": TwoChain(child=B.header, qc=maker.qc(B)),
}


def safety_state() -> SafetyState:
    state = maker.initial_safety()
    for request in (REQUESTS["commit request"], REQUESTS["timeout request"], REQUESTS["vote request"]):
        state = remember(decide(state, request), SIGNATURE)
    return state


def test_the_bytes_are_those_that_were_approved() -> None:
    actual: dict[str, str] = {
        "validator set": encode(maker.validators).hex(),
        "validator set digest": maker.validators.digest().hex(),
        "header": encode(B.header).hex(),
        "block id": B.header.id().hex(),
        "block": encode(B).hex(),
        "qc": encode(QC).hex(),
        "qc digest": QC.digest().hex(),
        "genesis qc": encode(maker.genesis_qc).hex(),
        "tc": encode(B.tc).hex(),
        "tc digest": maker.tc(2, QC, QC, QC).digest().hex(),
        "safety state": encode(safety_state()).hex(),
    }
    actual |= {f"signed bytes of {name}": signing_bytes(statement).hex() for name, statement in STATEMENTS.items()}
    actual |= {name: encode(message).hex() for name, message in MESSAGES.items()}
    actual |= {name: encode(request).hex() for name, request in REQUESTS.items()}
    actual |= {name: encode(proof).hex() for name, proof in PROOFS.items()}
    if os.environ.get(APPROVAL) == "1":
        GOLDEN.write_text(json.dumps(actual, indent=2) + "\n")
    assert actual == json.loads(GOLDEN.read_text()), f"bytes changed; {APPROVAL}=1 approves the new ones"


def test_every_value_comes_back_from_its_bytes() -> None:
    for message in MESSAGES.values():
        assert decode(encode(message), ConsensusMessage) == message
    for request in REQUESTS.values():
        assert decode(encode(request), SignRequest) == request
    for proof in PROOFS.values():
        assert decode(encode(proof), CommitProof) == proof
    for statement in STATEMENTS.values():
        assert decode(encode(statement), Statement) == statement
    assert decode(encode(B), Block) == B
    assert decode(encode(B.header), Header) == B.header
    assert decode(encode(QC), QuorumCertificate) == QC
    assert decode(encode(maker.tc(1)), TimeoutCertificate) == maker.tc(1)
    assert decode(encode(maker.commit(A)), CommitCertificate) == maker.commit(A)
    assert decode(encode(maker.validators), ValidatorSet) == maker.validators
    assert decode(encode(safety_state()), SafetyState) == safety_state()
