"""Where epochs end, and who decides in the next one.

An epoch is due after `epoch_blocks` blocks or `epoch_duration`. At the end of the block at which that is seen the next
set is written down, and the epoch ends `NOTICE_HEIGHTS` blocks later. The state after an epoch's last block is that of
the next epoch. Until then a deadline keeps the chain going, so that an idle chain ends its epochs too.
"""

from msgspec.structs import replace

from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.validators.events import EpochBegan, NextSetChosen
from daonode.modules.validators.keys import EPOCH, NAME, PARAMS, SETS, VALIDATORS
from daonode.modules.validators.params import NOTICE_HEIGHTS, Params
from daonode.modules.validators.types import EpochSet, EpochState
from daonode.primitives.units import TimeMs

DEADLINE_ITEM = b"epoch"


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
        validators = choose_validators(context)
        SETS.set(context.state, epoch.number + 1, EpochSet(validators=validators, ended_at=None))
        ends_at = context.block.height + NOTICE_HEIGHTS
        context.emit(NextSetChosen(epoch=epoch.number + 1, validators=validators, begins_after=ends_at))
        _wake_at(context, replace(epoch, ends_at=ends_at), context.block.time_ms + 1)


def choose_validators(context: Context) -> tuple[Validator, ...]:
    """Return the validators of the next epoch, ascending by id."""
    return tuple(
        Validator(id=validator, public_key=record.public_key, power=record.power)
        for validator, record in VALIDATORS.iterate(context.state)
    )


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
    context.emit(EpochBegan(epoch=began.number, validators=SETS.require(context.state, began.number).validators))
    _wake_at(context, began, time_ms + params.epoch_duration)


def _wake_at(context: Context, epoch: EpochState, time_ms: int) -> None:
    """Replace the deadline."""
    context.cancel(epoch.wake_at, NAME, DEADLINE_ITEM)
    EPOCH.set(context.state, None, replace(epoch, wake_at=TimeMs(time_ms)))
    context.schedule(time_ms, NAME, DEADLINE_ITEM)
