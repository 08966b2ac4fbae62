"""Everything that can happen to the core. A closed union: `core.py` handles each, and nothing else.

Each event carries `now_ms`, the driver's clock in milliseconds since the Unix epoch; the core knows no other time.
Messages in events have been verified (`verification.py`): signatures, certificates, set membership, digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import SignRequest
from daonode.consensus.types import Block, Finality
from daonode.primitives.ids import BlockId, Signature, ValidatorId


class Timer(Enum):
    """The core's timers. Setting one replaces it; a stale firing is ignored by the round it names."""

    ROUND = "round"
    """The round has lasted too long."""
    PROPOSE = "propose"
    """The pace between blocks allows the next proposal."""


@dataclass(frozen=True, slots=True)
class Started:
    """The driver is ready to run effects; sent once, first."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class ProposalReceived:
    now_ms: int
    sender: ValidatorId
    message: ProposalMessage


@dataclass(frozen=True, slots=True)
class VoteReceived:
    now_ms: int
    sender: ValidatorId
    message: VoteMessage


@dataclass(frozen=True, slots=True)
class CommitVoteReceived:
    now_ms: int
    sender: ValidatorId
    message: CommitVoteMessage


@dataclass(frozen=True, slots=True)
class TimeoutReceived:
    now_ms: int
    sender: ValidatorId
    message: TimeoutMessage


@dataclass(frozen=True, slots=True)
class SyncReceived:
    now_ms: int
    sender: ValidatorId
    message: SyncMessage


@dataclass(frozen=True, slots=True)
class BlockBuilt:
    """The answer to `Build`: a block of this validator, executed, with its roots filled in; `work_ms` as below."""

    now_ms: int
    block: Block
    work_ms: int = 0


@dataclass(frozen=True, slots=True)
class BlockExecuted:
    """The answer to `Execute`: `error` is None when the roots in the header are those of the execution.

    `work_ms` is how long the execution takes a validator that does nothing else, by what the block used.
    """

    now_ms: int
    block_id: BlockId
    error: str | None
    work_ms: int = 0


@dataclass(frozen=True, slots=True)
class BlocksFetched:
    """Blocks that were missing, in ascending height, each verified to be certified by its child or final.

    `finality` is of the last of them.
    """

    now_ms: int
    blocks: tuple[Block, ...]
    finality: Finality | None


@dataclass(frozen=True, slots=True)
class Signed:
    """The answer to `Sign`: the signer has persisted its state and signed."""

    now_ms: int
    request: SignRequest
    signature: Signature


@dataclass(frozen=True, slots=True)
class SignRefused:
    """The answer to `Sign` when the rules forbid it; `reason` is for the operator."""

    now_ms: int
    request: SignRequest
    reason: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    now_ms: int
    timer: Timer
    round: int


@dataclass(frozen=True, slots=True)
class PendingWorkChanged:
    """Whether the ledger knows of work: a transaction in the mempool, a deadline that has passed, a due heartbeat."""

    now_ms: int
    pending: bool


@dataclass(frozen=True, slots=True)
class CatchingUpChanged:
    """Whether the replica is syncing a range of blocks: until it says False again, the core asks for no signature."""

    now_ms: int
    active: bool


Event = (
    Started
    | ProposalReceived
    | VoteReceived
    | CommitVoteReceived
    | TimeoutReceived
    | SyncReceived
    | BlockBuilt
    | BlockExecuted
    | BlocksFetched
    | Signed
    | SignRefused
    | TimerFired
    | PendingWorkChanged
    | CatchingUpChanged
)
