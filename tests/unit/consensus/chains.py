"""Small chains for consensus tests: validators with hash signatures, blocks and certificates made by hand."""

from __future__ import annotations

from hashlib import sha256

from daonode.consensus.certificates import (
    commit_certificate,
    genesis_certificate,
    quorum_certificate,
    timeout_certificate,
)
from daonode.consensus.safety import SafetyState, initial_safety_state
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitCertificate,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    Validator,
    ValidatorSet,
    payload_digest,
)
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import BlockId, ChainId, Hash, PublicKey, Signature, ValidatorId

CHAIN_ID = ChainId("daonode:test")
GENESIS_MS = 1_000_000
EMPTY_PAYLOAD = b""
EMPTY_PAYLOAD_DIGEST = payload_digest(EMPTY_PAYLOAD)


def hash_signature(public_key: bytes, message: bytes) -> Signature:
    """A signature that anyone could make: enough where nobody forges."""
    digest = sha256(public_key + message).digest()
    return Signature(digest + digest)


def check_hash_signature(public_key: PublicKey, message: bytes, signature: Signature) -> bool:
    return hash_signature(public_key, message) == signature


def make_set(*powers: int, epoch: int = 0) -> ValidatorSet:
    return ValidatorSet(
        epoch=epoch,
        validators=tuple(
            Validator(
                id=ValidatorId(bytes([1 + index]) * 32), public_key=PublicKey(bytes([101 + index]) * 32), power=power
            )
            for index, power in enumerate(powers)
        ),
    )


class Maker:
    """Makes blocks, certificates and signatures of one validator set."""

    def __init__(self, validators: ValidatorSet | None = None) -> None:
        self.validators = validators or make_set(1, 1, 1, 1)
        self.genesis = self._header(height=0, round_=0, qc=None, tc=None, time_ms=GENESIS_MS, payload=b"", proposer=0)
        self.genesis_qc = genesis_certificate(self.genesis)

    def verifier(self) -> Verifier:
        return Verifier(
            chain_id=CHAIN_ID,
            validators=self.validators,
            genesis_qc=self.genesis_qc,
            check_signature=check_hash_signature,
        )

    def initial_safety(self, index: int = 0) -> SafetyState:
        """The state of a validator that has signed nothing."""
        return initial_safety_state(
            chain_id=CHAIN_ID,
            public_key=self.validators.validators[index].public_key,
            validators=self.validators,
            genesis_qc=self.genesis_qc,
        )

    def sign(self, index: int, statement: Statement) -> Signature:
        return hash_signature(self.validators.validators[index].public_key, signing_bytes(statement))

    def block(
        self,
        *,
        round_: int,
        qc: QuorumCertificate | None = None,
        tc: TimeoutCertificate | None = None,
        parent: Block | None = None,
        payload: bytes = b"transactions",
        proposer: int = 0,
        time_ms: int | None = None,
        failed: tuple[int, ...] = (),
        state_root: bytes = bytes(32),
    ) -> Block:
        """A block on `parent` (genesis unless given), certified by everyone unless `qc` is given."""
        if qc is None:
            qc = self.genesis_qc if parent is None else self.qc(parent)
        height = 1 if parent is None else parent.header.height + 1
        parent_ms = GENESIS_MS if parent is None else parent.header.time_ms
        header = self._header(
            height=height,
            round_=round_,
            qc=qc,
            tc=tc,
            time_ms=parent_ms + 1 if time_ms is None else time_ms,
            payload=payload,
            proposer=proposer,
            failed=failed,
            state_root=state_root,
        )
        return Block(header=header, payload=payload, qc=qc, tc=tc)

    def qc(self, block: Block, *, signers: tuple[int, ...] | None = None) -> QuorumCertificate:
        header = block.header
        statement = Vote(
            chain_id=CHAIN_ID, epoch=header.epoch, round=header.round, block_id=header.id(), qc_round=block.qc.round
        )
        return quorum_certificate(
            [(index, self.sign(index, statement)) for index in self._signers(signers)],
            epoch=header.epoch,
            round_=header.round,
            block_id=header.id(),
            qc_round=block.qc.round,
        )

    def tc(self, round_: int, *high_qcs: QuorumCertificate) -> TimeoutCertificate:
        """A TC of the first validators, each with its QC; of everyone at genesis when none is given."""
        named = high_qcs or (self.genesis_qc,) * len(self.validators.validators)
        timeouts = []
        for index, high_qc in enumerate(named):
            statement = Timeout(chain_id=CHAIN_ID, epoch=0, round=round_, high_qc_round=high_qc.round)
            timeouts.append((index, high_qc, self.sign(index, statement)))
        return timeout_certificate(timeouts, epoch=0, round_=round_)

    def commit(self, block: Block, *, signers: tuple[int, ...] | None = None) -> CommitCertificate:
        header = block.header
        statement = Commit(chain_id=CHAIN_ID, epoch=header.epoch, round=header.round, block_id=header.id())
        return commit_certificate(
            [(index, self.sign(index, statement)) for index in self._signers(signers)],
            epoch=header.epoch,
            round_=header.round,
            block_id=header.id(),
        )

    def proposal_signature(self, block: Block) -> Signature:
        header = block.header
        index = [validator.id for validator in self.validators.validators].index(header.proposer)
        statement = Propose(chain_id=CHAIN_ID, epoch=header.epoch, round=header.round, block_id=header.id())
        return self.sign(index, statement)

    def _signers(self, signers: tuple[int, ...] | None) -> tuple[int, ...]:
        return tuple(range(len(self.validators.validators))) if signers is None else signers

    def _header(
        self,
        *,
        height: int,
        round_: int,
        qc: QuorumCertificate | None,
        tc: TimeoutCertificate | None,
        time_ms: int,
        payload: bytes,
        proposer: int,
        failed: tuple[int, ...] = (),
        state_root: bytes = bytes(32),
    ) -> Header:
        members = self.validators.validators
        return Header(
            version=HEADER_VERSION,
            chain_id=CHAIN_ID,
            epoch=self.validators.epoch,
            height=height,
            round=round_,
            time_ms=time_ms,
            proposer=members[proposer].id,
            parent_id=BlockId(bytes(32)) if qc is None else qc.block_id,
            qc_digest=EMPTY_DIGEST if qc is None else qc.digest(),
            tc_digest=EMPTY_DIGEST if tc is None else tc.digest(),
            payload_digest=payload_digest(payload),
            state_root=Hash(state_root),
            receipts_root=Hash(bytes(32)),
            validators_digest=self.validators.digest(),
            next_validators_digest=self.validators.digest(),
            failed_proposers=tuple(members[index].id for index in failed),
        )
