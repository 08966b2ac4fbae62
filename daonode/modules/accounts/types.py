"""The values of this module: authentication policies, accounts, assets.

They are stored and sent, so the order of their fields is part of the protocol.
"""

from typing import Annotated, Final

from msgspec import Meta

from daonode.ledger.history import EMPTY_HISTORY, History
from daonode.ledger.transactions import MAX_LANES, MAX_SIGNATURES
from daonode.primitives.codec import U8, U16, U32, U64, Record
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.units import Amount

MAX_ASSETS: Final = 256
"""How many assets a chain has at most, so that a list of them is one answer."""

MAX_POLICY_MEMBERS: Final = MAX_SIGNATURES
"""How many keys and accounts a threshold policy names: a transaction can carry as many signatures."""

MAX_ACCOUNT_MEMBERS: Final = 8
"""How many of them are accounts: each is a read, and may name accounts itself."""

MAX_POLICY_DEPTH: Final = 3
"""How deep policies nest: an account, the accounts that its policy names, and the accounts that those name."""


class KeyMember(Record, frozen=True, tag="key"):
    """An Ed25519 key that counts `weight` towards a threshold."""

    public_key: PublicKey
    weight: U16 = 1


class AccountMember(Record, frozen=True, tag="account"):
    """An account that counts `weight` towards a threshold when its own policy is satisfied."""

    account: Address
    weight: U16 = 1


PolicyMember = KeyMember | AccountMember


class KeyPolicy(Record, frozen=True, tag="key"):
    """Whoever signs with this Ed25519 key."""

    public_key: PublicKey


class ThresholdPolicy(Record, frozen=True, tag="threshold"):
    """Members whose weights reach the threshold; ordered by their 32 bytes, each once."""

    threshold: U32
    members: tuple[PolicyMember, ...]


Policy = KeyPolicy | ThresholdPolicy
"""What satisfies an account: its signers are checked against this."""


class Account(Record, frozen=True):
    """One account. An address without a record is this with nothing in it.

    `policy` is None until it is registered or a first transaction reveals it. A `custodial` account belongs to a
    module: what it holds neither votes nor counts. `sequences` holds the next sequence of each lane, by lane, without
    trailing zeros. `native` is the balance of the native asset with its past.
    """

    policy: Policy | None = None
    custodial: bool = False
    sequences: Annotated[tuple[U64, ...], Meta(max_length=MAX_LANES)] = ()
    native: History = EMPTY_HISTORY


EMPTY_ACCOUNT: Final = Account()


class Balance(Record, frozen=True):
    """What an account holds of one asset that is not the native one, with its past where the asset votes."""

    amount: History


class Asset(Record, frozen=True):
    """One asset: `decimals` say where people put the point; `supply` is the sum of all balances."""

    decimals: U8
    votes: bool
    supply: Amount


class TotalPower(Record, frozen=True):
    """The sum of all balances of a voting asset that count, with its past."""

    amount: History


class CollectedFees(Record, frozen=True):
    """What the transactions of the block being executed paid so far; `counted` is the part that voted."""

    amount: Amount
    counted: Amount
