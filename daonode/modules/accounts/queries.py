"""What can be asked about accounts. An address that never appeared holds nothing and starts at sequence 0."""

from collections.abc import Mapping
from typing import Final

from daonode.ledger.history import latest
from daonode.ledger.module import Query, QueryContext
from daonode.ledger.typed import answers
from daonode.modules.accounts.keeper import AccountsKeeper
from daonode.modules.accounts.keys import ASSETS, TOTAL_POWER
from daonode.modules.accounts.types import Policy
from daonode.primitives.codec import U8, U64, Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount

MAX_SHOWN_BALANCES: Final = 100
"""How many assets the query `account` lists; the query `balance` answers for any one."""


class BalanceArguments(Record, frozen=True):
    """Whose balance; of the native asset unless one is named."""

    account: Address
    asset: AssetId | None = None


class AccountArguments(Record, frozen=True):
    """Which account."""

    account: Address


class AssetsArguments(Record, frozen=True):
    """Nothing."""


class SupplyArguments(Record, frozen=True):
    """Which asset; the native one unless one is named."""

    asset: AssetId | None = None


class BalanceResult(Record, frozen=True):
    """One balance in base units, and where people put the point."""

    account: Address
    asset: AssetId
    amount: Amount
    decimals: U8


class AssetAmount(Record, frozen=True):
    """An amount of an asset."""

    asset: AssetId
    amount: Amount


class AccountResult(Record, frozen=True):
    """An account. `policy` is null until registered or revealed; `sequences` are the next ones, by lane, then 0."""

    account: Address
    policy: Policy | None
    custodial: bool
    sequences: tuple[U64, ...]
    balances: tuple[AssetAmount, ...]


class AssetResult(Record, frozen=True):
    """An asset; `voting_power` is the part of the supply that counts."""

    asset: AssetId
    native: bool
    votes: bool
    decimals: U8
    supply: Amount
    voting_power: Amount


class AssetsResult(Record, frozen=True):
    """All assets, by id."""

    items: tuple[AssetResult, ...]


class Queries:
    """The queries of this module."""

    def __init__(self, keeper: AccountsKeeper) -> None:
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Query]:
        """Return each query under its name."""
        return {
            "account": answers(AccountArguments, AccountResult, self.account),
            "assets": answers(AssetsArguments, AssetsResult, self.assets),
            "balance": answers(BalanceArguments, BalanceResult, self.balance),
            "supply": answers(SupplyArguments, AssetResult, self.supply),
        }

    def balance(self, context: QueryContext, arguments: BalanceArguments) -> BalanceResult:
        """What an account holds of one asset."""
        asset = arguments.asset or self._keeper.native_asset(context.state)
        return BalanceResult(
            account=arguments.account,
            asset=asset,
            amount=Amount(self._keeper.balance(context.state, account=arguments.account, asset=asset)),
            decimals=self._keeper.asset(context.state, asset).decimals,
        )

    def account(self, context: QueryContext, arguments: AccountArguments) -> AccountResult:
        """An account with what it holds."""
        account = self._keeper.account(context.state, arguments.account)
        held = zip(range(MAX_SHOWN_BALANCES), self._keeper.balances(context.state, arguments.account), strict=False)
        return AccountResult(
            account=arguments.account,
            policy=account.policy,
            custodial=account.custodial,
            sequences=account.sequences,
            balances=tuple(AssetAmount(asset=asset, amount=Amount(amount)) for _, (asset, amount) in held),
        )

    def assets(self, context: QueryContext, _: AssetsArguments) -> AssetsResult:
        """Every asset of the chain."""
        return AssetsResult(items=tuple(self._asset(context, asset) for asset, _ in ASSETS.iterate(context.state)))

    def supply(self, context: QueryContext, arguments: SupplyArguments) -> AssetResult:
        """One asset."""
        return self._asset(context, arguments.asset or self._keeper.native_asset(context.state))

    def _asset(self, context: QueryContext, asset: AssetId) -> AssetResult:
        entry = self._keeper.asset(context.state, asset)
        total = TOTAL_POWER.get(context.state, asset)
        return AssetResult(
            asset=asset,
            native=asset == self._keeper.native_asset(context.state),
            votes=entry.votes,
            decimals=entry.decimals,
            supply=entry.supply,
            voting_power=Amount(0 if total is None else latest(total.amount)),
        )
