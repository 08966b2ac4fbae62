"""The treasury module: its parts under the names that the ledger knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.treasury import invariants
from daonode.modules.treasury.events import EVENTS
from daonode.modules.treasury.expected import AccountsModule, GovernanceModule
from daonode.modules.treasury.genesis import TreasuryGenesis, export_genesis, init_genesis
from daonode.modules.treasury.handlers import Handlers
from daonode.modules.treasury.keeper import TreasuryKeeper
from daonode.modules.treasury.keys import NAME
from daonode.modules.treasury.queries import Queries
from daonode.primitives.codec import Record


class TreasuryModule:
    """Implements the ledger's `Module`."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ("accounts", "governance")
    genesis_type: ClassVar[type[Record]] = TreasuryGenesis
    events: ClassVar[tuple[type[Record], ...]] = EVENTS

    def __init__(self, *, accounts: AccountsModule, governance: GovernanceModule) -> None:
        self._accounts = accounts.keeper
        self.keeper = TreasuryKeeper(accounts.keeper, governance.keeper)

    @property
    def messages(self) -> Mapping[type[Record], Handler]:
        """Each message type with what applies it."""
        return Handlers(self.keeper).by_type()

    @property
    def queries(self) -> Mapping[str, Query]:
        """Each query under its name."""
        return Queries(self.keeper).by_name()

    @property
    def invariants(self) -> Mapping[str, Invariant]:
        """Each invariant under its name."""
        return invariants.by_name()

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        """Write the initial state; raise `ValueError` naming the path."""
        assert isinstance(genesis, TreasuryGenesis), "the section was read as `genesis_type`"
        init_genesis(context, genesis, accounts=self._accounts)

    def export_genesis(self, state: StateReader, /) -> Record:
        """Return the section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Nothing: what time moves, deadlines move."""

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """Move a spend, or try an asset's queue."""
        self.keeper.on_deadline(context, item)

    def end_block(self, context: Context, /) -> None:
        """Nothing: payments are made when they are due."""
