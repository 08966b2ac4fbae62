"""What validators send each other about consensus. Each message carries what a laggard needs to catch up.

Signatures cover the statement that each message implies (`statements.py`); `verification.py` checks them before a
message becomes an event.
"""

from __future__ import annotations

from daonode.consensus.types import (
    Block,
    CommitCertificate,
    QuorumCertificate,
    TimeoutCertificate,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import BlockId, Signature


class SyncInfo(Record, frozen=True):
    """The sender's best certificates. `tc` only when its round is above the QC's; `commit` its newest, if any."""

    high_qc: QuorumCertificate
    tc: TimeoutCertificate | None
    commit: CommitCertificate | None


class ProposalMessage(Record, frozen=True, tag="proposal"):
    """A block with its proposer's signature over `Propose`."""

    block: Block
    signature: Signature
    sync: SyncInfo


class VoteMessage(Record, frozen=True, tag="vote"):
    """One validator's `Vote`; `voter` is its index in the epoch's set."""

    epoch: U64
    round: U64
    block_id: BlockId
    qc_round: U64
    voter: U64
    signature: Signature
    sync: SyncInfo


class CommitVoteMessage(Record, frozen=True, tag="commit_vote"):
    """One validator's `Commit`."""

    epoch: U64
    round: U64
    block_id: BlockId
    voter: U64
    signature: Signature
    sync: SyncInfo


class TimeoutMessage(Record, frozen=True, tag="timeout"):
    """One validator's `Timeout`. `high_qc` is the QC that the statement names; newer ones travel in `sync`."""

    epoch: U64
    round: U64
    high_qc: QuorumCertificate
    voter: U64
    signature: Signature
    sync: SyncInfo


class SyncMessage(Record, frozen=True, tag="sync"):
    """Certificates alone, sent in answer to a message from a laggard."""

    sync: SyncInfo


ConsensusMessage = ProposalMessage | VoteMessage | CommitVoteMessage | TimeoutMessage | SyncMessage
