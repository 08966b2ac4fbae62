"""The messages that the treasury takes. Who may send each, and what it does, is in the README beside this file."""

from __future__ import annotations

from daonode.modules.treasury.types import SpendId
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, DurationMs, TimeMs


class ApproveSpend(Record, frozen=True):
    """Pay `amount` to the beneficiary, from `valid_from` on (None: at once). `expire_at` None: it never expires."""

    asset: AssetId
    amount: Amount
    beneficiary: Address
    valid_from: TimeMs | None = None
    expire_at: TimeMs | None = None


class Payout(Record, frozen=True):
    """Try a spend that is due and was not paid."""

    spend: SpendId


class VoidSpend(Record, frozen=True):
    """Take a spend back that was not paid."""

    spend: SpendId


class SetOutflowLimit(Record, frozen=True):
    """Let at most `limit` of an asset flow out in any `window`."""

    asset: AssetId
    window: DurationMs
    limit: Amount
