"""Where the treasury keeps its records. Tags are never reused."""

from __future__ import annotations

from typing import Final

from daonode.ledger.table import ONLY_KEY, Table, fixed_key, number_key, pair_key, text_key
from daonode.modules.treasury.params import TreasuryParams
from daonode.modules.treasury.types import (
    AssetTotals,
    Committed,
    Counter,
    Outflow,
    OutflowRule,
    QueuedSpend,
    QueueDue,
    Spend,
    SpendId,
)
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import AssetId

NAME: Final = "treasury"
ASSET_KEY: Final = text_key(AssetId)
SPEND_KEY: Final = number_key(SpendId)

PARAMS: Final = Table(NAME, 1, ONLY_KEY, TreasuryParams)
SPENDS: Final = Table(NAME, 2, SPEND_KEY, Spend)
LAST_SPEND: Final = Table(NAME, 3, ONLY_KEY, Counter)
RULES: Final = Table(NAME, 4, ASSET_KEY, OutflowRule)
OUTFLOWS: Final = Table(NAME, 5, ASSET_KEY, Outflow)
COMMITTED: Final = Table(NAME, 6, pair_key(fixed_key(bytes), ASSET_KEY), Committed)
"""By proposal and asset."""
TOTALS: Final = Table(NAME, 7, ASSET_KEY, AssetTotals)
QUEUE: Final = Table(NAME, 8, pair_key(fixed_key(bytes), SPEND_KEY), QueuedSpend)
"""Deferred spends by `queue_of(asset)` and number: first approved, first paid."""
QUEUE_DUE: Final = Table(NAME, 9, ASSET_KEY, QueueDue)


def queue_of(asset: AssetId) -> bytes:
    """The first part of the keys of an asset's deferred spends: its hash, because it must have a fixed length."""
    return sha256(asset.encode())
