"""What governance keeps in its state: tracks, proposals, tallies, ballots, delegations, deposits.

A proposal carries the track as it was at submission, so nothing that changes later changes its outcome. Times are block
time, periods are lengths of block time, powers are whole units of the track's weight. This file decides nothing.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NewType

from msgspec import Meta

from daonode.ledger.failures import Failure
from daonode.ledger.history import History
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS
from daonode.ledger.transactions import Call
from daonode.primitives.codec import U8, U16, U32, U64, Bytes32, Record, encode
from daonode.primitives.hashing import PROPOSAL_TAG, sha256, tagged_hash
from daonode.primitives.ids import Address, AssetId, ChainId, Hash
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs

MAX_TRACKS: Final = 64
MAX_ACTIONS: Final = 16
MAX_SPEND_CAPS: Final = 64
MAX_TITLE_BYTES: Final = 256
MAX_TEXT_BYTES: Final = 16 * 1024
"""Title and body together, in UTF-8."""
MAX_REASON_BYTES: Final = 1024
MAX_DEPOSITORS: Final = 32
"""Depositors of one proposal: what its end has to settle, a few at a time."""
MAX_DELEGATION_CHAIN: Final = 16
"""How far a chain of delegations is followed to see that it does not come back."""
MAX_PAST_DELEGATES: Final = MAX_LIVE_SNAPSHOTS + 2
"""Delegates that a live snapshot can ask for, the one before the latest change, and the present one."""

TrackId = NewType("TrackId", U16)
"""The number of a track, from genesis."""

ProposalId = NewType("ProposalId", Bytes32)
"""The hash that names a proposal, 32 bytes; see `proposal_id`."""

ProposalNumber = NewType("ProposalNumber", U64)
"""A proposal's place in the order of submission, from 1: the name that people use."""

Actions = Annotated[tuple[Call, ...], Meta(max_length=MAX_ACTIONS)]
"""The calls that a proposal makes, in order."""

ProposalKind = Literal["standard"]
Choice = Literal["yes", "no", "abstain"]
WeightFunction = Literal["token", "member"]
"""What gives power: base units of the native token, or membership (one each)."""

Electorate = Literal["all", "members"]
"""Who may cast a ballot: everyone with power at the snapshot, or of these only who was a member then."""

Status = Literal[
    "deposit",
    "prepare",
    "queued",
    "deciding",
    "confirming",
    "succeeded",
    "timelocked",
    "ready",
    "executed",
    "execution_failed",
    "expired",
    "rejected",
    "cancelled",
    "timed_out",
]
"""What a proposal is at a moment. `confirming`, `succeeded` and `ready` follow from times and are never stored."""

ENDED: Final[tuple[Status, ...]] = ("executed", "expired", "rejected", "cancelled", "timed_out")
BEFORE_DECISION_ENDS: Final[tuple[Status, ...]] = ("deposit", "prepare", "queued", "deciding")
"""Stored phases in which the electorate's snapshot is still needed."""


class Curve(Record, frozen=True):
    """A threshold over the decision period: it falls in a straight line from `start` to `end`, or is constant."""

    kind: Literal["constant", "linear"]
    start: Bps
    end: Bps


class SpendCap(Record, frozen=True):
    """The most of one asset that the actions of one proposal may commit, all together."""

    asset: AssetId
    amount: Amount


SpendCaps = Annotated[tuple[SpendCap, ...], Meta(max_length=MAX_SPEND_CAPS)]


class Track(Record, frozen=True):
    """The rules of one kind of proposal.

    `criticality` orders tracks: a higher one may undo what a lower one decided. `decision_deposit` is what must be
    deposited in total, the submission deposit included, before the proposal goes on. An asset without a cap cannot be
    spent by this track. `enactment` is the least timelock.
    """

    id: TrackId
    name: str
    origin: str
    criticality: U8
    weight_fn: WeightFunction
    electorate: Electorate
    max_deciding: U16
    submission_deposit: Amount
    decision_deposit: Amount
    prepare: DurationMs
    decision: DurationMs
    confirm: DurationMs
    enactment: DurationMs
    grace: DurationMs
    approval: Curve
    support: Curve
    quorum: Bps
    spend_caps: SpendCaps = ()


class Proposal(Record, frozen=True):
    """A proposal's rules, electorate and progress; its tally, actions and text are elsewhere.

    `phase` is what was stored last; `rules.status_at` says what it is at a time. `electorate_power` is the total power
    at the end of `snapshot_height`. `due` is the time of the deadline that moves it next, None where it waits for
    something else. `deposit` is what was deposited in all, `failure` why the last execution failed.
    """

    id: ProposalId
    number: ProposalNumber
    proposer: Address
    track: Track
    kind: ProposalKind
    title: str
    text_hash: Hash
    enactment: DurationMs
    snapshot_height: U64
    electorate_power: U64
    phase: Status
    deposit: Amount
    submitted_at: TimeMs
    due: TimeMs | None = None
    decision_starts: TimeMs | None = None
    decision_ends: TimeMs | None = None
    timelock_ends: TimeMs | None = None
    grace_ends: TimeMs | None = None
    ended_at: TimeMs | None = None
    failure: Failure | None = None


class ProposalActions(Record, frozen=True):
    """The calls that a proposal makes when it executes, in order, apart from the record that every vote reads."""

    calls: Actions


class Tally(Record, frozen=True):
    """The power behind each choice, and since when it has been enough (None: it was not at the last change)."""

    yes: U64 = 0
    no: U64 = 0
    abstain: U64 = 0
    passing_since: TimeMs | None = None


class Ballot(Record, frozen=True):
    """One account's part in one poll.

    `own` and `received` are its power and what was delegated to it at the snapshot; `overridden` is what delegators
    took back by voting themselves. Without a `choice` the ballot only remembers what was overridden.
    """

    choice: Choice | None
    own: U64
    received: U64
    overridden: U64

    @property
    def weight(self) -> int:
        """The power that counts for the choice."""
        return self.own + self.received - self.overridden if self.choice is not None else 0


class DelegateSince(Record, frozen=True):
    """From the end of `height` on, an account's delegate on a track was `delegate`, or nobody."""

    height: U64
    delegate: Address | None


class TrackDelegation(Record, frozen=True):
    """One account's delegation on one track, present and past, heights ascending.

    `source` names the power that is delegated, so that a change of power finds the delegations it moves.
    """

    track: TrackId
    source: str
    past: Annotated[tuple[DelegateSince, ...], Meta(max_length=MAX_PAST_DELEGATES)]


class Delegations(Record, frozen=True):
    """All delegations of one account, by track ascending, one for each."""

    tracks: Annotated[tuple[TrackDelegation, ...], Meta(max_length=MAX_TRACKS)]


class ReceivedPower(Record, frozen=True):
    """What one account was delegated on one track, present and past."""

    power: History


class DepositPart(Record, frozen=True):
    """What one account deposited on one proposal."""

    amount: Amount


class Settlement(Record, frozen=True):
    """Deposits of an ended proposal that are still to be settled: the share that is burned, and when the next are."""

    burned: Bps
    due: TimeMs


class DepositTotals(Record, frozen=True):
    """All deposits ever: `received` is `refunded` plus `burned` plus what is held."""

    received: U64 = 0
    refunded: U64 = 0
    burned: U64 = 0


class Counter(Record, frozen=True):
    """A count, or the last number given."""

    value: U64


class ProposalReference(Record, frozen=True):
    """A proposal that something points to: a number, or a place in a queue."""

    proposal: ProposalId


class Execution(Record, frozen=True):
    """The approved execution whose actions are running: what other modules ask for before they obey an origin."""

    proposal: ProposalId
    track: TrackId
    criticality: U8
    caller: Address
    spend_caps: SpendCaps


class ProposalIdentity(Record, frozen=True):
    """What a proposal id is the hash of. Nobody else can send under the same sender, lane and sequence."""

    chain_id: ChainId
    sender: Address
    lane: U8
    sequence: U64
    message_index: U32


def proposal_id(identity: ProposalIdentity) -> ProposalId:
    """Return the id of the proposal that this message submits."""
    return ProposalId(tagged_hash(PROPOSAL_TAG, encode(identity)))


def text_hash(*, title: str, body: str) -> Hash:
    """Return the hash of a proposal's text that stands in the state: SHA-256 over the encoded pair."""
    return sha256(encode((title, body)))
