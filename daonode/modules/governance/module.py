"""The governance module: its parts under the names that the ledger knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.governance.events import EVENTS
from daonode.modules.governance.expected import AccountsModule, IdentityModule
from daonode.modules.governance.genesis import GovernanceGenesis, export_genesis, init_genesis
from daonode.modules.governance.handlers import Handlers
from daonode.modules.governance.invariants import Invariants
from daonode.modules.governance.keeper import GovernanceKeeper
from daonode.modules.governance.keys import NAME
from daonode.modules.governance.queries import Queries
from daonode.primitives.codec import Record


class GovernanceModule:
    """Implements the ledger's `Module`."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ("accounts", "identity")
    genesis_type: ClassVar[type[Record]] = GovernanceGenesis
    events: ClassVar[tuple[type[Record], ...]] = EVENTS

    def __init__(self, *, accounts: AccountsModule, identity: IdentityModule) -> None:
        self._accounts = accounts.keeper
        self.keeper = GovernanceKeeper(accounts.keeper, identity.keeper)
        accounts.keeper.subscribe(self.keeper)
        identity.keeper.subscribe(self.keeper)

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
        return Invariants(self._accounts, self.keeper).by_name()

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        """Write the initial state; raise `ValueError` naming the path."""
        assert isinstance(genesis, GovernanceGenesis), "the section was read as `genesis_type`"
        init_genesis(context, genesis, accounts=self._accounts)

    def export_genesis(self, state: StateReader, /) -> Record:
        """Return the section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Nothing: what time moves, deadlines move."""

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """Move a proposal whose time has come, or settle more of its deposits."""
        self.keeper.on_deadline(context, item)

    def end_block(self, context: Context, /) -> None:
        """Nothing: a tally is kept with every ballot."""
