"""The validators section of the genesis document: into state, and back."""

from collections.abc import Sequence

from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.validators.bonds import HOLDER, NO_BOND, bond_of, return_item, weight
from daonode.modules.validators.epochs import begin_first_epoch
from daonode.modules.validators.expected import AccountsKeeper
from daonode.modules.validators.keys import BONDS, CONVICTIONS, EPOCH, NAME, PARAMS, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.params import MAX_VALIDATORS, Params
from daonode.modules.validators.types import (
    BondRecord,
    Conviction,
    EpochSet,
    EpochState,
    Moniker,
    NetworkAddress,
    Power,
    ProposalCount,
    ProposalCounts,
    ValidatorRecord,
    validator_id,
)
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import U64, Record
from daonode.primitives.hidden_text import find_hidden
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import TimeMs


class GenesisValidator(Record, frozen=True):
    """A validator. Without an `id` it has that of its key; one whose key was changed since has to name it.

    `proposed` and `failed` count its turns, not 0 in an exported chain. What all have bonded is in the account of this
    module, which the accounts section gives it.
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
    missed: U64 = 0
    absent_since: TimeMs | None = None
    is_willing: bool = True
    is_removed: bool = False
    jailed_until: TimeMs | None = None
    bond: BondRecord = NO_BOND


class GenesisConviction(Record, frozen=True):
    """A validator that was convicted for an epoch."""

    epoch: U64
    validator: ValidatorId
    convicted_at: TimeMs
    reporter: Address


class GenesisSet(Record, frozen=True):
    """The validators of an epoch, ascending by id, and when it was over."""

    epoch: U64
    validators: tuple[Validator, ...]
    ended_at: TimeMs | None


class GenesisEpoch(Record, frozen=True):
    """Where in its epochs an exported chain stands: the epoch of its next block, and the sets that are still known."""

    number: U64
    start_height: U64
    started_at: TimeMs
    ends_at: U64 | None
    wake_at: TimeMs
    sets: tuple[GenesisSet, ...]
    convictions: tuple[GenesisConviction, ...] = ()


class ValidatorsGenesis(Record, frozen=True):
    """The whole section. Without an `epoch` the chain begins epoch 0 with all validators."""

    validators: tuple[GenesisValidator, ...]
    params: Params = Params()
    epoch: GenesisEpoch | None = None


def genesis_validators(genesis: ValidatorsGenesis) -> tuple[Validator, ...]:
    """Return the validators of the first epoch as consensus knows them, ascending by id."""
    if genesis.epoch is not None:
        number = genesis.epoch.number
        return next((each.validators for each in genesis.epoch.sets if each.epoch == number), ())
    validators = [
        Validator(id=_id_of(validator), public_key=validator.public_key, power=power)
        for validator in genesis.validators
        if validator.is_willing
        and not validator.is_removed
        and validator.jailed_until is None
        and (power := weight(genesis.params, power=validator.power, bonded=validator.bond.amount))
    ]
    return tuple(sorted(validators, key=lambda validator: validator.id))


def init_genesis(context: Context, genesis: ValidatorsGenesis, *, accounts: AccountsKeeper) -> None:
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
            is_willing=validator.is_willing,
            is_removed=validator.is_removed,
            jailed_until=validator.jailed_until,
        )
        VALIDATORS.set(context.state, _id_of(validator), record)
    counts = [
        ProposalCount(
            validator=_id_of(validator),
            proposed=validator.proposed,
            failed=validator.failed,
            missed=validator.missed,
            absent_since=validator.absent_since,
        )
        for validator in validators
    ]
    ordered = tuple(sorted(counts, key=lambda count: count.validator))
    PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=ordered))
    _check_params(genesis.params)
    PARAMS.set(context.state, None, genesis.params)
    _init_bonds(context, validators, accounts)
    _init_epoch(context, genesis)


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
                missed=counts[validator].missed,
                absent_since=counts[validator].absent_since,
                is_willing=record.is_willing,
                is_removed=record.is_removed,
                jailed_until=record.jailed_until,
                bond=bond_of(state, validator),
            )
            for validator, record in VALIDATORS.iterate(state)
        ),
        params=PARAMS.require(state, None),
        epoch=_export_epoch(state),
    )


def _check_params(params: Params) -> None:
    least = params.least_unbond_delay
    if params.unbond_delay < least:
        raise ValueError(
            f".params.unbond_delay: {params.unbond_delay} ms, expected {least} at least, evidence_period and twice "
            "epoch_duration: what is paid back sooner cannot be burnt any more"
        )


def _init_bonds(context: Context, validators: Sequence[GenesisValidator], accounts: AccountsKeeper) -> None:
    accounts.mark_custodial(context, HOLDER)
    for index, validator in enumerate(validators):
        due = [part.due for part in validator.bond.returns]
        if due != sorted(due):
            raise ValueError(f".validators[{index}].bond.returns: out of order, those due first come first")
        if validator.bond == NO_BOND:
            continue
        BONDS.set(context.state, _id_of(validator), validator.bond)
        for part in validator.bond.returns:
            context.schedule(part.due, NAME, return_item(_id_of(validator)))
    total = sum(validator.bond.total for validator in validators)
    held = accounts.balance(context.state, account=HOLDER, asset=accounts.native_asset(context.state))
    if held < total:
        raise ValueError(
            f".validators: their bonds sum to {total}, and the account of this module has {held}: give the rest to "
            f"{encode_account(HOLDER)} in the accounts section"
        )


def _init_epoch(context: Context, genesis: ValidatorsGenesis) -> None:
    given = genesis.epoch
    if given is None:
        started_at = TimeMs(context.block.time_ms)
        if not genesis_validators(genesis):
            raise ValueError(".validators: one at least is in the first set: willing, not in jail, of a weight over 0")
        SETS.set(context.state, 0, EpochSet(validators=genesis_validators(genesis), ended_at=None))
        epoch = EpochState(
            number=0,
            start_height=context.block.height,
            started_at=started_at,
            ends_at=None,
            wake_at=TimeMs(started_at + genesis.params.epoch_duration),
        )
    else:
        for each in given.sets:
            SETS.set(context.state, each.epoch, EpochSet(validators=each.validators, ended_at=each.ended_at))
        for convicted in given.convictions:
            conviction = Conviction(convicted_at=convicted.convicted_at, reporter=convicted.reporter)
            CONVICTIONS.set(context.state, (convicted.epoch, convicted.validator), conviction)
        epoch = EpochState(
            number=given.number,
            start_height=given.start_height,
            started_at=given.started_at,
            ends_at=given.ends_at,
            wake_at=given.wake_at,
        )
        if epoch.ends_at is not None and not SETS.has(context.state, epoch.number + 1):
            raise ValueError(f".epoch.sets: the set of epoch {epoch.number + 1} is missing, and the epoch ends")
    begin_first_epoch(context, epoch)


def _export_epoch(state: StateReader) -> GenesisEpoch:
    epoch = EPOCH.require(state, None)
    return GenesisEpoch(
        number=epoch.number,
        start_height=epoch.start_height,
        started_at=epoch.started_at,
        ends_at=epoch.ends_at,
        wake_at=epoch.wake_at,
        sets=tuple(
            GenesisSet(epoch=number, validators=each.validators, ended_at=each.ended_at)
            for number, each in SETS.iterate(state)
        ),
        convictions=tuple(
            GenesisConviction(epoch=number, validator=validator, convicted_at=each.convicted_at, reporter=each.reporter)
            for (number, validator), each in CONVICTIONS.iterate(state)
        ),
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
