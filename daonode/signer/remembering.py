"""Whether a safety state is the newest that its key has signed with, as far as the node's own stores can tell.

A disk that does not keep what it has synced, or a copy of the file that was put back, takes a signer into its past: it
could sign a second time. Certificates that this node holds then name rounds in which its key has signed and of which
the state knows nothing. What no store of one's own can show, the others see: two statements of a round are evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from daonode.consensus.safety import SafetyState
from daonode.consensus.types import (
    Block,
    CommitCertificate,
    CommitProof,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
)
from daonode.replica.archive import Archive
from daonode.signer.errors import SafetyStateOutdated


def check_remembered(safety: SafetyState, archive: Archive) -> None:
    """Compare a safety state with the certificates of its epoch in the stores. Cheap: only the newest are read.

    Raises:
        SafetyStateOutdated: a certificate holds a signature of this key that is newer than the state.
    """
    for certificate in _certificates(archive):
        if certificate.epoch == safety.epoch and _is_signed(certificate, safety):
            statement, remembered = _remembered(certificate, safety)
            if remembered < certificate.round:
                raise SafetyStateOutdated(statement=statement, signed=certificate.round, remembered=remembered)


def is_voted_block_kept(safety: SafetyState, archive: Archive) -> bool:
    """Whether the block that was voted for last is stored, if it is newer than the committed tip.

    It was synced before the vote was signed. It is missing when the disk has not kept it, or the stores are others.
    """
    last, tip = safety.last_vote, archive.committed(archive.tip().height)
    assert tip is not None, "the tip's header is written in the same batch as the tip"
    if last is None or (tip.header.epoch, tip.header.round) >= (last.statement.epoch, last.statement.round):
        return True
    return archive.block(last.statement.block_id) is not None


def _certificates(archive: Archive) -> Iterator[QuorumCertificate | TimeoutCertificate | CommitCertificate]:
    """Those in the committed tip, its proof, and the durable blocks above it."""
    height = archive.tip().height
    committed, block = archive.committed(height), archive.block_at(height)
    if committed is not None and committed.proof is not None:
        yield _certificate_of(committed.proof)
    for each in (*archive.unsettled(), *(() if block is None else (block,))):
        yield from _certificates_of(each)


def _certificate_of(proof: CommitProof) -> QuorumCertificate | CommitCertificate:
    return proof.qc if isinstance(proof, TwoChain) else proof


def _certificates_of(block: Block) -> Iterator[QuorumCertificate | TimeoutCertificate]:
    yield block.qc
    if block.tc is not None:
        yield block.tc


def _is_signed(certificate: QuorumCertificate | TimeoutCertificate | CommitCertificate, safety: SafetyState) -> bool:
    members = safety.validators.validators
    return any(members[signer].public_key == safety.public_key for signer in certificate.signers)


def _remembered(
    certificate: QuorumCertificate | TimeoutCertificate | CommitCertificate, safety: SafetyState
) -> tuple[str, int]:
    """What the signers of a certificate have signed, and the last round in which the state remembers doing so."""
    match certificate:
        case QuorumCertificate():
            return "vote", safety.last_voted_round
        case TimeoutCertificate():
            return "timeout", safety.highest_timeout_round
        case CommitCertificate():
            last = safety.last_commit_vote
            return "commit vote", safety.genesis_qc.round if last is None else last.statement.round
