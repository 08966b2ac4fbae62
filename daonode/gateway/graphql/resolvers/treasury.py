"""The treasury: what it holds, spends and may spend; assets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import filters
from daonode.gateway.graphql.resolvers.forms import Account, Treasury
from daonode.gateway.graphql.resolvers.governance import proposal_of, track_of
from daonode.gateway.graphql.resolvers.people import asset_of
from daonode.gateway.paging import Page, Question
from daonode.stores.rows import AssetRow, BalanceRow, LimitRow, SpendRow
from daonode.stores.tables import ASSETS, BALANCES, LIMITS, SPENDS

MAX_ASSETS: Final = 1_000
"""Assets that are shown at one time."""


def balances(_: Treasury, reading: Reading) -> list[BalanceRow]:
    return reading.every(BALANCES, order=("asset", "account"), where={"is_treasury": True}, most=MAX_ASSETS)


def limits(_: Treasury, reading: Reading) -> list[LimitRow]:
    return reading.every(LIMITS, order=("asset",), most=MAX_ASSETS)


def spends(
    _: Treasury, reading: Reading, *, first: int, status: str | None = None, after: str | None = None
) -> Page[SpendRow]:
    question = Question(SPENDS, ("approved_at_ms", "id"), filters(status=status), descending=True)
    return reading.page(question, first=first, after=after)


def spend(_: object, reading: Reading, *, id_: bytes) -> SpendRow | None:
    return reading.get(SPENDS, id_)


def assets(_: object, reading: Reading) -> list[AssetRow]:
    return reading.every(ASSETS, order=("asset",), most=MAX_ASSETS)


FIELDS: Final[Mapping[str, Callable[..., object]]] = {
    "Query.treasury": lambda _, __: Treasury(),
    "Query.spend": spend,
    "Query.assets": assets,
    "Treasury.balances": balances,
    "Treasury.limits": limits,
    "Treasury.spends": spends,
    "Limit.asset": asset_of,
    "Spend.proposal": proposal_of,
    "Spend.track": track_of,
    "Spend.asset": asset_of,
    "Spend.beneficiary": lambda row, _: Account(row.beneficiary),
    "Asset.id": lambda row, _: row.asset,
}
