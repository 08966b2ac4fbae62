"""The accounts module: its parts under the names that the ledger knows."""

from collections.abc import Mapping
from typing import ClassVar

from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.accounts import events, invariants
from daonode.modules.accounts.expected import PayoutAccounts
from daonode.modules.accounts.fees import Fees
from daonode.modules.accounts.genesis import AccountsGenesis, export_genesis, init_genesis
from daonode.modules.accounts.handlers import Handlers
from daonode.modules.accounts.keeper import AccountsKeeper
from daonode.modules.accounts.keys import NAME
from daonode.modules.accounts.queries import Queries
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, PublicKey


class AccountsModule:
    """Implements the ledger's `Module` and its `Authenticator`."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ()
    genesis_type: ClassVar[type[Record]] = AccountsGenesis
    events: ClassVar[tuple[type[Record], ...]] = (
        events.Transferred,
        events.Burned,
        events.Minted,
        events.AssetIssued,
        events.AccountCreated,
        events.PolicySet,
        events.AccountMarkedCustodial,
        events.FeesShared,
    )

    def __init__(self) -> None:
        self.keeper = AccountsKeeper()
        self._fees = Fees(self.keeper)

    def bind_payouts(self, payouts: PayoutAccounts) -> None:
        """Pay a block's proposer where `payouts` says. Called once, by the module that keeps validators."""
        self._fees.bind_payouts(payouts)

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
        assert isinstance(genesis, AccountsGenesis)
        init_genesis(context, genesis)

    def export_genesis(self, state: StateReader, /) -> AccountsGenesis:
        """The section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Nothing is due before the transactions."""

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """This module schedules nothing."""

    def end_block(self, context: Context, /) -> None:
        """Share out what the block's transactions paid."""
        self._fees.share_out(context)

    def check_transaction(
        self,
        state: StateReader,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        """Check sender, sequence and balance."""
        self._fees.check(state, sender=sender, signers=signers, lane=lane, sequence=sequence, fee=fee)

    def begin_transaction(
        self,
        context: Context,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        """Check sender, sequence and balance; use the sequence and take the fee in full."""
        self._fees.admit(context, sender=sender, signers=signers, lane=lane, sequence=sequence, fee=fee)

    def finish_transaction(self, context: Context, /, *, sender: Address, charged: int, fee: int) -> None:
        """Give back what was not used, and collect the rest."""
        self._fees.settle(context, sender=sender, charged=charged, fee=fee)

    def next_sequence(self, state: StateReader, /, *, sender: Address, lane: int) -> int:
        """The sequence that the next transaction of this lane must have."""
        return self._fees.next_sequence(state, sender=sender, lane=lane)
