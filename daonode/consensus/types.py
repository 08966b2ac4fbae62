"""What validators agree on: validator sets, headers, blocks and the certificates over them.

Wire values: canonical MessagePack arrays, fields in the order below. A block id is the hash of its header, so a header
binds everything else by digest.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.primitives.codec import U64, Record, encode
from daonode.primitives.hashing import (
    CERTIFICATE_TAG,
    HEADER_TAG,
    PAYLOAD_TAG,
    VALIDATORS_TAG,
    tagged_hash,
)
from daonode.primitives.ids import BlockId, ChainId, Hash, PublicKey, Signature, ValidatorId

HEADER_VERSION = 1
"""The only header version that this code proposes and accepts."""

EMPTY_DIGEST = Hash(bytes(32))
"""Stands where a header has nothing to bind, for example no timeout certificate."""


class Validator(Record, frozen=True):
    """One member of a validator set; its position in the set is its index in certificates."""

    id: ValidatorId
    public_key: PublicKey
    power: U64


class ValidatorSet(Record, frozen=True):
    """The validators of one epoch, ordered by id, ids and keys unique, each power at least one."""

    epoch: U64
    validators: tuple[Validator, ...]

    @property
    def total_power(self) -> int:
        """The sum of all powers."""
        return sum(validator.power for validator in self.validators)

    def is_quorum(self, power: int) -> bool:
        """Whether `power` is strictly more than two thirds of the total."""
        return 3 * power > 2 * self.total_power

    def exceeds_faulty(self, power: int) -> bool:
        """Whether `power` cannot be Byzantine alone: at least one third, so more than f, the largest power below it."""
        return 3 * power >= self.total_power

    def digest(self) -> Hash:
        """The hash that headers bind this set by."""
        return tagged_hash(VALIDATORS_TAG, encode(self))


class QuorumCertificate(Record, frozen=True):
    """A quorum of `VOTE(round, block_id, qc_round)`.

    `signers` are strictly increasing indices into the set, `signatures` (64 bytes each) in the same order. The genesis
    certificate of an epoch has no signers, and is valid for the one block that the epoch begins on.
    """

    epoch: U64
    round: U64
    block_id: BlockId
    qc_round: U64
    signers: tuple[U64, ...]
    signatures: tuple[Signature, ...]

    def digest(self) -> Hash:
        """The hash that a header binds its certificate by."""
        return tagged_hash(CERTIFICATE_TAG, encode(self))


class TimeoutCertificate(Record, frozen=True):
    """A quorum of `TIMEOUT(round, high_qc_rounds[i])` and the one full QC whose round is the largest of them."""

    epoch: U64
    round: U64
    signers: tuple[U64, ...]
    high_qc_rounds: tuple[U64, ...]
    signatures: tuple[Signature, ...]
    high_qc: QuorumCertificate

    @property
    def max_high_qc_round(self) -> int:
        """The best QC round that a signer of this certificate has stated; that of `high_qc` (rule 4)."""
        return max(self.high_qc_rounds)

    def digest(self) -> Hash:
        """The hash that a header binds its certificate by."""
        return tagged_hash(CERTIFICATE_TAG, encode(self))


class Header(Record, frozen=True):
    """A block's identity. Times are milliseconds of block time, roots are those after executing this very block.

    `next_validators_digest` is that of the same set, but for the last block of an epoch, which binds the set of the
    next one, and for blocks after it, which bind `EMPTY_DIGEST` (docs/consensus.md, Epochs).
    """

    version: U64
    chain_id: ChainId
    epoch: U64
    height: U64
    round: U64
    time_ms: U64
    proposer: ValidatorId
    parent_id: BlockId
    qc_digest: Hash
    tc_digest: Hash
    payload_digest: Hash
    state_root: Hash
    receipts_root: Hash
    validators_digest: Hash
    next_validators_digest: Hash
    failed_proposers: tuple[ValidatorId, ...]

    @property
    def closes_epoch(self) -> bool:
        """Whether this is the last block of its epoch, or one after it: nothing but the commit of the last is left."""
        return self.next_validators_digest != self.validators_digest

    @property
    def ends_epoch(self) -> bool:
        """Whether this is the last block of its epoch: it binds the set of the next one."""
        return self.closes_epoch and not self.is_suffix

    @property
    def is_suffix(self) -> bool:
        """Whether this stands after the last block of its epoch: it is empty, binds no next set, and never commits."""
        return self.next_validators_digest == EMPTY_DIGEST

    def id(self) -> BlockId:
        """The block id: the tagged hash of the encoded header."""
        return BlockId(tagged_hash(HEADER_TAG, encode(self)))


class Block(Record, frozen=True):
    """A header with the payload and the certificates that its digests bind."""

    header: Header
    payload: bytes
    qc: QuorumCertificate
    tc: TimeoutCertificate | None


class CommitCertificate(Record, frozen=True, tag="commit_certificate"):
    """A quorum of `COMMIT(round, block_id)`: the block and all its ancestors are final."""

    epoch: U64
    round: U64
    block_id: BlockId
    signers: tuple[U64, ...]
    signatures: tuple[Signature, ...]


class TwoChain(Record, frozen=True, tag="two_chain"):
    """The other proof of finality: a certified child in the round right after the block's own (`QC(B0) <- QC(B1)`).

    `child` is B1's header, whose `parent_id` is the block that is final; `qc` certifies B1 and its `qc_round` is
    `child.round - 1`, the round of B0.
    """

    child: Header
    qc: QuorumCertificate


CommitProof = CommitCertificate | TwoChain
"""Either makes a block and all its ancestors final. The first element of the encoding names which one it is."""


def proof_block(proof: CommitProof) -> BlockId:
    """The block that a proof makes final."""
    return proof.child.parent_id if isinstance(proof, TwoChain) else proof.block_id


def proof_round(proof: CommitProof) -> int:
    """The round of the block that a proof makes final."""
    return proof.qc.qc_round if isinstance(proof, TwoChain) else proof.round


@dataclass(frozen=True, slots=True)
class Finality:
    """Why a block is final: `proof` over the block itself, or over the last of its `descendants` (ascending)."""

    proof: CommitProof
    descendants: tuple[Header, ...] = ()

    @property
    def block_id(self) -> BlockId:
        """The block that is final."""
        return self.descendants[0].parent_id if self.descendants else proof_block(self.proof)


def payload_digest(payload: bytes) -> Hash:
    """The digest over a payload's full bytes, signatures included."""
    return tagged_hash(PAYLOAD_TAG, payload)
