"""What can be asked of this module. Field order is wire format."""

from daonode.consensus.evidence import Evidence
from daonode.modules.validators.types import Moniker, NetworkAddress, Power
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import Amount


class EditValidator(Record, frozen=True):
    """Replace what a validator says of itself; its payout account only. What is to stay is given again."""

    validator: ValidatorId
    payout_account: Address
    moniker: Moniker
    node_key: PublicKey | None
    address: NetworkAddress


class Approve(Record, frozen=True):
    """A decision of the whole DAO: whoever holds `payout_account` may run a validator with this first key and weight.

    It is in no set before the payout account stands as a candidate.
    """

    public_key: PublicKey
    power: Power
    payout_account: Address
    moniker: Moniker


class Remove(Record, frozen=True):
    """A decision of the whole DAO: a validator is in no further set, and forgotten once its epoch is over."""

    validator: ValidatorId


class SetWeight(Record, frozen=True):
    """A decision of the whole DAO: a validator's weight from the next set on."""

    validator: ValidatorId
    power: Power


class Candidate(Record, frozen=True):
    """A validator wants to be in the next set, and says how its node is reached; its payout account only."""

    validator: ValidatorId
    node_key: PublicKey | None
    address: NetworkAddress


class Leave(Record, frozen=True):
    """A validator wants to be in no further set; its payout account only."""

    validator: ValidatorId


class RotateConsensusKey(Record, frozen=True):
    """A validator signs with another key from the next set on; its payout account only. Its id stays."""

    validator: ValidatorId
    public_key: PublicKey


class PutUp(Record, frozen=True):
    """Put up native money of the payout account for a validator; its payout account only."""

    validator: ValidatorId
    amount: Amount


class Bond(Record, frozen=True):
    """Put up native money of the payout account for a validator; its payout account only."""

    validator: ValidatorId
    amount: Amount


class Unbond(Record, frozen=True):
    """Have a part of a validator's bond paid back to its payout account after the delay; its payout account only."""

    validator: ValidatorId
    amount: Amount


class Unjail(Record, frozen=True):
    """A validator whose time in jail is over wants to be in the next set again; its payout account only."""

    validator: ValidatorId


class ReportEvidence(Evidence, frozen=True):
    """Two statements of one validator that no honest validator signs together; anyone may send them.

    Nodes need no transaction for it: leaders put what they know into their blocks.
    """
