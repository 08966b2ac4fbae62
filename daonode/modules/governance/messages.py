"""The messages that governance takes. Who may send each, and what it does, is in the README beside this file."""

from __future__ import annotations

from daonode.modules.governance.types import Actions, Choice, ProposalId, ProposalKind, TrackId
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount, DurationMs


class SubmitProposal(Record, frozen=True):
    """Put a proposal to a track. `deposit` is native base units; `enactment` None takes the track's timelock."""

    track: TrackId
    kind: ProposalKind
    title: str
    body: str
    actions: Actions
    deposit: Amount
    enactment: DurationMs | None = None


class Deposit(Record, frozen=True):
    """Add to the deposit of a proposal that still lacks some."""

    proposal: ProposalId
    amount: Amount


class CancelProposal(Record, frozen=True):
    """Take back one's own proposal before its decision ends."""

    proposal: ProposalId


class Vote(Record, frozen=True):
    """Cast or change a ballot. `reason` is for people and stands in the event only."""

    proposal: ProposalId
    choice: Choice
    reason: str = ""


class RemoveVote(Record, frozen=True):
    """Take one's ballot back; power that was delegated counts with the delegate again."""

    proposal: ProposalId


class Delegate(Record, frozen=True):
    """Let another account's ballots on this track count one's power, on proposals submitted from the next block on."""

    track: TrackId
    to: Address


class Undelegate(Record, frozen=True):
    """End one's delegation on this track."""

    track: TrackId


class Execute(Record, frozen=True):
    """Run the actions of a proposal whose timelock is over, or that failed before and is within its grace."""

    proposal: ProposalId
