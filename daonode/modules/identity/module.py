"""The identity module: its parts under the names that the ledger knows."""

from collections.abc import Mapping
from typing import ClassVar

from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.identity import events, invariants
from daonode.modules.identity.genesis import IdentityGenesis, export_genesis, init_genesis
from daonode.modules.identity.handlers import Handlers
from daonode.modules.identity.keeper import IdentityKeeper
from daonode.modules.identity.keys import NAME
from daonode.modules.identity.queries import Queries
from daonode.primitives.codec import Record


class IdentityModule:
    """Implements the ledger's `Module`."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ()
    genesis_type: ClassVar[type[Record]] = IdentityGenesis
    events: ClassVar[tuple[type[Record], ...]] = (
        events.MemberRegistered,
        events.MemberRemoved,
        events.MemberLeft,
        events.ProfileSet,
    )

    def __init__(self) -> None:
        self.keeper = IdentityKeeper()

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
        assert isinstance(genesis, IdentityGenesis)
        init_genesis(context, genesis)

    def export_genesis(self, state: StateReader, /) -> IdentityGenesis:
        """The section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Nothing is due before the transactions."""

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """This module schedules nothing."""

    def end_block(self, context: Context, /) -> None:
        """Nothing is left to do after the transactions."""
