"""What this module reports. Field order is wire format. Who proposed a block stands in its header."""

from typing import Literal

from daonode.consensus.types import Validator
from daonode.modules.validators.types import Moniker, NetworkAddress, Power
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import Amount, TimeMs


class NextSetChosen(Record, frozen=True):
    """Who decides in the next epoch, which begins after the block of height `begins_after`."""

    epoch: U64
    validators: tuple[Validator, ...]
    begins_after: U64


class EpochBegan(Record, frozen=True):
    """An epoch begins after this block, with these validators."""

    epoch: U64
    validators: tuple[Validator, ...]


class ValidatorApproved(Record, frozen=True):
    """The DAO lets an account run a validator."""

    validator: ValidatorId
    public_key: PublicKey
    power: Power
    payout_account: Address
    moniker: Moniker


class ValidatorRemoved(Record, frozen=True):
    """A validator is in no further set."""

    validator: ValidatorId


class WeightSet(Record, frozen=True):
    """A validator has another weight, from the next set on."""

    validator: ValidatorId
    power: Power


class CandidateStood(Record, frozen=True):
    """A validator wants to be in the next set."""

    validator: ValidatorId


class ValidatorLeft(Record, frozen=True):
    """A validator wants to be in no further set."""

    validator: ValidatorId


class ConsensusKeyRotated(Record, frozen=True):
    """A validator signs with another key, from the next set on."""

    validator: ValidatorId
    public_key: PublicKey


class ValidatorJailed(Record, frozen=True):
    """A validator is in no set until it is let out, at `until` at the earliest."""

    validator: ValidatorId
    reason: Literal["equivocation", "absence"]
    until: TimeMs


class ValidatorUnjailed(Record, frozen=True):
    """A validator may be in the next set again."""

    validator: ValidatorId


class Bonded(Record, frozen=True):
    """A validator has put up more; `bonded` is what it has put up now."""

    validator: ValidatorId
    amount: Amount
    bonded: Amount


class UnbondingBegan(Record, frozen=True):
    """A part of a bond is paid to `account` when it is due; `bonded` is left."""

    validator: ValidatorId
    account: Address
    amount: Amount
    bonded: Amount
    due: TimeMs


class BondReturned(Record, frozen=True):
    """A part of a bond was paid back."""

    validator: ValidatorId
    account: Address
    amount: Amount


class BondSlashed(Record, frozen=True):
    """A share of what a validator had put up, and of what was on its way back, was burnt; `bonded` is left."""

    validator: ValidatorId
    amount: Amount
    bonded: Amount


class EvidenceAccepted(Record, frozen=True):
    """A validator was shown to have signed in an epoch what no honest one signs."""

    validator: ValidatorId
    epoch: U64
    reporter: Address


class ValidatorEdited(Record, frozen=True):
    """What a validator says of itself, from now on."""

    validator: ValidatorId
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress
