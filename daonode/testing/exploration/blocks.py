"""Every block that may be proposed up to a round, numbered, so that a set of blocks is one integer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daonode.consensus.tree import BlockStatus, Node, link_of
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    Validator,
    ValidatorSet,
)
from daonode.consensus.verification import is_highest_stated_qc
from daonode.primitives.ids import BlockId, ChainId, PublicKey, ValidatorId

CHAIN_ID = ChainId("daonode:exploration")
EPOCH = 0
VALIDATORS = 4
GENESIS = 0
"""The number of the genesis block; it is always certified."""


@dataclass(frozen=True, slots=True)
class ModelBlock:
    """A block: its number is its bit in every mask. `ancestors` are the blocks that it extends, with itself."""

    number: int
    parent: int
    copy: int
    ancestors: int
    header: Header
    qc: QuorumCertificate
    """What certifies it, once enough have voted."""
    node: Node
    """The block as the tree of a node that has its certificate holds it."""

    @property
    def round(self) -> int:
        """The round that it is proposed in."""
        return self.header.round

    @property
    def as_child(self) -> TwoChain:
        """The proof that its certificate makes its parent final, if their rounds follow one another."""
        return TwoChain(child=self.header, qc=self.qc)


def all_blocks(*, rounds: int, copies: int) -> tuple[ModelBlock, ...]:
    """In each round, on every block of an earlier one, so many copies. Genesis is first."""
    blocks = [_make_block(0, None, number=GENESIS, copy=0)]
    for round_ in range(1, rounds + 1):
        for parent in tuple(blocks):
            for copy in range(copies):
                blocks.append(_make_block(round_, parent, number=len(blocks), copy=copy))
    return tuple(blocks)


def make_set() -> ValidatorSet:
    """The validators, of equal power."""
    members = tuple(
        Validator(id=ValidatorId(bytes([index]) * 32), public_key=PublicKey(bytes([index]) * 32), power=1)
        for index in range(VALIDATORS)
    )
    return ValidatorSet(epoch=EPOCH, validators=members)


def in_mask(mask: int, blocks: tuple[ModelBlock, ...]) -> tuple[ModelBlock, ...]:
    """The blocks whose bits are set."""
    return tuple(block for block in blocks if mask >> block.number & 1)


def timeout_certificates(round_: int, stated: int, certified: tuple[ModelBlock, ...]) -> Iterator[TimeoutCertificate]:
    """Each TC of a round whose signers state a QC of `stated` at most, that the product takes (rule 4)."""
    for block in certified:
        tc = TimeoutCertificate(
            epoch=EPOCH,
            round=round_,
            signers=(0, 1, 2),
            high_qc_rounds=(0, 0, stated),
            signatures=(),
            high_qc=block.qc,
        )
        if block.round < round_ and is_highest_stated_qc(tc):
            yield tc


def _make_block(round_: int, parent: ModelBlock | None, *, number: int, copy: int) -> ModelBlock:
    header = Header(
        version=HEADER_VERSION,
        chain_id=CHAIN_ID,
        epoch=EPOCH,
        height=0 if parent is None else parent.header.height + 1,
        round=round_,
        time_ms=copy,
        proposer=ValidatorId(bytes(32)),
        parent_id=BlockId(bytes(32)) if parent is None else parent.header.id(),
        qc_digest=EMPTY_DIGEST,
        tc_digest=EMPTY_DIGEST,
        payload_digest=EMPTY_DIGEST,
        state_root=EMPTY_DIGEST,
        receipts_root=EMPTY_DIGEST,
        validators_digest=EMPTY_DIGEST,
        next_validators_digest=EMPTY_DIGEST,
        failed_proposers=(),
    )
    qc_round = 0 if parent is None else parent.round
    qc = QuorumCertificate(
        epoch=EPOCH, round=round_, block_id=header.id(), qc_round=qc_round, signers=(), signatures=()
    )
    block = Block(header=header, payload=b"", qc=qc if parent is None else parent.qc, tc=None)
    return ModelBlock(
        number=number,
        parent=GENESIS if parent is None else parent.number,
        copy=copy,
        ancestors=1 << number | (0 if parent is None else parent.ancestors),
        header=header,
        qc=qc,
        node=Node(block, link_of(block), BlockStatus.EXECUTED, qc, None, 0),
    )
