"""What validators agree on: validator sets, headers, blocks and the certificates over them.

Wire values: canonical MessagePack arrays, fields in the order below. A block id is the hash of its header, so a header
binds everything else by digest.
"""

from __future__ import annotations

from daonode.primitives.codec import Record, encode
from daonode.primitives.hashing import (
    CERTIFICATE_TAG,
    HEADER_TAG,
    PAYLOAD_TAG,
    VALIDATORS_TAG,
    tagged_hash,
)
from daonode.primitives.ids import BlockId, ChainId, Hash, PublicKey, Signature, ValidatorId

EMPTY_DIGEST = Hash(bytes(32))
"""Stands where a header has nothing to bind, for example no timeout certificate."""


class Validator(Record, frozen=True):
    """One member of a validator set; its position in the set is its index in certificates."""

    id: ValidatorId
    public_key: PublicKey
    power: int


class ValidatorSet(Record, frozen=True):
    """The validators of one epoch, ordered by id, ids and keys unique, each power at least one."""

    epoch: int
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
    certificate has round 0, no signers, and is valid for the genesis block only.
    """

    epoch: int
    round: int
    block_id: BlockId
    qc_round: int
    signers: tuple[int, ...]
    signatures: tuple[Signature, ...]

    def digest(self) -> Hash:
        """The hash that a header binds its certificate by."""
        return tagged_hash(CERTIFICATE_TAG, encode(self))


class TimeoutCertificate(Record, frozen=True):
    """A quorum of `TIMEOUT(round, high_qc_rounds[i])` and the one full QC whose round is the largest of them."""

    epoch: int
    round: int
    signers: tuple[int, ...]
    high_qc_rounds: tuple[int, ...]
    signatures: tuple[Signature, ...]
    high_qc: QuorumCertificate

    def digest(self) -> Hash:
        """The hash that a header binds its certificate by."""
        return tagged_hash(CERTIFICATE_TAG, encode(self))


class Header(Record, frozen=True):
    """A block's identity. Times are milliseconds of block time, roots are those after executing this very block."""

    version: int
    chain_id: ChainId
    epoch: int
    height: int
    round: int
    time_ms: int
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

    def id(self) -> BlockId:
        """The block id: the tagged hash of the encoded header."""
        return BlockId(tagged_hash(HEADER_TAG, encode(self)))


class Block(Record, frozen=True):
    """A header with the payload and the certificates that its digests bind."""

    header: Header
    payload: bytes
    qc: QuorumCertificate
    tc: TimeoutCertificate | None


class CommitCertificate(Record, frozen=True):
    """A quorum of `COMMIT(round, block_id)`: the block and all its ancestors are final."""

    epoch: int
    round: int
    block_id: BlockId
    signers: tuple[int, ...]
    signatures: tuple[Signature, ...]


class TwoChain(Record, frozen=True):
    """The other proof of finality: a certified child in the round right after the block's own (`QC(B0) <- QC(B1)`).

    `child` is B1's header, whose `parent_id` is the block that is final; `qc` certifies B1 and its `qc_round` is
    `child.round - 1`, the round of B0.
    """

    child: Header
    qc: QuorumCertificate


CommitProof = CommitCertificate | TwoChain
"""Either makes a block and all its ancestors final. Tagged on the wire by `EncodedProof` in `messages.py`."""


def payload_digest(payload: bytes) -> Hash:
    """The digest over a payload's full bytes, signatures included."""
    return tagged_hash(PAYLOAD_TAG, payload)
