"""Where epochs end, and who decides in the next one.

An epoch is due after `epoch_blocks` blocks or `epoch_duration`. At the end of the block at which that is seen the next
set is written down, and the epoch ends `NOTICE_HEIGHTS` blocks later. The state after an epoch's last block is that of
the next epoch. Until then a deadline keeps the chain going, so that an idle chain ends its epochs too.
"""

from itertools import islice
from typing import Literal

from msgspec.structs import replace

from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.ledger.table import U64_KEY
from daonode.modules.validators.bonds import NO_BOND, bond_of, weight
from daonode.modules.validators.events import EpochBegan, NextSetChosen, ValidatorJailed
from daonode.modules.validators.keys import CONVICTIONS, EPOCH, NAME, PARAMS, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.params import NOTICE_HEIGHTS, Params
from daonode.modules.validators.types import EpochSet, EpochState, ProposalCounts, ValidatorRecord
from daonode.primitives.ids import ValidatorId
from daonode.primitives.units import TimeMs

DEADLINE_ITEM = b"epoch"
SETS_DROPPED = 4
"""The most expired sets that the beginning of an epoch drops: more than it adds."""


def next_validators(state: StateReader, height: int) -> tuple[Validator, ...] | None:
    """Return the next epoch's validators where the block of `height` on this state ends its epoch, else None."""
    epoch = EPOCH.require(state, None)
    return SETS.require(state, epoch.number + 1).validators if epoch.ends_at == height else None


def begin_first_epoch(context: Context, epoch: EpochState) -> None:
    """Write down the epoch that a chain begins in."""
    EPOCH.set(context.state, None, epoch)
    context.schedule(epoch.wake_at, NAME, DEADLINE_ITEM)


def end_block(context: Context) -> None:
    """Choose the next set when the epoch is due, and begin the next epoch after the last block of this one."""
    epoch, params = EPOCH.require(context.state, None), PARAMS.require(context.state, None)
    if epoch.ends_at == context.block.height:
        _begin(context, epoch, params)
    elif epoch.ends_at is not None:
        _wake_at(context, epoch, context.block.time_ms + 1)
    elif _is_due(context, epoch, params):
        validators = choose_validators(context, epoch, params)
        SETS.set(context.state, epoch.number + 1, EpochSet(validators=validators, ended_at=None))
        ends_at = context.block.height + NOTICE_HEIGHTS
        context.emit(NextSetChosen(epoch=epoch.number + 1, validators=validators, begins_after=ends_at))
        _wake_at(context, replace(epoch, ends_at=ends_at), context.block.time_ms + 1)


def choose_validators(context: Context, epoch: EpochState, params: Params) -> tuple[Validator, ...]:
    """Jail the absent, and return the validators of the next epoch, ascending by id.

    They are those that weigh most of all that are eligible and weigh anything, of equal ones those with the lower ids.
    Where none does, the set stays as it is: a chain without validators could never have any again.
    """
    _jail_absent(context, params)
    eligible = [
        Validator(id=validator, public_key=record.public_key, power=power)
        for validator, record in VALIDATORS.iterate(context.state)
        if record.is_eligible and (power := _weight(context.state, params, validator, record))
    ]
    chosen = sorted(eligible, key=lambda each: (-each.power, each.id))[: params.set_size]
    if not chosen:
        return SETS.require(context.state, epoch.number).validators
    return tuple(sorted(chosen, key=lambda each: each.id))


def _weight(state: StateReader, params: Params, validator: ValidatorId, record: ValidatorRecord) -> int:
    return weight(params, power=record.power, bonded=bond_of(state, validator).amount)


def _jail_absent(context: Context, params: Params) -> None:
    now_ms = context.block.time_ms
    for count in PROPOSAL_COUNTS.require(context.state, None).counts:
        since = count.absent_since
        if since is None or count.missed < params.absence_turns or now_ms - since < params.absence_window:
            continue
        record = VALIDATORS.require(context.state, count.validator)
        if record.is_eligible:
            jail(context, count.validator, record, reason="absence", duration_ms=params.absence_jail)


def jail(
    context: Context,
    validator: ValidatorId,
    record: ValidatorRecord,
    *,
    reason: Literal["equivocation", "absence"],
    duration_ms: int,
) -> None:
    """Keep a validator out of every further set until it is let out."""
    until = TimeMs(max(record.jailed_until or 0, context.block.time_ms + duration_ms))
    VALIDATORS.set(context.state, validator, replace(record, jailed_until=until))
    context.emit(ValidatorJailed(validator=validator, reason=reason, until=until))


def _is_due(context: Context, epoch: EpochState, params: Params) -> bool:
    last_height = context.block.height + NOTICE_HEIGHTS
    is_old = context.block.time_ms >= epoch.started_at + params.epoch_duration
    return is_old or last_height - epoch.start_height >= params.epoch_blocks


def _begin(context: Context, over: EpochState, params: Params) -> None:
    time_ms = TimeMs(context.block.time_ms)
    SETS.set(context.state, over.number, replace(SETS.require(context.state, over.number), ended_at=time_ms))
    began = EpochState(
        number=over.number + 1,
        start_height=context.block.height,
        started_at=time_ms,
        ends_at=None,
        wake_at=over.wake_at,
    )
    _forget(context, began, params)
    context.emit(EpochBegan(epoch=began.number, validators=SETS.require(context.state, began.number).validators))
    _wake_at(context, began, time_ms + params.epoch_duration)


def _forget(context: Context, began: EpochState, params: Params) -> None:
    """Drop sets that evidence counts against no more, and validators that were removed and have nothing left to lose.

    Those are the ones whose epoch is over and whose bond is paid back.
    """
    members = {each.id for each in SETS.require(context.state, began.number).validators}
    gone = [
        validator
        for validator, record in VALIDATORS.iterate(context.state)
        if record.is_removed and validator not in members and bond_of(context.state, validator) == NO_BOND
    ]
    for validator in gone:
        VALIDATORS.delete(context.state, validator)
    if gone:
        counts = PROPOSAL_COUNTS.require(context.state, None).counts
        left = tuple(count for count in counts if count.validator not in gone)
        PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=left))
    oldest = islice(SETS.iterate(context.state), SETS_DROPPED)
    for number in [number for number, old in tuple(oldest) if _is_expired(old, params, began.started_at)]:
        SETS.delete(context.state, number)
        for key, _ in tuple(CONVICTIONS.iterate(context.state, prefix=U64_KEY.encode(number))):
            CONVICTIONS.delete(context.state, key)


def _is_expired(old: EpochSet, params: Params, now_ms: int) -> bool:
    return old.ended_at is not None and old.ended_at + params.evidence_period < now_ms


def _wake_at(context: Context, epoch: EpochState, time_ms: int) -> None:
    """Replace the deadline."""
    context.cancel(epoch.wake_at, NAME, DEADLINE_ITEM)
    EPOCH.set(context.state, None, replace(epoch, wake_at=TimeMs(time_ms)))
    context.schedule(time_ms, NAME, DEADLINE_ITEM)
