"""Where this module's state lives. Tags are never reused."""

from typing import Final

from daonode.ledger.table import ADDRESS_KEY, ONLY_KEY, Table, pair_key, text_key
from daonode.modules.accounts.params import Params
from daonode.modules.accounts.types import Account, Asset, Balance, CollectedFees, TotalPower
from daonode.primitives.ids import AssetId

NAME: Final = "accounts"

ASSET_KEY: Final = text_key(AssetId)
BALANCE_KEY: Final = pair_key(ADDRESS_KEY, ASSET_KEY)

PARAMS: Final = Table(NAME, 1, ONLY_KEY, Params)
ACCOUNTS: Final = Table(NAME, 2, ADDRESS_KEY, Account)
BALANCES: Final = Table(NAME, 3, BALANCE_KEY, Balance)
ASSETS: Final = Table(NAME, 4, ASSET_KEY, Asset)
TOTAL_POWER: Final = Table(NAME, 5, ASSET_KEY, TotalPower)
COLLECTED_FEES: Final = Table(NAME, 6, ONLY_KEY, CollectedFees)
"""Present only while a block executes."""
