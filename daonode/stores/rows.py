"""The rows of the read side: one type for each table, plain values, as of the block that was indexed last.

Amounts, powers and times are integers (base units, voting power, milliseconds of block time), ids are bytes, whatever
has a form of its own is JSON text in the canonical form of `primitives/json_form`. A status is that at the time of the
last indexed block; blocks come whenever time alone changes one.

`U64` marks what may take all 64 bits without a sign; a plain `int` stays below 2**63.
"""

from __future__ import annotations

from msgspec import Struct

from daonode.primitives.codec import U64


class Row(Struct, frozen=True):
    """The base of all rows."""


class BlockRow(Row, frozen=True):
    """A committed block; `interval_ms` is the time since the block before it."""

    height: int
    id: bytes
    time_ms: int
    interval_ms: int
    round: int
    proposer: bytes
    state_root: bytes
    transactions: int
    events: int
    payload_bytes: int


class TransactionRow(Row, frozen=True):
    """A committed transaction; `messages` is a JSON array of `{type, value}`."""

    tx_id: bytes
    height: int
    position: int
    time_ms: int
    sender: bytes
    code: int
    error: str
    gas_used: U64
    fee: U64
    memo: str
    messages: str


class EventRow(Row, frozen=True):
    """An event at `height:position`; `value` is a JSON object, `proposal` the proposal that it names, if any."""

    height: int
    position: int
    time_ms: int
    type: str
    tx_id: bytes | None
    proposal: bytes | None
    value: str


class ProposalRow(Row, frozen=True):
    """A proposal with its text and its tally. `actions` is a JSON array of `{type, value}`; `quorum_power` is the
    turnout that is needed; `approval` and `support` are the track's curves as JSON."""

    id: bytes
    number: int
    status: str
    title: str
    body: str
    text_hash: bytes
    proposer: bytes
    track: int
    track_name: str
    kind: str
    actions: str
    yes: U64
    no: U64
    abstain: U64
    voters: int
    electorate_power: U64
    quorum_power: U64
    approval: str
    support: str
    deposit: U64
    decision_deposit: U64
    snapshot_height: int
    submitted_at_ms: int
    submitted_height: int
    tx_id: bytes | None
    decision_starts_ms: U64 | None
    decision_ends_ms: U64 | None
    passing_since_ms: U64 | None
    timelock_ends_ms: U64 | None
    grace_ends_ms: U64 | None
    ended_at_ms: int | None
    next_change_ms: U64 | None
    failure: str | None
    updated_height: int


class VoteRow(Row, frozen=True):
    """A ballot as it counts now; a ballot that was taken back has no row. `position` is that of its last event."""

    proposal: bytes
    voter: bytes
    proposal_number: int
    choice: str
    weight: U64
    reason: str
    height: int
    position: int
    time_ms: int
    tx_id: bytes | None


class MoveRow(Row, frozen=True):
    """A change of a proposal's status, seen at the end of a block: its timeline. `before` is empty for the first."""

    proposal: bytes
    height: int
    position: int
    time_ms: int
    before: str
    after: str


class MemberRow(Row, frozen=True):
    """Whoever is (`active`) or was a member; `member_index` is the place in the order of first registration."""

    account: bytes
    member_index: int
    name: str
    role: str
    about: str
    active: bool
    registrar: bytes | None
    registered_at_ms: int
    votes_cast: int
    proposals_made: int


class DelegationRow(Row, frozen=True):
    """A present delegation on a track, and the power that moved when it began."""

    track: int
    delegator: bytes
    delegate: bytes
    power: U64
    height: int


class BalanceRow(Row, frozen=True):
    """What an account holds of an asset; `is_treasury` marks the treasury's account."""

    account: bytes
    asset: str
    amount: U64
    is_treasury: bool


class AssetRow(Row, frozen=True):
    """An asset."""

    asset: str
    decimals: int
    native: bool
    votes: bool
    supply: U64


class SpendRow(Row, frozen=True):
    """A spend of the treasury: `status` is `approved`, `deferred`, `paid`, `failed`, `expired` or `voided`."""

    id: bytes
    proposal: bytes
    track: int
    asset: str
    amount: U64
    beneficiary: bytes
    status: str
    valid_from_ms: U64 | None
    expires_at_ms: U64 | None
    approved_at_ms: int
    paid_at_ms: int | None
    failure: str | None
    updated_height: int


class LimitRow(Row, frozen=True):
    """The most of an asset that leaves the treasury in any `window_ms`, from `effective_at_ms` on."""

    asset: str
    window_ms: U64
    amount: U64
    effective_at_ms: U64


class TrackRow(Row, frozen=True):
    """A track; `rules` is the whole record in JSON form."""

    id: int
    name: str
    weight: str
    rules: str


class ValidatorRow(Row, frozen=True):
    """A validator. `missed` counts the rounds that failed under its lead; heights are those of its last block."""

    id: bytes
    public_key: bytes
    power: U64
    moniker: str
    payout_account: bytes
    address: str
    proposed: int
    missed: int
    last_proposed_height: int


class PointRow(Row, frozen=True):
    """A value of a time series from `time_ms` on: `treasury` by asset, `supply` by asset, `members`, `proposals` by
    status, `turnout` and `participation` of a proposal (by number) in basis points when its decision ended."""

    series: str
    label: str
    time_ms: int
    height: int
    value: U64
