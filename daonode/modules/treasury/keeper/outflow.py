"""The outflow limits of assets in the state: what is in force, what flowed out, how much may flow now."""

from __future__ import annotations

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.treasury.errors import InvalidLimit
from daonode.modules.treasury.events import OutflowLimitSet
from daonode.modules.treasury.keys import OUTFLOWS, RULES
from daonode.modules.treasury.rules import (
    NO_OUTFLOW,
    largest_limit,
    limit_at,
    next_try_at,
    room,
    with_limit,
    with_payment,
)
from daonode.modules.treasury.types import Outflow, OutflowLimit, OutflowRule
from daonode.primitives.ids import AssetId
from daonode.primitives.times import MS_PER_DAY, format_duration
from daonode.primitives.units import TimeMs

MAX_WINDOW_MS = 366 * MS_PER_DAY


class OutflowBook:
    """Rolling limits. An asset without a rule is not limited, and its payments are not recorded."""

    def rule(self, state: StateReader, asset: AssetId) -> OutflowRule | None:
        """The asset's rule, or None."""
        return RULES.get(state, asset)

    def outflow(self, state: StateReader, asset: AssetId) -> Outflow:
        """What flowed out lately."""
        return OUTFLOWS.get(state, asset) or NO_OUTFLOW

    def allows(self, context: Context, *, asset: AssetId, amount: int) -> bool:
        """Whether `amount` may flow out now."""
        rule = self.rule(context.state, asset)
        if rule is None:
            return True
        return amount <= room(rule, self.outflow(context.state, asset), now_ms=context.block.time_ms)

    def takes_when_empty(self, context: Context, *, asset: AssetId, amount: int) -> bool:
        """Whether an empty window of the limit in force would take `amount`."""
        rule = self.rule(context.state, asset)
        return rule is None or amount <= limit_at(rule, context.block.time_ms).limit

    def could_ever_allow(self, context: Context, *, asset: AssetId, amount: int) -> bool:
        """Whether an empty window of the limit in force, or of the one that follows it, would take `amount`."""
        rule = self.rule(context.state, asset)
        return rule is None or amount <= largest_limit(rule, context.block.time_ms)

    def next_try_at(self, context: Context, *, asset: AssetId, amount: int) -> TimeMs | None:
        """When `amount` may be allowed at the earliest; None where only a new limit would allow it."""
        rule = self.rule(context.state, asset)
        if rule is None:
            return TimeMs(context.block.time_ms)
        outflow = self.outflow(context.state, asset)
        return next_try_at(rule, outflow, amount=amount, now_ms=context.block.time_ms)

    def record(self, context: Context, *, asset: AssetId, amount: int) -> None:
        """Remember a payment; the caller has asked `allows`."""
        rule = self.rule(context.state, asset)
        if rule is not None:
            outflow = self.outflow(context.state, asset)
            after = with_payment(rule, outflow, amount=amount, now_ms=context.block.time_ms)
            OUTFLOWS.set(context.state, asset, after)

    def set_limit(self, context: Context, *, asset: AssetId, limit: OutflowLimit) -> None:
        """Set a limit; see `rules` for when it takes effect. Raises `InvalidLimit`."""
        if not 1 <= limit.window <= MAX_WINDOW_MS:
            raise InvalidLimit(
                f"the window is {format_duration(limit.window)}, expected 1ms to {format_duration(MAX_WINDOW_MS)}"
            )
        rule, effective_at = with_limit(self.rule(context.state, asset), limit, now_ms=context.block.time_ms)
        RULES.set(context.state, asset, rule)
        context.emit(OutflowLimitSet(asset=asset, window=limit.window, limit=limit.limit, effective_at=effective_at))
