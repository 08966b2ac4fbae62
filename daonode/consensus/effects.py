"""Everything that the core asks for. A closed union; the driver runs effects in tuple order.

The driver's one duty: no `Send` or `Broadcast` runs before an earlier `PersistBlock`, `Commit` or `Sign` has been made
durable. A crash between any two effects is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.events import Timer
from daonode.consensus.evidence import Evidence
from daonode.consensus.messages import ConsensusMessage
from daonode.consensus.requests import SignRequest
from daonode.consensus.types import Block, CommitProof, Header, QuorumCertificate, TimeoutCertificate
from daonode.primitives.ids import BlockId, ValidatorId


@dataclass(frozen=True, slots=True)
class Build:
    """Build and execute a block on `parent`; answered by `BlockBuilt`. `empty` forbids transactions.

    The builder fills payload, roots and digests; all consensus fields stand here. `time_ms` is the block's time: now,
    or one past the parent's when that is later; `failed_proposers` are the leaders of the rounds that it skips.
    """

    epoch: int
    round: int
    time_ms: int
    proposer: ValidatorId
    parent: Header
    qc: QuorumCertificate
    tc: TimeoutCertificate | None
    failed_proposers: tuple[ValidatorId, ...]
    empty: bool


@dataclass(frozen=True, slots=True)
class Execute:
    """Execute a block whose parent has been executed; answered by `BlockExecuted`."""

    block: Block


@dataclass(frozen=True, slots=True)
class PersistBlock:
    """Make header, payload and certificates durable, so that a vote for the block may leave."""

    block: Block


@dataclass(frozen=True, slots=True)
class Sign:
    """Ask the signer; answered by `Signed` or `SignRefused`."""

    request: SignRequest


@dataclass(frozen=True, slots=True)
class Commit:
    """These blocks, ascending, are final by `proof`; each is written in one batch of its own.

    The proof is over the last, or over the last of `descendants`: blocks after the end of the epoch, which never
    commit. With the last block of an epoch the core is done; a new one goes on from there.
    """

    blocks: tuple[Block, ...]
    proof: CommitProof
    descendants: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    to: ValidatorId
    message: ConsensusMessage


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send to every other validator (and to full nodes that listen); the core has already handled its own copy."""

    message: ConsensusMessage


@dataclass(frozen=True, slots=True)
class SetTimer:
    timer: Timer
    round: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: Timer


@dataclass(frozen=True, slots=True)
class Fetch:
    """A certified block is missing: fetch it and its unknown ancestors from one of `holders`, in that order."""

    block_id: BlockId
    round: int
    holders: tuple[ValidatorId, ...]


@dataclass(frozen=True, slots=True)
class ReportEvidence:
    """Two statements of one validator that no honest validator signs together (docs/consensus.md, Evidence)."""

    evidence: Evidence

    @property
    def offender(self) -> ValidatorId:
        """Who signed both."""
        return self.evidence.validator


@dataclass(frozen=True, slots=True)
class Halt:
    """A certified header disagrees with this validator's own execution: stop and write a divergence report."""

    block: Block
    reason: str


Effect = (
    Build
    | Execute
    | PersistBlock
    | Sign
    | Commit
    | Send
    | Broadcast
    | SetTimer
    | CancelTimer
    | Fetch
    | ReportEvidence
    | Halt
)
