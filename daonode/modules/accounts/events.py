"""What this module reports. Field order is wire format.

With the fee in each receipt, these are every change of every balance.
"""

from daonode.modules.accounts.params import Decimals
from daonode.modules.accounts.types import Policy
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount


class Transferred(Record, frozen=True):
    """An amount went from one account to another."""

    source: Address
    destination: Address
    asset: AssetId
    amount: Amount


class Burned(Record, frozen=True):
    """An amount of an account's balance ceased to exist."""

    account: Address
    asset: AssetId
    amount: Amount


class Minted(Record, frozen=True):
    """An amount came into existence on an account."""

    destination: Address
    asset: AssetId
    amount: Amount


class AssetIssued(Record, frozen=True):
    """An asset began, with a supply of 0."""

    asset: AssetId
    decimals: Decimals
    votes: bool


class AccountCreated(Record, frozen=True):
    """A policy was registered under its id."""

    account: Address
    policy: Policy


class PolicySet(Record, frozen=True):
    """An account replaced its policy."""

    account: Address
    policy: Policy


class AccountMarkedCustodial(Record, frozen=True):
    """An account became a module's: what it holds neither votes nor counts."""

    account: Address


class FeesShared(Record, frozen=True):
    """What a block's transactions paid went to the proposer's account (None: it has none) and to the treasury."""

    proposer_account: Address | None
    proposer_amount: Amount
    treasury_amount: Amount
