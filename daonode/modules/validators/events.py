"""What this module reports. Field order is wire format. Who proposed a block stands in its header."""

from daonode.consensus.types import Validator
from daonode.modules.validators.types import Moniker, NetworkAddress
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId


class NextSetChosen(Record, frozen=True):
    """Who decides in the next epoch, which begins after the block of height `begins_after`."""

    epoch: U64
    validators: tuple[Validator, ...]
    begins_after: U64


class EpochBegan(Record, frozen=True):
    """An epoch begins after this block, with these validators."""

    epoch: U64
    validators: tuple[Validator, ...]


class ValidatorEdited(Record, frozen=True):
    """What a validator says of itself, from now on."""

    validator: ValidatorId
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress
