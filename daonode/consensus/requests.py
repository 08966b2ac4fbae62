"""What the core asks a signer to sign: the statement, and the certificates that the rules need to judge it.

The signer (`daonode.signer`, in process or remote) verifies the certificates, applies the rules of `safety.py` to its
own persisted state, persists the new state, and only then signs.
"""

from __future__ import annotations

from daonode.consensus.types import Header, QuorumCertificate, TimeoutCertificate
from daonode.primitives.codec import U64, Record


class ProposeRequest(Record, frozen=True, tag="propose"):
    """Sign `Propose` for a header that extends `qc` (and `tc`, when its round does not follow the QC's)."""

    header: Header
    qc: QuorumCertificate
    tc: TimeoutCertificate | None


class VoteRequest(Record, frozen=True, tag="vote"):
    """Sign `Vote` for a header whose block is durable and was executed to the same roots."""

    header: Header
    qc: QuorumCertificate
    tc: TimeoutCertificate | None


class TimeoutRequest(Record, frozen=True, tag="timeout"):
    """Sign `Timeout(round, high_qc.round)`."""

    round: U64
    high_qc: QuorumCertificate
    tc: TimeoutCertificate | None


class CommitRequest(Record, frozen=True, tag="commit"):
    """Sign `Commit` for the block that `qc` certifies."""

    qc: QuorumCertificate


SignRequest = ProposeRequest | VoteRequest | TimeoutRequest | CommitRequest


def epoch_of(request: SignRequest) -> int:
    """The epoch whose statement is asked for."""
    match request:
        case ProposeRequest() | VoteRequest():
            return request.header.epoch
        case TimeoutRequest():
            return request.high_qc.epoch
        case CommitRequest():
            return request.qc.epoch
