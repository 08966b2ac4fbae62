"""What the treasury tells the world: every change of a spend and of a limit."""

from __future__ import annotations

from daonode.ledger.failures import Failure
from daonode.modules.treasury.types import SpendId
from daonode.primitives.codec import U16, Bytes32, Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, DurationMs, TimeMs


class SpendApproved(Record, frozen=True):
    """An executed proposal approved a spend."""

    spend: SpendId
    proposal: Bytes32
    track: U16
    asset: AssetId
    amount: Amount
    beneficiary: Address
    valid_from: TimeMs | None
    expire_at: TimeMs | None


class SpendDeferred(Record, frozen=True):
    """The outflow limit does not allow a spend now; it is in the queue."""

    spend: SpendId
    asset: AssetId
    amount: Amount


class SpendPaid(Record, frozen=True):
    """A spend was paid."""

    spend: SpendId
    proposal: Bytes32
    asset: AssetId
    amount: Amount
    beneficiary: Address


class SpendFailed(Record, frozen=True):
    """An attempt to pay a spend failed."""

    spend: SpendId
    failure: Failure


class SpendExpired(Record, frozen=True):
    """A spend's time is over."""

    spend: SpendId


class SpendVoided(Record, frozen=True):
    """A proposal took a spend back."""

    spend: SpendId
    proposal: Bytes32


class OutflowLimitSet(Record, frozen=True):
    """A limit was set. It takes effect at `effective_at`."""

    asset: AssetId
    window: DurationMs
    limit: Amount
    effective_at: TimeMs


EVENTS: tuple[type[Record], ...] = (
    SpendApproved,
    SpendDeferred,
    SpendPaid,
    SpendFailed,
    SpendExpired,
    SpendVoided,
    OutflowLimitSet,
)
