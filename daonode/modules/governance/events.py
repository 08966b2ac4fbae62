"""What governance tells the world. Every change of its state is in an event of the same block.

Body texts and the calls themselves are in the transaction that submitted them; `text_hash` binds the text.
"""

from __future__ import annotations

from daonode.ledger.failures import Failure
from daonode.modules.governance.types import Choice, ProposalId, ProposalKind, ProposalNumber, Status, TrackId
from daonode.primitives.codec import U16, U64, Record
from daonode.primitives.ids import Address, Hash
from daonode.primitives.units import Amount, DurationMs, TimeMs


class ProposalSubmitted(Record, frozen=True):
    """A proposal exists. `decision_deposit` and `enactment` are its own: the first rises with the number of live
    proposals, the second may be longer than the track's."""

    proposal: ProposalId
    number: ProposalNumber
    proposer: Address
    track: TrackId
    kind: ProposalKind
    title: str
    text_hash: Hash
    actions: U16
    snapshot_height: U64
    electorate_power: U64
    decision_deposit: Amount
    enactment: DurationMs


class ProposalMoved(Record, frozen=True):
    """A proposal's stored phase changed. `due` is when time alone moves it again; `failure` says why it failed."""

    proposal: ProposalId
    number: ProposalNumber
    before: Status
    after: Status
    due: TimeMs | None
    failure: Failure | None


class Deposited(Record, frozen=True):
    """An account deposited on a proposal."""

    proposal: ProposalId
    depositor: Address
    amount: Amount


class DepositRefunded(Record, frozen=True):
    """A deposit went back."""

    proposal: ProposalId
    depositor: Address
    amount: Amount


class DepositBurned(Record, frozen=True):
    """A deposit was destroyed."""

    proposal: ProposalId
    depositor: Address
    amount: Amount


class VoteCast(Record, frozen=True):
    """A ballot was cast or changed; `weight` is the power that it counts now."""

    proposal: ProposalId
    voter: Address
    choice: Choice
    weight: U64
    reason: str


class VoteRemoved(Record, frozen=True):
    """A ballot was taken back; `weight` is the power that it counted."""

    proposal: ProposalId
    voter: Address
    choice: Choice
    weight: U64


class DelegateWeightChanged(Record, frozen=True):
    """A delegator voted itself, or took that back: `weight` is what the delegate's ballot counts now."""

    proposal: ProposalId
    delegate: Address
    delegator: Address
    weight: U64


class DelegationSet(Record, frozen=True):
    """An account delegated; `power` is what moved."""

    track: TrackId
    delegator: Address
    delegate: Address
    previous: Address | None
    power: U64


class DelegationEnded(Record, frozen=True):
    """An account took its delegation back; `power` is what moved."""

    track: TrackId
    delegator: Address
    delegate: Address
    power: U64


EVENTS: tuple[type[Record], ...] = (
    ProposalSubmitted,
    ProposalMoved,
    Deposited,
    DepositRefunded,
    DepositBurned,
    VoteCast,
    VoteRemoved,
    DelegateWeightChanged,
    DelegationSet,
    DelegationEnded,
)
