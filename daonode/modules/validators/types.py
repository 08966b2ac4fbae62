"""The values of this module. They are stored, so the order of their fields is part of the protocol."""

from typing import Annotated

from msgspec import Meta

from daonode.consensus.types import Validator
from daonode.modules.validators.params import (
    MAX_MONIKER_CHARACTERS,
    MAX_NETWORK_ADDRESS_CHARACTERS,
    MAX_POWER,
    MAX_RETURNS,
    MAX_VALIDATORS,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.hashing import VALIDATOR_TAG, tagged_hash
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import Amount, TimeMs

Power = Annotated[int, Meta(ge=1, le=MAX_POWER)]
"""A validator's weight in quorums and turns; in its record, the most that it weighs where bonds decide."""

Moniker = Annotated[str, Meta(min_length=1, max_length=MAX_MONIKER_CHARACTERS)]
NetworkAddress = Annotated[str, Meta(max_length=MAX_NETWORK_ADDRESS_CHARACTERS)]


class ValidatorRecord(Record, frozen=True):
    """One validator, under its id, which stays when the key changes.

    `payout_account` receives what its proposals earn, and speaks for it in messages. A validator is in the next set if
    it `is_willing`, was not removed, and is not in jail; whoever was jailed stays so until it asks to be let out, at
    `jailed_until` at the earliest.
    `public_key` signs votes. `node_key` is the Ed25519 key that its node proves itself with to its peers, or None where
    that is not on the chain; `address` is a multiaddress to reach it at, empty where that is not public.
    """

    public_key: PublicKey
    power: Power
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress
    is_willing: bool = True
    is_removed: bool = False
    jailed_until: TimeMs | None = None

    @property
    def is_eligible(self) -> bool:
        """Whether it may be in the next set."""
        return self.is_willing and not self.is_removed and self.jailed_until is None


class Return(Record, frozen=True):
    """A part of a bond that is paid to `account` when it is due."""

    due: TimeMs
    account: Address
    amount: Amount


class BondRecord(Record, frozen=True):
    """What a validator has put up, in base units of the native asset, and what is on its way back, the first first."""

    amount: Amount = Amount(0)
    returns: Annotated[tuple[Return, ...], Meta(max_length=MAX_RETURNS + 1)] = ()

    @property
    def total(self) -> int:
        """All that can still be burnt."""
        return self.amount + sum(part.amount for part in self.returns)


class Conviction(Record, frozen=True):
    """A validator was shown to have signed in an epoch what no honest one signs."""

    convicted_at: TimeMs
    reporter: Address


class EpochState(Record, frozen=True):
    """The epoch that the next block is of.

    It began on the block of `start_height`. Where its last height is fixed that is `ends_at`, and the set of the next
    epoch is known. `wake_at` is the deadline that is scheduled, so that an idle chain ends its epochs too.
    """

    number: U64
    start_height: U64
    started_at: TimeMs
    ends_at: U64 | None
    wake_at: TimeMs


class EpochSet(Record, frozen=True):
    """The validators of an epoch, ascending by id, and when it was over, None while it is not."""

    validators: Annotated[tuple[Validator, ...], Meta(min_length=1, max_length=MAX_VALIDATORS)]
    ended_at: TimeMs | None


class ProposalCount(Record, frozen=True):
    """How often a validator's block was committed when it was its turn, and how often its turn passed without one.

    `missed` turns have passed one after the other since `absent_since`, the first of them; none and None when its last
    turn gave a block.
    """

    validator: ValidatorId
    proposed: U64
    failed: U64
    missed: U64 = 0
    absent_since: TimeMs | None = None


class ProposalCounts(Record, frozen=True):
    """The counts of all validators, ascending by id: one record, so that a block changes one key."""

    counts: Annotated[tuple[ProposalCount, ...], Meta(max_length=MAX_VALIDATORS)]


def validator_id(public_key: PublicKey) -> ValidatorId:
    """Return the id of a validator that begins with this consensus key."""
    return ValidatorId(tagged_hash(VALIDATOR_TAG, public_key))
