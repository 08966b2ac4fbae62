"""The values of this module. They are stored, so the order of their fields is part of the protocol."""

from typing import Annotated

from msgspec import Meta

from daonode.modules.validators.params import (
    MAX_MONIKER_CHARACTERS,
    MAX_NETWORK_ADDRESS_CHARACTERS,
    MAX_POWER,
    MAX_VALIDATORS,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId

Power = Annotated[int, Meta(ge=1, le=MAX_POWER)]
"""A validator's weight in quorums and turns."""

Moniker = Annotated[str, Meta(min_length=1, max_length=MAX_MONIKER_CHARACTERS)]
NetworkAddress = Annotated[str, Meta(max_length=MAX_NETWORK_ADDRESS_CHARACTERS)]


class ValidatorRecord(Record, frozen=True):
    """One validator, under its id, which stays when the key changes.

    `payout_account` receives what its proposals earn, and speaks for it in messages.
    `public_key` signs votes. `node_key` is the Ed25519 key that its node proves itself with to its peers, or None where
    that is not on the chain; `address` is a multiaddress to reach it at, empty where that is not public.
    """

    public_key: PublicKey
    power: Power
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress


class ProposalCount(Record, frozen=True):
    """How often a validator's block was committed when it was its turn, and how often its turn passed without one."""

    validator: ValidatorId
    proposed: U64
    failed: U64


class ProposalCounts(Record, frozen=True):
    """The counts of all validators, ascending by id: one record, so that a block changes one key."""

    counts: Annotated[tuple[ProposalCount, ...], Meta(max_length=MAX_VALIDATORS)]
