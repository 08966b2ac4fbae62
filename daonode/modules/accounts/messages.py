"""What can be asked of this module. Field order is wire format."""

from daonode.modules.accounts.params import Decimals
from daonode.modules.accounts.types import Policy
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount


class Transfer(Record, frozen=True):
    """Give some of the caller's balance to another account."""

    destination: Address
    asset: AssetId
    amount: Amount


class CreateAccount(Record, frozen=True):
    """Register the account whose id is the hash of this policy; anyone may."""

    policy: Policy


class SetPolicy(Record, frozen=True):
    """Replace the caller's own policy; its id stays."""

    policy: Policy


class Burn(Record, frozen=True):
    """Destroy some of the caller's balance; the supply falls by it."""

    asset: AssetId
    amount: Amount


class IssueAsset(Record, frozen=True):
    """Begin an asset with a supply of 0; the root origin only."""

    asset: AssetId
    decimals: Decimals
    votes: bool


class Mint(Record, frozen=True):
    """Make more of an asset and give it to an account; the root origin only."""

    destination: Address
    asset: AssetId
    amount: Amount
