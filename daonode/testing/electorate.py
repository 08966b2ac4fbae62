"""The oracle's own reading of who signed what: quorum arithmetic, hashing and signatures, restated and not imported.

Statements are compared by their fields; certificates are judged by recomputing every signature from the validators'
secrets, which only a test bench has. From the product come types to read, and nothing that decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from daonode.consensus.types import Block, CommitCertificate, Header, QuorumCertificate, TimeoutCertificate, TwoChain
from daonode.testing.world import World

STATEMENT_PREFIX = b"daonode/statement/v1"
HEADER_PREFIX = b"daonode/header/v1"
TRANSACTION_PREFIX = b"daonode/tx/v1"


@dataclass(frozen=True, slots=True)
class Said:
    """One signed statement. `block_id` is None in a timeout; `qc_round` is None in a proposal and a commit vote."""

    kind: str
    round: int
    block_id: bytes | None
    qc_round: int | None

    def __str__(self) -> str:
        block = "" if self.block_id is None else f" {self.block_id.hex()[:8]}"
        qc_round = "" if self.qc_round is None else f" (qc {self.qc_round})"
        return f"{self.kind.upper()}@{self.round}{block}{qc_round}"


def propose(round_: int, block_id: bytes) -> Said:
    """PROPOSE(round, block_id)."""
    return Said("propose", round_, block_id, None)


def vote(round_: int, block_id: bytes, qc_round: int) -> Said:
    """VOTE(round, block_id, qc_round)."""
    return Said("vote", round_, block_id, qc_round)


def commit(round_: int, block_id: bytes) -> Said:
    """COMMIT(round, block_id)."""
    return Said("commit", round_, block_id, None)


def timeout(round_: int, high_qc_round: int) -> Said:
    """TIMEOUT(round, high_qc_round)."""
    return Said("timeout", round_, None, high_qc_round)


def header_id(header: Header) -> bytes:
    """The id of a block: a hash over the header's fields in their order."""
    fields = [getattr(header, name) for name in header.__struct_fields__]
    return hashlib.sha256(HEADER_PREFIX + msgspec.msgpack.encode(fields)).digest()


def transaction_ids(block: Block) -> tuple[bytes, ...]:
    """The ids of a block's transactions in order: a hash over each body."""
    (transactions,) = msgspec.msgpack.decode(block.payload, type=tuple[tuple[bytes, ...]])
    bodies = [msgspec.msgpack.decode(raw, type=tuple[bytes, msgspec.Raw])[0] for raw in transactions]
    return tuple(hashlib.sha256(TRANSACTION_PREFIX + body).digest() for body in bodies)


class Electorate:
    """The validators of a run by index, their powers and secrets."""

    def __init__(self, world: World) -> None:
        members = world.chain.validators
        self._secrets = world.secrets
        self._chain_id = str(world.chain.document.chain.chain_id)
        self._epoch = members.epoch
        self._powers = tuple(member.power for member in members.validators)
        self._genesis_round = world.chain.genesis_qc.round
        self._genesis_block = bytes(world.chain.genesis_qc.block_id)
        self._sound: dict[QuorumCertificate | TimeoutCertificate | CommitCertificate, None] = {}

    def is_quorum(self, signers: Iterable[int]) -> bool:
        """Whether the validators, each counted once, have strictly more than two thirds of all power."""
        power = sum(self._powers[signer] for signer in sorted({*signers}))
        return power * 3 > sum(self._powers) * 2

    def has_signed(self, signer: int, said: Said, signature: bytes) -> bool:
        """Whether this is the validator's signature over the statement."""
        rest = [part for part in (said.block_id, said.qc_round) if part is not None]
        message = msgspec.msgpack.encode([said.kind, self._chain_id, self._epoch, said.round, *rest])
        return self._secrets[signer].sign(STATEMENT_PREFIX + message) == signature

    def fault_of_qc(self, qc: QuorumCertificate) -> str | None:
        """What is wrong with a QC, or None."""
        if qc.round == self._genesis_round:
            return None if qc.block_id == self._genesis_block else "a QC of the genesis round for another block"
        if qc in self._sound:
            return None
        said = vote(qc.round, qc.block_id, qc.qc_round)
        fault = self._fault(qc.epoch, qc.signers, [said] * len(qc.signers), qc.signatures)
        if fault is None:
            self._sound[qc] = None
        return fault

    def fault_of_tc(self, tc: TimeoutCertificate) -> str | None:
        """What is wrong with a TC, or None: its QC must be whole, and of exactly the highest round that is stated."""
        if tc in self._sound:
            return None
        if len(tc.high_qc_rounds) != len(tc.signers):
            return f"{len(tc.signers)} signers state {len(tc.high_qc_rounds)} rounds"
        said = [timeout(tc.round, stated) for stated in tc.high_qc_rounds]
        fault = self._fault(tc.epoch, tc.signers, said, tc.signatures) or self.fault_of_qc(tc.high_qc)
        if fault is None and tc.high_qc.round != max(tc.high_qc_rounds):
            fault = f"its QC is of round {tc.high_qc.round}, its signers state {tc.high_qc_rounds}"
        if fault is None:
            self._sound[tc] = None
        return fault

    def fault_of_commit(self, certificate: CommitCertificate) -> str | None:
        """What is wrong with a commit certificate, or None."""
        if certificate in self._sound:
            return None
        said = commit(certificate.round, certificate.block_id)
        signers = certificate.signers
        fault = self._fault(certificate.epoch, signers, [said] * len(signers), certificate.signatures)
        if fault is None:
            self._sound[certificate] = None
        return fault

    def fault_of_two_chain(self, proof: TwoChain, committed: Header) -> str | None:
        """What is wrong with a certified child as the proof that `committed` is final, or None."""
        child = proof.child
        if child.parent_id != header_id(committed) or proof.qc.block_id != header_id(child):
            return "the child is not certified, or extends another block"
        if (child.round, proof.qc.round) != (committed.round + 1, committed.round + 1):
            return f"rounds {committed.round} and {child.round} (QC {proof.qc.round}) do not follow one another"
        return self.fault_of_qc(proof.qc)

    def _fault(
        self, epoch: int, signers: Sequence[int], said: Sequence[Said], signatures: Sequence[bytes]
    ) -> str | None:
        if epoch != self._epoch:
            return f"epoch {epoch} where {self._epoch} is"
        if len({*signers}) != len(signers):
            return f"a validator is counted twice: {signers}"
        if not self.is_quorum(signers):
            return f"{signers} are no quorum"
        if len(signatures) != len(signers):
            return f"{len(signers)} signers, {len(signatures)} signatures"
        for signer, statement, signature in zip(signers, said, signatures, strict=True):
            if not self.has_signed(signer, statement, signature):
                return f"validator {signer} has not signed {statement}"
        return None
