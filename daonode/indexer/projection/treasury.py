"""Spends and limits of the treasury. What it holds is a balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.interface import Genesis, Moment, on, run_handlers
from daonode.indexer.projection.progress import load, save
from daonode.modules.treasury.events import (
    OutflowLimitSet,
    SpendApproved,
    SpendDeferred,
    SpendExpired,
    SpendFailed,
    SpendPaid,
    SpendVoided,
)
from daonode.modules.treasury.keys import RULES
from daonode.modules.treasury.keys import SPENDS as STATE_SPENDS
from daonode.modules.treasury.types import Spend, SpendId
from daonode.primitives.codec import Record
from daonode.stores.rows import LimitRow, Row, SpendRow
from daonode.stores.tables import LIMITS, SPENDS, Table

NAME: Final = "treasury"
_FAILED: Final = b"failed"
STATUSES: Final = {"claimable": "deferred"}
"""What readers call the module's status, where that is another word."""


class FailedSpends(Record, frozen=True):
    """Spends that failed and may expire by time alone."""

    spends: tuple[SpendId, ...]


class TreasuryProjection:
    """What the treasury is to pay, and what it may."""

    tables: Sequence[Table[Row]] = ()

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """Limits, and in a chain that continues another one its spends."""
        header = genesis.initial.header
        for _, spend in STATE_SPENDS.iterate(genesis.state):
            draft.put(SPENDS, _row_of(spend, height=header.height))
            if spend.status == "failed":
                _set_failed(draft, (*_failed(draft), spend.id))
        for asset, rule in RULES.iterate(genesis.state):
            limit, since = rule.current, header.time_ms
            if rule.pending is not None:
                limit, since = rule.pending.limit, rule.pending.effective_at
            draft.put(LIMITS, LimitRow(asset, limit.window, limit.limit, since))
        _expire(draft, height=header.height, time_ms=header.time_ms)

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Every change of a spend and of a limit."""
        run_handlers(_HANDLERS, draft, block)
        _expire(draft, height=block.height, time_ms=block.time_ms)


def spend_key(spend: int) -> bytes:
    """A spend's number as the id of its row: eight bytes, so that ids sort as numbers do."""
    return spend.to_bytes(8, "big")


def _row_of(spend: Spend, *, height: int) -> SpendRow:
    return SpendRow(
        id=spend_key(spend.id),
        proposal=spend.proposal,
        track=spend.track,
        asset=spend.asset,
        amount=spend.amount,
        beneficiary=spend.beneficiary,
        status=STATUSES.get(spend.status, spend.status),
        valid_from_ms=spend.valid_from,
        expires_at_ms=spend.expire_at,
        approved_at_ms=spend.approved_at,
        paid_at_ms=spend.ended_at if spend.status == "paid" else None,
        failure=None if spend.failure is None else spend.failure.describe(),
        updated_height=height,
    )


def _failed(draft: Draft) -> tuple[SpendId, ...]:
    found = load(draft, NAME, _FAILED, FailedSpends)
    return () if found is None else found.spends


def _set_failed(draft: Draft, spends: tuple[SpendId, ...]) -> None:
    save(draft, NAME, _FAILED, FailedSpends(spends))


def _spend(draft: Draft, spend: SpendId) -> SpendRow:
    row = draft.get(SPENDS, spend_key(spend))
    assert row is not None, "a spend is approved before anything else happens to it"
    return row


def _move(draft: Draft, moment: Moment, spend: SpendId, row: SpendRow) -> None:
    """Write a spend, and remember whether it has failed and may expire."""
    draft.put(SPENDS, replace(row, updated_height=moment.height))
    failed = _failed(draft)
    if row.status == "failed" and spend not in failed:
        _set_failed(draft, (*failed, spend))
    elif row.status != "failed" and spend in failed:
        _set_failed(draft, tuple(each for each in failed if each != spend))


def _expire(draft: Draft, *, height: int, time_ms: int) -> None:
    """Say of what failed that it has expired, from the moment on; the chain says so itself, perhaps later."""
    for spend in _failed(draft):
        row = _spend(draft, spend)
        if row.status == "failed" and row.expires_at_ms is not None and row.expires_at_ms <= time_ms:
            draft.put(SPENDS, replace(row, status="expired", updated_height=height))


def _on_approved(draft: Draft, moment: Moment, event: SpendApproved) -> None:
    row = SpendRow(
        id=spend_key(event.spend),
        proposal=event.proposal,
        track=event.track,
        asset=event.asset,
        amount=event.amount,
        beneficiary=event.beneficiary,
        status="approved",
        valid_from_ms=event.valid_from,
        expires_at_ms=event.expire_at,
        approved_at_ms=moment.time_ms,
        paid_at_ms=None,
        failure=None,
        updated_height=moment.height,
    )
    draft.put(SPENDS, row)


def _on_deferred(draft: Draft, moment: Moment, event: SpendDeferred) -> None:
    _move(draft, moment, event.spend, replace(_spend(draft, event.spend), status="deferred"))


def _on_paid(draft: Draft, moment: Moment, event: SpendPaid) -> None:
    paid = replace(_spend(draft, event.spend), status="paid", paid_at_ms=moment.time_ms, failure=None)
    _move(draft, moment, event.spend, paid)


def _on_failed(draft: Draft, moment: Moment, event: SpendFailed) -> None:
    failed = replace(_spend(draft, event.spend), status="failed", failure=event.failure.describe())
    _move(draft, moment, event.spend, failed)


def _on_expired(draft: Draft, moment: Moment, event: SpendExpired) -> None:
    _move(draft, moment, event.spend, replace(_spend(draft, event.spend), status="expired"))


def _on_voided(draft: Draft, moment: Moment, event: SpendVoided) -> None:
    _move(draft, moment, event.spend, replace(_spend(draft, event.spend), status="voided"))


def _on_limit(draft: Draft, _: Moment, event: OutflowLimitSet) -> None:
    draft.put(LIMITS, LimitRow(event.asset, event.window, event.limit, event.effective_at))


_HANDLERS: Final = dict(
    (
        on(SpendApproved, _on_approved),
        on(SpendDeferred, _on_deferred),
        on(SpendPaid, _on_paid),
        on(SpendFailed, _on_failed),
        on(SpendExpired, _on_expired),
        on(SpendVoided, _on_voided),
        on(OutflowLimitSet, _on_limit),
    )
)
