"""Everything that can happen to a replica. A closed union; every event carries the driver's clock.

`now_ms` is milliseconds since the Unix epoch. What comes from a peer or a client has been decoded and its signatures
verified (`intake.py`), possibly in another thread, before it becomes an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from daonode.consensus.requests import SignRequest
from daonode.ledger.checking import CheckedTransaction
from daonode.primitives.ids import Signature
from daonode.replica.jobs import Job, Outcome
from daonode.replica.messages import Message

PeerId = NewType("PeerId", str)
"""The transport's name of a peer."""

Ticket = NewType("Ticket", int)
"""The driver's number for a client's request, given back with its answer."""


@dataclass(frozen=True, slots=True)
class Started:
    """The driver is ready to run effects; sent once, first."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class PeerConnected:
    now_ms: int
    peer: PeerId


@dataclass(frozen=True, slots=True)
class PeerDisconnected:
    now_ms: int
    peer: PeerId


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A checked message; `transactions` are those of a `TransactionsMessage` that were found well-formed and signed."""

    now_ms: int
    peer: PeerId
    message: Message
    transactions: tuple[CheckedTransaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """One client's transaction with the ticket of the request."""

    transaction: CheckedTransaction
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class TransactionsSubmitted:
    """Clients' transactions, each answered by `TransactionAdmitted` or `TransactionRefused` with its ticket."""

    now_ms: int
    submissions: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """The signer has persisted its state and signed."""

    now_ms: int
    request: SignRequest
    signature: Signature


@dataclass(frozen=True, slots=True)
class SignRefused:
    now_ms: int
    request: SignRequest
    reason: str


@dataclass(frozen=True, slots=True)
class JobEnded:
    """What came out of a job that was begun."""

    now_ms: int
    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`timer` is the name that `SetTimer` gave."""

    now_ms: int
    timer: str


Event = (
    Started
    | PeerConnected
    | PeerDisconnected
    | MessageReceived
    | TransactionsSubmitted
    | Signed
    | SignRefused
    | JobEnded
    | TimerFired
)
