"""How certificates are made of what was collected, and the one certificate that nobody signs.

Pure constructors: signers come sorted by index. Whether a certificate is valid is judged in `verification.py` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from daonode.consensus.types import CommitCertificate, Header, QuorumCertificate, TimeoutCertificate
from daonode.primitives.ids import BlockId, Signature


def genesis_certificate(header: Header) -> QuorumCertificate:
    """The QC that an epoch begins with: no signers, valid for the block with this header only.

    That is the genesis block, or the last block of the epoch before. Rounds go on from its round, so they rise along
    the chain.
    """
    epoch = header.epoch + 1 if header.ends_epoch else header.epoch
    return QuorumCertificate(
        epoch=epoch, round=header.round, block_id=header.id(), qc_round=header.round, signers=(), signatures=()
    )


def quorum_certificate(
    signatures: Sequence[tuple[int, Signature]], *, epoch: int, round_: int, block_id: BlockId, qc_round: int
) -> QuorumCertificate:
    """A QC of votes for one block, in the order of their voters' indices."""
    ordered = sorted(signatures)
    return QuorumCertificate(
        epoch=epoch,
        round=round_,
        block_id=block_id,
        qc_round=qc_round,
        signers=tuple(signer for signer, _ in ordered),
        signatures=tuple(signature for _, signature in ordered),
    )


def commit_certificate(
    signatures: Sequence[tuple[int, Signature]], *, epoch: int, round_: int, block_id: BlockId
) -> CommitCertificate:
    """A commit certificate of commit votes for one block."""
    ordered = sorted(signatures)
    return CommitCertificate(
        epoch=epoch,
        round=round_,
        block_id=block_id,
        signers=tuple(signer for signer, _ in ordered),
        signatures=tuple(signature for _, signature in ordered),
    )


def timeout_certificate(
    timeouts: Sequence[tuple[int, QuorumCertificate, Signature]], *, epoch: int, round_: int
) -> TimeoutCertificate:
    """A TC (rule 4): each signer's stated QC round, and the one full QC of the highest."""
    ordered = sorted(timeouts, key=lambda timeout: timeout[0])
    return TimeoutCertificate(
        epoch=epoch,
        round=round_,
        signers=tuple(signer for signer, _, _ in ordered),
        high_qc_rounds=tuple(high_qc.round for _, high_qc, _ in ordered),
        signatures=tuple(signature for _, _, signature in ordered),
        high_qc=max((high_qc for _, high_qc, _ in ordered), key=lambda high_qc: high_qc.round),
    )
