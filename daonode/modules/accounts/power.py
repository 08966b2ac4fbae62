"""Voting power by holdings: one for each base unit of an asset, at a past height."""

from dataclasses import dataclass

from daonode.ledger.history import value_at
from daonode.ledger.state import StateReader
from daonode.modules.accounts.keys import ACCOUNTS, BALANCES, PARAMS, TOTAL_POWER
from daonode.primitives.ids import Address, AssetId


def source_name(asset: AssetId) -> str:
    """Return the name under which changes of this asset's voting power are reported."""
    return f"token:{asset}"


@dataclass(frozen=True, slots=True)
class AssetPower:
    """The voting power of balances of one asset. Custodial accounts have none; an asset without votes gives none.

    Exact at the heights of live snapshots and from the block before the present one on.
    """

    asset: AssetId

    @property
    def name(self) -> str:
        """The name of this source."""
        return source_name(self.asset)

    def power_at(self, state: StateReader, *, account: Address, height: int) -> int:
        """Return the account's power at the end of `height`, in base units."""
        params = PARAMS.require(state, None)
        found = ACCOUNTS.get(state, account)
        if found is not None and found.custodial:
            return 0
        if self.asset == params.native:
            return value_at(found.native, height) if found is not None and params.native_votes else 0
        # Balances of an asset without votes have no past: its total tells it apart.
        balance = BALANCES.get(state, (account, self.asset))
        if balance is None or not TOTAL_POWER.has(state, self.asset):
            return 0
        return value_at(balance.amount, height)

    def total_power_at(self, state: StateReader, *, height: int) -> int:
        """Return the sum of all power at the end of `height`, in base units."""
        total = TOTAL_POWER.get(state, self.asset)
        return 0 if total is None else value_at(total.amount, height)
