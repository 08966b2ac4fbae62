"""What this module reports. Field order is wire format. Who proposed a block stands in its header."""

from daonode.modules.validators.types import Moniker, NetworkAddress
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId


class ValidatorEdited(Record, frozen=True):
    """What a validator says of itself, from now on."""

    validator: ValidatorId
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress
