"""What the treasury keeps in its state: approved spends, outflow limits, and what flowed out lately.

Amounts are base units of an asset, times are block time, windows are lengths of block time. This file decides nothing.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NewType

from msgspec import Meta

from daonode.ledger.failures import Failure
from daonode.primitives.codec import U8, U16, U64, Bytes32, Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, DurationMs, TimeMs

MAX_BUCKETS: Final = 32
"""Into how many parts the recent outflow of an asset is kept at most."""

SpendId = NewType("SpendId", U64)
"""The number of a spend, from 1."""

SpendStatus = Literal["approved", "claimable", "failed", "paid", "expired", "voided"]
"""What a spend is at a moment. `approved`: not valid yet. `claimable`: deferred, paid as soon as the limit allows.

`failed`: an attempt failed, anyone may have it tried again until it expires. The others are ends.
"""

OPEN: Final[tuple[SpendStatus, ...]] = ("approved", "claimable", "failed")


class Spend(Record, frozen=True):
    """A payment that a proposal approved.

    `track` and `criticality` are those of the approving proposal: they say who may void it. `due` is when time alone
    moves it, None where it waits for something else. `failure` says why the last attempt failed.
    """

    id: SpendId
    asset: AssetId
    amount: Amount
    beneficiary: Address
    proposal: Bytes32
    track: U16
    criticality: U8
    status: SpendStatus
    approved_at: TimeMs
    valid_from: TimeMs | None
    expire_at: TimeMs | None
    due: TimeMs | None = None
    ended_at: TimeMs | None = None
    failure: Failure | None = None


class OutflowLimit(Record, frozen=True):
    """At most `limit` in any `window`."""

    window: DurationMs
    limit: Amount


class PendingLimit(Record, frozen=True):
    """A limit that takes effect later."""

    limit: OutflowLimit
    effective_at: TimeMs


class OutflowRule(Record, frozen=True):
    """The limit of an asset, and the one that follows it."""

    current: OutflowLimit
    pending: PendingLimit | None = None


class Bucket(Record, frozen=True):
    """What flowed out from `first` to `last`, both included. All of it counts as if it had been at `last`."""

    first: TimeMs
    last: TimeMs
    amount: Amount


class Outflow(Record, frozen=True):
    """The recent outflow of an asset, ascending."""

    buckets: Annotated[tuple[Bucket, ...], Meta(max_length=MAX_BUCKETS)]


class QueuedSpend(Record, frozen=True):
    """A deferred spend's place; its key has everything."""


class QueueDue(Record, frozen=True):
    """When the deferred spends of an asset are tried next."""

    due: TimeMs


class Committed(Record, frozen=True):
    """What the executed actions of one proposal approved of one asset, all together."""

    amount: Amount


class AssetTotals(Record, frozen=True):
    """All spends ever of one asset: `approved` is `paid`, `lapsed` (expired or voided) and what is open."""

    approved: U64 = 0
    paid: U64 = 0
    lapsed: U64 = 0


class Counter(Record, frozen=True):
    """The last number given."""

    value: U64
