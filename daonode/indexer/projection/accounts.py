"""Assets and balances. With the fee in each receipt, the events of accounts are every change of every balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.interface import Genesis, Moment, on, run_handlers
from daonode.ledger.history import latest
from daonode.ledger.origins import module_address
from daonode.modules.accounts.events import AssetIssued, Burned, FeesShared, Minted, Transferred
from daonode.modules.accounts.keys import ACCOUNTS, PARAMS
from daonode.modules.accounts.keys import ASSETS as STATE_ASSETS
from daonode.modules.accounts.keys import BALANCES as STATE_BALANCES
from daonode.primitives.ids import Address, AssetId
from daonode.stores.rows import AssetRow, BalanceRow, PointRow, Row
from daonode.stores.tables import ASSETS, BALANCES, POINTS, Table

TREASURY: Final = module_address("treasury")


@dataclass(slots=True)
class _Work:
    """One block. `treasury` and `supply` are the assets of which these changed."""

    draft: Draft
    native: AssetId
    treasury: dict[str, int] = field(default_factory=dict)
    supply: dict[str, int] = field(default_factory=dict)

    def change(self, account: Address, asset: str, delta: int) -> None:
        """Change a balance; what is nothing has no row."""
        row = self.draft.get(BALANCES, account, asset)
        amount = (0 if row is None else row.amount) + delta
        if amount:
            self.draft.put(BALANCES, BalanceRow(account, asset, amount, account == TREASURY))
        elif row is not None:
            self.draft.remove(BALANCES, account, asset)
        if account == TREASURY:
            self.treasury[asset] = amount

    def change_supply(self, asset: str, delta: int) -> None:
        """Change what there is of an asset."""
        row = self.draft.get(ASSETS, asset)
        assert row is not None, "an asset is issued before there is any of it"
        self.draft.put(ASSETS, replace(row, supply=row.supply + delta))
        self.supply[asset] = row.supply + delta

    def put_points(self, *, height: int, time_ms: int) -> None:
        """The series at the end of the block."""
        for series, values in (("treasury", self.treasury), ("supply", self.supply)):
            for asset, value in values.items():
                self.draft.put(POINTS, PointRow(series, asset, time_ms, height, value))


class AccountsProjection:
    """What there is, and who has it."""

    tables: Sequence[Table[Row]] = ()

    def __init__(self, genesis: Genesis) -> None:
        params = PARAMS.get(genesis.state, None)
        self._native = None if params is None else params.native

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """What the genesis document gives."""
        if self._native is None:
            return
        state, header = genesis.state, genesis.initial.header
        work = _Work(draft, self._native)
        for asset, entry in STATE_ASSETS.iterate(state):
            draft.put(ASSETS, AssetRow(asset, entry.decimals, asset == self._native, entry.votes, entry.supply))
            work.supply[asset] = entry.supply
        for account, record in ACCOUNTS.iterate(state):
            work.change(account, self._native, latest(record.native))
        for (account, asset), balance in STATE_BALANCES.iterate(state):
            work.change(account, asset, latest(balance.amount))
        work.put_points(height=header.height, time_ms=header.time_ms)

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Every change of a balance and of a supply."""
        if self._native is None:
            return
        work = _Work(draft, self._native)
        run_handlers(_HANDLERS, work, block)
        for transaction in block.transactions:
            if transaction.receipt.fee:
                work.change(transaction.checked.body.sender, self._native, -transaction.receipt.fee)
        work.put_points(height=block.height, time_ms=block.time_ms)


def _on_transferred(work: _Work, _: Moment, event: Transferred) -> None:
    work.change(event.source, event.asset, -event.amount)
    work.change(event.destination, event.asset, event.amount)


def _on_burned(work: _Work, _: Moment, event: Burned) -> None:
    work.change(event.account, event.asset, -event.amount)
    work.change_supply(event.asset, -event.amount)


def _on_minted(work: _Work, _: Moment, event: Minted) -> None:
    work.change(event.destination, event.asset, event.amount)
    work.change_supply(event.asset, event.amount)


def _on_issued(work: _Work, _: Moment, event: AssetIssued) -> None:
    work.draft.put(ASSETS, AssetRow(event.asset, event.decimals, event.asset == work.native, event.votes, 0))
    work.supply[event.asset] = 0


def _on_fees_shared(work: _Work, _: Moment, event: FeesShared) -> None:
    if event.proposer_account is not None:
        work.change(event.proposer_account, work.native, event.proposer_amount)
    work.change(TREASURY, work.native, event.treasury_amount)


_HANDLERS: Final = dict(
    (
        on(Transferred, _on_transferred),
        on(Burned, _on_burned),
        on(Minted, _on_minted),
        on(AssetIssued, _on_issued),
        on(FeesShared, _on_fees_shared),
    )
)
