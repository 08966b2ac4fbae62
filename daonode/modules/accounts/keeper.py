"""The only access to this module's state: accounts, balances, supply, and the voting power of balances.

Rules:

- What one account loses another gains, or the supply changes by it, or it is a fee on its way (`fees.py`).
- Each change of a balance that counts is recorded in its history, in the total of its asset, and told to observers.
- Balances of custodial accounts have no history and are in no total.

A keeper holds no state of the chain: only who observes it, which is fixed when the chain's modules are put together.
"""

from collections.abc import Iterator

import msgspec

from daonode.ledger.context import Context
from daonode.ledger.errors import LimitExceeded
from daonode.ledger.history import EMPTY_HISTORY, Checkpoint, History, latest, record
from daonode.ledger.snapshots import live
from daonode.ledger.state import StateReader
from daonode.modules.accounts.errors import (
    AmountIsZero,
    AssetExists,
    InsufficientBalance,
    SupplyExceeded,
    UnknownAsset,
)
from daonode.modules.accounts.events import AccountMarkedCustodial, AssetIssued, Burned, Minted, Transferred
from daonode.modules.accounts.expected import PowerObserver
from daonode.modules.accounts.keys import ACCOUNTS, ASSETS, BALANCES, PARAMS, TOTAL_POWER
from daonode.modules.accounts.params import Params
from daonode.modules.accounts.policies import is_satisfied
from daonode.modules.accounts.power import AssetPower, source_name
from daonode.modules.accounts.types import EMPTY_ACCOUNT, MAX_ASSETS, Account, Asset, Balance, Policy, TotalPower
from daonode.primitives.ids import Address, AssetId, PublicKey
from daonode.primitives.units import U64_MAX, Amount


class AccountsKeeper:
    """Accounts and what they hold, for this module's handlers and for the modules that were given it."""

    def __init__(self) -> None:
        self._observers: list[PowerObserver] = []

    def subscribe(self, observer: PowerObserver) -> None:
        """Have an observer told of every change of voting power, in the order of subscription."""
        self._observers.append(observer)

    def params(self, state: StateReader) -> Params:
        """Return what genesis fixed."""
        return PARAMS.require(state, None)

    def native_asset(self, state: StateReader) -> AssetId:
        """Return the id of the asset that fees are paid in."""
        return self.params(state).native

    def asset(self, state: StateReader, asset: AssetId) -> Asset:
        """Return an asset, or raise `UnknownAsset`."""
        found = ASSETS.get(state, asset)
        if found is None:
            raise UnknownAsset(asset=asset)
        return found

    def account(self, state: StateReader, account: Address) -> Account:
        """Return an account; one that never was is `EMPTY_ACCOUNT`."""
        return ACCOUNTS.get(state, account) or EMPTY_ACCOUNT

    def policy(self, state: StateReader, account: Address) -> Policy | None:
        """Return the registered policy of an account, or None."""
        return self.account(state, account).policy

    def authorised(self, state: StateReader, account: Address, signers: tuple[PublicKey, ...]) -> bool:
        """Say whether these keys, of verified signatures, satisfy the account's policy, and all belong to it."""
        return is_satisfied(account, signers=signers, policy_of=lambda address: self.policy(state, address))

    def balance(self, state: StateReader, *, account: Address, asset: AssetId) -> int:
        """Return what an account holds of an asset, in base units; 0 for an unknown account or asset."""
        if asset == self.native_asset(state):
            return latest(self.account(state, account).native)
        return latest(self._other(state, account=account, asset=asset))

    def balances(self, state: StateReader, account: Address) -> Iterator[tuple[AssetId, int]]:
        """Yield the assets of which an account holds something, the native one first, the others by id."""
        native = latest(self.account(state, account).native)
        if native:
            yield self.native_asset(state), native
        for (_, asset), balance in BALANCES.iterate(state, prefix=account):
            if latest(balance.amount):
                yield asset, latest(balance.amount)

    def power_source(self, asset: AssetId) -> AssetPower:
        """Return the voting power that balances of this asset give, one for each base unit."""
        return AssetPower(asset)

    def transfer(self, context: Context, *, source: Address, destination: Address, asset: AssetId, amount: int) -> None:
        """Move an amount from one account to another.

        Raises `AmountIsZero`, `UnknownAsset` or `InsufficientBalance`.
        """
        self._check_amount(amount)
        counted = self.change(context, account=source, asset=asset, delta=-amount)
        counted += self.change(context, account=destination, asset=asset, delta=amount)
        self.change_total(context, asset=asset, delta=counted)
        context.emit(Transferred(source=source, destination=destination, asset=asset, amount=Amount(amount)))

    def burn(self, context: Context, *, account: Address, asset: AssetId, amount: int) -> None:
        """Destroy an amount that an account holds. Raises as `transfer` does."""
        self._check_amount(amount)
        self.change_total(context, asset=asset, delta=self.change(context, account=account, asset=asset, delta=-amount))
        self._change_supply(context, asset=asset, delta=-amount)
        context.emit(Burned(account=account, asset=asset, amount=Amount(amount)))

    def mint(self, context: Context, *, destination: Address, asset: AssetId, amount: int) -> None:
        """Make an amount and give it to an account. Raises `AmountIsZero`, `UnknownAsset` or `SupplyExceeded`."""
        self._check_amount(amount)
        self._change_supply(context, asset=asset, delta=amount)
        self.change_total(
            context, asset=asset, delta=self.change(context, account=destination, asset=asset, delta=amount)
        )
        context.emit(Minted(destination=destination, asset=asset, amount=Amount(amount)))

    def issue(self, context: Context, *, asset: AssetId, decimals: int, votes: bool) -> None:
        """Begin an asset with a supply of 0. Raises `AssetExists` or `LimitExceeded`."""
        if ASSETS.has(context.state, asset):
            raise AssetExists(asset=asset)
        if sum(1 for _ in ASSETS.iterate(context.state)) >= MAX_ASSETS:
            raise LimitExceeded(f"the chain has {MAX_ASSETS} assets already, the most that it may have")
        ASSETS.set(context.state, asset, Asset(decimals=decimals, votes=votes, supply=Amount(0)))
        context.emit(AssetIssued(asset=asset, decimals=decimals, votes=votes))

    def mark_custodial(self, context: Context, account: Address) -> None:
        """Make an account one whose holdings neither vote nor count; it stays so. Marking it again changes nothing."""
        state = context.state
        before = self.account(state, account)
        if before.custodial:
            return
        native = latest(before.native)
        changed = msgspec.structs.replace(before, custodial=True, native=unrecorded(native))
        held = [(key[1], latest(balance.amount)) for key, balance in BALANCES.iterate(state, prefix=account)]
        self.store(context, account, changed)
        for asset, amount in held:
            self._store_other(context, account=account, asset=asset, amount=unrecorded(amount))
        params = self.params(state)
        for asset, amount in ((params.native, native), *held):
            if amount and self.counts(state, params, asset=asset, account=before):
                self.change_total(context, asset=asset, delta=-amount)
                self._report(context, asset=asset, account=account, before=amount, after=0)
        context.emit(AccountMarkedCustodial(account=account))

    def counts(self, state: StateReader, params: Params, *, asset: AssetId, account: Account) -> bool:
        """Say whether what this account holds of the asset is voting power. Raises `UnknownAsset`."""
        votes = params.native_votes if asset == params.native else self.asset(state, asset).votes
        return votes and not account.custodial

    def store(self, context: Context, address: Address, account: Account) -> None:
        """Write an account; one with nothing in it leaves no record."""
        if account == EMPTY_ACCOUNT:
            ACCOUNTS.delete(context.state, address)
        else:
            ACCOUNTS.set(context.state, address, account)

    def change(self, context: Context, *, account: Address, asset: AssetId, delta: int) -> int:
        """Change one balance, and return by how much the asset's total power has to change.

        The caller keeps the sum: it changes another balance, the supply or the fees on their way by the opposite, and
        the total by all that was returned. Raises `UnknownAsset` or `InsufficientBalance`, and changes nothing then.
        """
        state, params = context.state, self.params(context.state)
        holder = self.account(state, account)
        history = holder.native if asset == params.native else self._other(state, account=account, asset=asset)
        counts = self.counts(state, params, asset=asset, account=holder)
        before = latest(history)
        if before + delta < 0:
            raise InsufficientBalance(account=account, asset=asset, held=before, needed=-delta)
        if asset == params.native:
            self.set_native(context, params, account=account, holder=holder, amount=before + delta)
        else:
            after = _next_history(context, history, value=before + delta, counts=counts)
            self._store_other(context, account=account, asset=asset, amount=after)
            if counts:
                self._report(context, asset=asset, account=account, before=before, after=before + delta)
        return delta if counts else 0

    def set_native(self, context: Context, params: Params, *, account: Address, holder: Account, amount: int) -> None:
        """Write an account with another native balance. As for `change`, the caller keeps the sum and the total."""
        counts = params.native_votes and not holder.custodial
        history = _next_history(context, holder.native, value=amount, counts=counts)
        self.store(context, account, msgspec.structs.replace(holder, native=history))
        if counts:
            before = latest(holder.native)
            self._report(context, asset=params.native, account=account, before=before, after=amount)

    def change_total(self, context: Context, *, asset: AssetId, delta: int) -> None:
        """Change the total power of an asset; by 0 nothing is written."""
        if not delta:
            return
        found = TOTAL_POWER.get(context.state, asset)
        history = EMPTY_HISTORY if found is None else found.amount
        changed = _next_history(context, history, value=latest(history) + delta, counts=True)
        TOTAL_POWER.set(context.state, asset, TotalPower(amount=changed))

    def _report(self, context: Context, *, asset: AssetId, account: Address, before: int, after: int) -> None:
        """Tell the observers that an account's voting power changed."""
        if before == after:
            return
        for observer in self._observers:
            observer.on_power_changed(context, source=source_name(asset), account=account, before=before, after=after)

    @staticmethod
    def _other(state: StateReader, *, account: Address, asset: AssetId) -> History:
        found = BALANCES.get(state, (account, asset))
        return EMPTY_HISTORY if found is None else found.amount

    @staticmethod
    def _store_other(context: Context, *, account: Address, asset: AssetId, amount: History) -> None:
        if amount == EMPTY_HISTORY:
            BALANCES.delete(context.state, (account, asset))
        else:
            BALANCES.set(context.state, (account, asset), Balance(amount=amount))

    def _change_supply(self, context: Context, *, asset: AssetId, delta: int) -> None:
        found = self.asset(context.state, asset)
        if found.supply + delta > U64_MAX:
            raise SupplyExceeded(asset=asset, supply=found.supply, amount=delta, most=U64_MAX)
        ASSETS.set(context.state, asset, msgspec.structs.replace(found, supply=found.supply + delta))

    @staticmethod
    def _check_amount(amount: int) -> None:
        if amount <= 0:
            raise AmountIsZero()


def unrecorded(value: int) -> History:
    """Return the form of a balance that nobody asks the past of: one checkpoint, none for 0."""
    return History((Checkpoint(height=0, value=value),)) if value else EMPTY_HISTORY


def _next_history(context: Context, history: History, *, value: int, counts: bool) -> History:
    """Return a balance's history with a new value, recorded at this block where the balance counts."""
    if not counts:
        return unrecorded(value)
    return record(history, height=context.block.height, value=value, live=live(context.state))
