"""What can be asked of this module. Field order is wire format."""

from daonode.modules.validators.types import Moniker, NetworkAddress
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId


class EditValidator(Record, frozen=True):
    """Replace what a validator says of itself; its payout account only. What is to stay is given again."""

    validator: ValidatorId
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress
