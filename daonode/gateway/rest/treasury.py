"""The treasury: what the DAO owns, what it has decided to pay, and how much may leave it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import address_text, optional_time
from daonode.gateway.rest.listing import Cursor, Limit, given, read_all
from daonode.primitives.json_schema import FormOf
from daonode.primitives.json_texts import AccountText, Count, Decimal, HexText, TimeText, decimal, hex_text, time_text
from daonode.primitives.times import format_duration
from daonode.stores.rows import LimitRow, SpendRow
from daonode.stores.tables import ASSETS, BALANCES, LIMITS, SPENDS

MAX_ASSETS: Final = 256
"""As many as a chain has assets."""
SpendStatus = Literal["approved", "deferred", "paid", "failed", "expired", "voided"]
SpendStatusText = Annotated[str, FormOf(SpendStatus)]


class TreasuryParameters(Parameters, frozen=True):
    """Which spends are listed, and from where on."""

    status: SpendStatus | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class AssetForm(Form, frozen=True):
    """An asset: what the treasury has of it and what there is of it in all, in base units. People put the point
    `decimals` digits from the right."""

    asset: str
    balance: Decimal
    supply: Decimal
    decimals: Count
    native: bool
    votes: bool


class OutflowLimitForm(Form, frozen=True):
    """The most of an asset that leaves the treasury in any `window`, from a time on."""

    asset: str
    amount: Decimal
    window: str
    effective_at: TimeText


class SpendForm(Form, frozen=True):
    """A payment that a proposal approved."""

    id: HexText
    proposal: HexText
    track: Count
    asset: str
    amount: Decimal
    beneficiary: AccountText
    status: SpendStatusText
    approved_at: TimeText
    valid_from: TimeText | None
    expires_at: TimeText | None
    paid_at: TimeText | None
    failure: str | None


class SpendsPage(Form, frozen=True):
    """Spends, the newest first."""

    items: list[SpendForm]
    next_cursor: str | None


class TreasuryForm(Form, frozen=True):
    """The treasury. `account` is null on a chain whose treasury never held anything."""

    account: AccountText | None
    assets: list[AssetForm]
    limits: list[OutflowLimitForm]
    spends: SpendsPage


def get_treasury(asked: Asked, parameters: TreasuryParameters) -> TreasuryForm:
    """What the treasury holds, its limits, and a page of its spends, the newest first."""
    held = read_all(asked, Question(BALANCES, ("asset",), {"is_treasury": True}), most=MAX_ASSETS)
    amounts = {row.asset: row.amount for row in held}
    assets = read_all(asked, Question(ASSETS, ("asset",), {}), most=MAX_ASSETS)
    limits = read_all(asked, Question(LIMITS, ("asset",), {}), most=MAX_ASSETS)
    order = ("approved_at_ms", "id")
    question = Question(SPENDS, order, given(status=parameters.status), descending=True)
    spends = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return TreasuryForm(
        account=address_text(held[0].account) if held else None,
        assets=[
            AssetForm(
                asset=row.asset,
                balance=decimal(amounts.get(row.asset, 0)),
                supply=decimal(row.supply),
                decimals=row.decimals,
                native=row.native,
                votes=row.votes,
            )
            for row in assets
        ],
        limits=[_limit(row) for row in limits],
        spends=SpendsPage(items=[_spend(row) for row in spends.items], next_cursor=spends.next_cursor),
    )


def _limit(row: LimitRow) -> OutflowLimitForm:
    return OutflowLimitForm(
        asset=row.asset,
        amount=decimal(row.amount),
        window=format_duration(row.window_ms),
        effective_at=time_text(row.effective_at_ms),
    )


def _spend(row: SpendRow) -> SpendForm:
    return SpendForm(
        id=hex_text(row.id),
        proposal=hex_text(row.proposal),
        track=row.track,
        asset=row.asset,
        amount=decimal(row.amount),
        beneficiary=address_text(row.beneficiary),
        status=row.status,
        approved_at=time_text(row.approved_at_ms),
        valid_from=optional_time(row.valid_from_ms),
        expires_at=optional_time(row.expires_at_ms),
        paid_at=optional_time(row.paid_at_ms),
        failure=row.failure,
    )


ENDPOINTS: Final = (endpoint("/api/treasury", TreasuryParameters, TreasuryForm, get_treasury),)
