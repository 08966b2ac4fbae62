"""The treasury section of the genesis document: limits, and in an exported chain spends and recent outflow.

The funds themselves are a balance of the treasury's account, in the section of accounts.
"""

from __future__ import annotations

from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.treasury.expected import AccountsKeeper
from daonode.modules.treasury.keeper import HOLDER
from daonode.modules.treasury.keeper.outflow import MAX_WINDOW_MS
from daonode.modules.treasury.keeper.spends import QUEUE_ITEM, SPEND_ITEM
from daonode.modules.treasury.keys import (
    COMMITTED,
    LAST_SPEND,
    NAME,
    OUTFLOWS,
    PARAMS,
    QUEUE,
    QUEUE_DUE,
    RULES,
    SPEND_KEY,
    SPENDS,
    TOTALS,
    queue_of,
)
from daonode.modules.treasury.params import DEFAULT_PARAMS, TreasuryParams
from daonode.modules.treasury.types import (
    AssetTotals,
    Committed,
    Counter,
    Outflow,
    OutflowLimit,
    OutflowRule,
    PendingLimit,
    QueuedSpend,
    QueueDue,
    Spend,
)
from daonode.primitives.codec import U64, Bytes32, Record
from daonode.primitives.ids import AssetId
from daonode.primitives.units import Amount, DurationMs


class GenesisLimit(Record, frozen=True):
    """At most `limit` of an asset in any `window`; in an exported chain also the limit that follows."""

    asset: AssetId
    window: DurationMs
    limit: Amount
    pending: PendingLimit | None = None


class GenesisCommitted(Record, frozen=True):
    """What a proposal committed of an asset, in an exported chain."""

    proposal: Bytes32
    asset: AssetId
    committed: Committed


class TreasuryGenesis(Record, frozen=True):
    """The whole section. An asset without a limit flows freely. All after `params` is what an export adds."""

    outflow_limits: tuple[GenesisLimit, ...] = ()
    params: TreasuryParams = DEFAULT_PARAMS
    last_spend: U64 = 0
    spends: tuple[Spend, ...] = ()
    outflows: tuple[tuple[AssetId, Outflow], ...] = ()
    committed: tuple[GenesisCommitted, ...] = ()
    totals: tuple[tuple[AssetId, AssetTotals], ...] = ()
    queue_due: tuple[tuple[AssetId, QueueDue], ...] = ()


def init_genesis(context: Context, genesis: TreasuryGenesis, *, accounts: AccountsKeeper) -> None:
    """Write the initial state. Raises `ValueError` that names the path within the section."""
    _check_limits(genesis.outflow_limits)
    state = context.state
    accounts.mark_custodial(context, HOLDER)
    PARAMS.set(state, None, genesis.params)
    for each in genesis.outflow_limits:
        limit = OutflowLimit(window=each.window, limit=each.limit)
        RULES.set(state, each.asset, OutflowRule(current=limit, pending=each.pending))
    if genesis.last_spend:
        LAST_SPEND.set(state, None, Counter(value=genesis.last_spend))
    for spend in genesis.spends:
        SPENDS.set(state, spend.id, spend)
        if spend.status == "claimable":
            QUEUE.set(state, (queue_of(spend.asset), spend.id), QueuedSpend())
        if spend.due is not None:
            context.schedule(spend.due, NAME, SPEND_ITEM + SPEND_KEY.encode(spend.id))
    for asset, outflow in genesis.outflows:
        OUTFLOWS.set(state, asset, outflow)
    for entry in genesis.committed:
        COMMITTED.set(state, (entry.proposal, entry.asset), entry.committed)
    for asset, totals in genesis.totals:
        TOTALS.set(state, asset, totals)
    for asset, due in genesis.queue_due:
        QUEUE_DUE.set(state, asset, due)
        context.schedule(due.due, NAME, QUEUE_ITEM + asset.encode())


def export_genesis(state: StateReader) -> TreasuryGenesis:
    """Return the section that recreates this state."""
    last = LAST_SPEND.get(state, None)
    return TreasuryGenesis(
        outflow_limits=tuple(
            GenesisLimit(asset=asset, window=rule.current.window, limit=rule.current.limit, pending=rule.pending)
            for asset, rule in RULES.iterate(state)
        ),
        params=PARAMS.require(state, None),
        last_spend=0 if last is None else last.value,
        spends=tuple(spend for _, spend in SPENDS.iterate(state)),
        outflows=tuple(OUTFLOWS.iterate(state)),
        committed=tuple(
            GenesisCommitted(proposal=proposal, asset=asset, committed=committed)
            for (proposal, asset), committed in COMMITTED.iterate(state)
        ),
        totals=tuple(TOTALS.iterate(state)),
        queue_due=tuple(QUEUE_DUE.iterate(state)),
    )


def _check_limits(limits: tuple[GenesisLimit, ...]) -> None:
    seen: list[AssetId] = []
    for place, each in enumerate(limits):
        path = f".outflow_limits[{place}]"
        if each.asset in seen:
            raise ValueError(f"{path}.asset: {each.asset!r} has a limit already, in [{seen.index(each.asset)}]")
        if not 1 <= each.window <= MAX_WINDOW_MS:
            raise ValueError(f"{path}.window: expected 1 to {MAX_WINDOW_MS} ms, got {each.window}")
        seen.append(each.asset)
