"""The validators section of the genesis document: into state, and back."""

from collections.abc import Sequence

from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.validators.keys import PROPOSAL_COUNTS, VALIDATORS
from daonode.modules.validators.params import MAX_VALIDATORS
from daonode.modules.validators.types import (
    Moniker,
    NetworkAddress,
    Power,
    ProposalCount,
    ProposalCounts,
    ValidatorRecord,
)
from daonode.primitives.codec import U64, Record
from daonode.primitives.hashing import VALIDATOR_TAG, tagged_hash
from daonode.primitives.hidden_text import find_hidden
from daonode.primitives.ids import Address, PublicKey, ValidatorId


class GenesisValidator(Record, frozen=True):
    """A validator. Without an `id` it has that of its key; one whose key was changed since has to name it.

    `proposed` and `failed` count its turns, not 0 in an exported chain.
    """

    public_key: PublicKey
    power: Power
    payout_account: Address
    moniker: Moniker
    id: ValidatorId | None = None
    node_key: PublicKey | None = None
    address: NetworkAddress = ""
    proposed: U64 = 0
    failed: U64 = 0


class ValidatorsGenesis(Record, frozen=True):
    """The whole section."""

    validators: tuple[GenesisValidator, ...]


def validator_id(public_key: PublicKey) -> ValidatorId:
    """Return the id of a validator that begins with this consensus key."""
    return ValidatorId(tagged_hash(VALIDATOR_TAG, public_key))


def genesis_validators(genesis: ValidatorsGenesis) -> tuple[Validator, ...]:
    """Return the validators as consensus knows them, ascending by id."""
    validators = [
        Validator(id=_id_of(validator), public_key=validator.public_key, power=validator.power)
        for validator in genesis.validators
    ]
    return tuple(sorted(validators, key=lambda validator: validator.id))


def init_genesis(context: Context, genesis: ValidatorsGenesis) -> None:
    """Write the validators. Raises `ValueError` that names the path within the section."""
    validators = genesis.validators
    if not 1 <= len(validators) <= MAX_VALIDATORS:
        raise ValueError(f".validators: expected 1 to {MAX_VALIDATORS}, got {len(validators)}")
    _check_unique([_id_of(validator) for validator in validators], name="id")
    _check_unique([validator.public_key for validator in validators], name="public_key")
    _check_unique([validator.node_key for validator in validators], name="node_key")
    for index, validator in enumerate(validators):
        _check_shown(validator.moniker, path=f".validators[{index}].moniker")
        _check_shown(validator.address, path=f".validators[{index}].address")
        record = ValidatorRecord(
            public_key=validator.public_key,
            power=validator.power,
            payout_account=validator.payout_account,
            moniker=validator.moniker,
            node_key=validator.node_key,
            address=validator.address,
        )
        VALIDATORS.set(context.state, _id_of(validator), record)
    counts = [
        ProposalCount(validator=_id_of(validator), proposed=validator.proposed, failed=validator.failed)
        for validator in validators
    ]
    ordered = tuple(sorted(counts, key=lambda count: count.validator))
    PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=ordered))


def export_genesis(state: StateReader) -> ValidatorsGenesis:
    """Return the section that recreates this state, to the byte."""
    counts = {count.validator: count for count in PROPOSAL_COUNTS.require(state, None).counts}
    return ValidatorsGenesis(
        validators=tuple(
            GenesisValidator(
                public_key=record.public_key,
                power=record.power,
                payout_account=record.payout_account,
                moniker=record.moniker,
                id=validator,
                node_key=record.node_key,
                address=record.address,
                proposed=counts[validator].proposed,
                failed=counts[validator].failed,
            )
            for validator, record in VALIDATORS.iterate(state)
        )
    )


def _id_of(validator: GenesisValidator) -> ValidatorId:
    return validator_id(validator.public_key) if validator.id is None else validator.id


def _check_shown(text: str, *, path: str) -> None:
    position = find_hidden(text)
    if position is not None:
        code_point = f"U+{ord(text[position]):04X}"
        raise ValueError(f"{path}: character {position + 1} is {code_point}, which is not shown as it is")


def _check_unique(values: Sequence[bytes | None], *, name: str) -> None:
    first: dict[bytes, int] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        if value in first:
            raise ValueError(f".validators[{index}].{name}: the same as that of .validators[{first[value]}]")
        first[value] = index
