"""What the treasury answers. Results have fixed fields, shown as JSON by their types; lists have opaque cursors."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.ledger.module import Query, QueryContext
from daonode.ledger.paging import DEFAULT_PAGE, PageLimit, newest_first
from daonode.ledger.typed import answers
from daonode.modules.treasury.keeper import HOLDER, TreasuryKeeper, status_at
from daonode.modules.treasury.keys import LAST_SPEND, PARAMS, QUEUE_DUE, SPENDS, TOTALS
from daonode.modules.treasury.params import TreasuryParams
from daonode.modules.treasury.rules import limit_at, room, spent_in_window
from daonode.modules.treasury.types import AssetTotals, OutflowLimit, PendingLimit, Spend, SpendId, SpendStatus
from daonode.primitives.codec import U8, U16, Bytes32, Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, TimeMs


class NoArguments(Record, frozen=True):
    """Nothing to say."""


class AssetArguments(Record, frozen=True):
    """One asset, the native one where none is named."""

    asset: AssetId | None = None


class SpendArguments(Record, frozen=True):
    """One spend."""

    spend: SpendId


class SpendsArguments(Record, frozen=True):
    """A page of spends, the newest first, of one status if given."""

    status: SpendStatus | None = None
    cursor: str | None = None
    limit: PageLimit = DEFAULT_PAGE


class BalanceResult(Record, frozen=True):
    """What the treasury holds, and what it has promised and not paid."""

    account: Address
    asset: AssetId
    amount: Amount
    committed: Amount


class SpendResult(Record, frozen=True):
    """A spend as it is at the block's time; `error` says why the last attempt failed."""

    id: SpendId
    status: SpendStatus
    asset: AssetId
    amount: Amount
    beneficiary: Address
    proposal: Bytes32
    track: U16
    criticality: U8
    approved_at: TimeMs
    valid_from: TimeMs | None
    expire_at: TimeMs | None
    ended_at: TimeMs | None
    next_change: TimeMs | None
    error: str


class SpendsResult(Record, frozen=True):
    """A page."""

    items: tuple[SpendResult, ...]
    next_cursor: str | None


class OutflowResult(Record, frozen=True):
    """An asset's outflow limit and what is left of it now; without a limit the last three are null."""

    asset: AssetId
    spent: Amount
    limit: OutflowLimit | None
    room: Amount | None
    pending: PendingLimit | None


class Queries:
    """The queries of this module."""

    def __init__(self, keeper: TreasuryKeeper) -> None:
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Query]:
        """Return each query under its name."""
        return {
            "balance": answers(AssetArguments, BalanceResult, self.balance),
            "spend": answers(SpendArguments, SpendResult, self.spend),
            "spends": answers(SpendsArguments, SpendsResult, self.spends),
            "outflow": answers(AssetArguments, OutflowResult, self.outflow),
            "params": answers(NoArguments, TreasuryParams, self.params),
        }

    def balance(self, context: QueryContext, arguments: AssetArguments) -> BalanceResult:
        """Funds of one asset."""
        asset = arguments.asset or self._keeper.native_asset(context.state)
        totals = TOTALS.get(context.state, asset) or AssetTotals()
        return BalanceResult(
            account=HOLDER,
            asset=asset,
            amount=Amount(self._keeper.balance(context.state, asset)),
            committed=Amount(totals.approved - totals.paid - totals.lapsed),
        )

    def spend(self, context: QueryContext, arguments: SpendArguments) -> SpendResult:
        """One spend."""
        return self._result(context, self._keeper.spend(context.state, arguments.spend))

    def spends(self, context: QueryContext, arguments: SpendsArguments) -> SpendsResult:
        """Spends from the newest on."""

        def read(number: int) -> SpendResult | None:
            result = self._result(context, SPENDS.require(context.state, SpendId(number)))
            return result if arguments.status in (None, result.status) else None

        last = LAST_SPEND.get(context.state, None)
        items, next_cursor = newest_first(
            read, last=0 if last is None else last.value, cursor=arguments.cursor, limit=arguments.limit
        )
        return SpendsResult(items=items, next_cursor=next_cursor)

    def outflow(self, context: QueryContext, arguments: AssetArguments) -> OutflowResult:
        """The outflow limit of one asset."""
        asset = arguments.asset or self._keeper.native_asset(context.state)
        rule = self._keeper.outflow.rule(context.state, asset)
        if rule is None:
            return OutflowResult(asset=asset, spent=Amount(0), limit=None, room=None, pending=None)
        outflow = self._keeper.outflow.outflow(context.state, asset)
        limit = limit_at(rule, context.time_ms)
        pending = rule.pending
        return OutflowResult(
            asset=asset,
            spent=Amount(spent_in_window(outflow, window_ms=limit.window, now_ms=context.time_ms)),
            limit=limit,
            room=Amount(room(rule, outflow, now_ms=context.time_ms)),
            pending=pending if pending is not None and pending.effective_at > context.time_ms else None,
        )

    def params(self, context: QueryContext, _: NoArguments) -> TreasuryParams:
        """The module's parameters."""
        return PARAMS.require(context.state, None)

    def _result(self, context: QueryContext, spend: Spend) -> SpendResult:
        queue_due = QUEUE_DUE.get(context.state, spend.asset) if spend.status == "claimable" else None
        return SpendResult(
            id=spend.id,
            status=status_at(spend, now_ms=context.time_ms),
            asset=spend.asset,
            amount=spend.amount,
            beneficiary=spend.beneficiary,
            proposal=spend.proposal,
            track=spend.track,
            criticality=spend.criticality,
            approved_at=spend.approved_at,
            valid_from=spend.valid_from,
            expire_at=spend.expire_at,
            ended_at=spend.ended_at,
            next_change=spend.due if queue_due is None else queue_due.due,
            error="" if spend.failure is None else spend.failure.describe(),
        )
