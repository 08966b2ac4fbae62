"""The validators module: its parts under the names that the ledger knows."""

from collections.abc import Mapping
from typing import ClassVar

from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.validators import invariants
from daonode.modules.validators.events import ValidatorEdited
from daonode.modules.validators.expected import AccountsModule
from daonode.modules.validators.genesis import ValidatorsGenesis, export_genesis, genesis_validators, init_genesis
from daonode.modules.validators.handlers import Handlers
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.keys import NAME
from daonode.modules.validators.queries import Queries
from daonode.primitives.codec import Record


class ValidatorsModule:
    """Implements the ledger's `Module`, and gives the genesis its first validator set."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ("accounts",)
    genesis_type: ClassVar[type[Record]] = ValidatorsGenesis
    events: ClassVar[tuple[type[Record], ...]] = (ValidatorEdited,)

    def __init__(self, *, accounts: AccountsModule) -> None:
        self.keeper = ValidatorsKeeper()
        accounts.bind_payouts(self.keeper)

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

    def genesis_validators(self, genesis: Record, /) -> tuple[Validator, ...]:
        """The validators of a section as consensus knows them, ascending by id."""
        assert isinstance(genesis, ValidatorsGenesis)
        return genesis_validators(genesis)

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        """Write the initial state; raise `ValueError` naming the path."""
        assert isinstance(genesis, ValidatorsGenesis)
        init_genesis(context, genesis)

    def export_genesis(self, state: StateReader, /) -> ValidatorsGenesis:
        """The section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Count the block for its proposer, and the rounds before it for theirs."""
        self.keeper.count_proposals(context)

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """This module schedules nothing."""

    def end_block(self, context: Context, /) -> None:
        """Nothing is left to do after the transactions."""
