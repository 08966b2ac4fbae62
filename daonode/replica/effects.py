"""Everything that a replica asks for. A closed union; the driver runs effects in tuple order.

The driver's duties: `Persist` is atomic, and durable before any later effect runs when `sync` is set; `Sign` is
answered by `Signed` or `SignRefused`, `BeginJob` by `JobEnded`; no event is stepped before the effects of the one
before have run. A crash between any two effects loses nothing that was promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.epochs import EpochChange
from daonode.consensus.requests import SignRequest
from daonode.consensus.types import Header
from daonode.ledger.block import Receipt
from daonode.ledger.errors import TransactionError
from daonode.primitives.ids import TxId
from daonode.replica.events import PeerId, Ticket
from daonode.replica.jobs import Job
from daonode.replica.messages import Message


class Store(Enum):
    """The three databases of a node."""

    BLOCKS = "blocks"
    """Blocks by id: durable before they are voted for."""
    STATE = "state"
    """Everything that a commit changes: one batch a height."""
    SNAPSHOTS = "snapshots"
    """What new nodes begin with."""


@dataclass(frozen=True, slots=True)
class Persist:
    """Write one atomic batch; None deletes."""

    store: Store
    writes: tuple[tuple[bytes, bytes | None], ...]
    sync: bool


@dataclass(frozen=True, slots=True)
class Sign:
    request: SignRequest


@dataclass(frozen=True, slots=True)
class BeginJob:
    """Have `jobs.do` do a job, on whichever thread; answered by `JobEnded`. One is under way at a time."""

    job: Job


@dataclass(frozen=True, slots=True)
class EnterEpoch:
    """Have the signer go on to the next epoch: nothing of it is signed before. Not asked of a full node."""

    change: EpochChange


@dataclass(frozen=True, slots=True)
class Send:
    peer: PeerId
    message: Message


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send to every connected peer."""

    message: Message


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `timer` at `at_ms`; setting a timer again replaces it."""

    timer: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: str


@dataclass(frozen=True, slots=True)
class Committed:
    """A block is final and its batch has been written; for those who wait and for metrics."""

    header: Header
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """Make a snapshot (`snapshot_making.py`) of the state as it is at this point, in the background.

    While an earlier one is still being made, this one is left out.
    """

    height: int


@dataclass(frozen=True, slots=True)
class TransactionAdmitted:
    ticket: Ticket
    tx_id: TxId


@dataclass(frozen=True, slots=True)
class TransactionRefused:
    ticket: Ticket
    tx_id: TxId
    error: TransactionError


@dataclass(frozen=True, slots=True)
class PeerFault:
    """The peer did what no honest peer does; `reason` is for the operator."""

    peer: PeerId
    reason: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Stop signing and writing: what others certified contradicts this node's own execution.

    `header` is the certified one; `reason` says what execution gave instead.
    """

    header: Header
    reason: str


Effect = (
    Persist
    | Sign
    | BeginJob
    | EnterEpoch
    | Send
    | Broadcast
    | SetTimer
    | CancelTimer
    | Committed
    | TakeSnapshot
    | TransactionAdmitted
    | TransactionRefused
    | PeerFault
    | ReportEvidence
    | Halt
)
