"""The bounds of this module, and the parameters that the genesis document gives it."""

from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Record
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import Amount, Bps, DurationMs

MAX_VALIDATORS: Final = 128
"""How many validators a chain has at most: each is a vote a block, and a line of the record of proposals."""

MAX_POWER: Final = 2**32 - 1
"""A validator's greatest weight; as many as there may be still sum to less than 64 bits."""

MAX_MONIKER_CHARACTERS: Final = 64
MAX_NETWORK_ADDRESS_CHARACTERS: Final = 256

NOTICE_HEIGHTS: Final = 3
"""The set of the next epoch is known from the state so many heights before the last block of an epoch."""
MIN_EPOCH_BLOCKS: Final = NOTICE_HEIGHTS + 1

MAX_RETURNS: Final = 8
"""The parts of a validator's bond that are on their way back at a time, but for the last one of who was removed."""


class Params(Record, frozen=True):
    """The parameters of the genesis document.

    An epoch ends after `epoch_blocks` or `epoch_duration`, whichever is first, and its set has at most `set_size`
    validators. Whoever is shown to have signed what no honest validator signs is jailed for `equivocation_jail`, if
    that comes within `evidence_period` after the epoch. Whoever failed its last `absence_turns` turns at least, over
    `absence_window` at least, is jailed for `absence_jail`.

    Whoever is shown to have equivocated loses `slashed_share` of its bond. A bond is paid back `unbond_delay` after it
    was asked for. Where `bond_unit` is 0 the given powers decide; else a validator weighs 1 for each `bond_unit` base
    units of its bond, its given power at most.
    """

    epoch_blocks: Annotated[int, Meta(ge=MIN_EPOCH_BLOCKS, le=2**32 - 1)] = 100_000
    epoch_duration: DurationMs = DurationMs(MS_PER_DAY)
    set_size: Annotated[int, Meta(ge=1, le=MAX_VALIDATORS)] = MAX_VALIDATORS
    evidence_period: DurationMs = DurationMs(21 * MS_PER_DAY)
    equivocation_jail: DurationMs = DurationMs(7 * MS_PER_DAY)
    absence_turns: Annotated[int, Meta(ge=1, le=2**32 - 1)] = 10
    absence_window: DurationMs = DurationMs(MS_PER_DAY)
    absence_jail: DurationMs = DurationMs(MS_PER_DAY)
    unbond_delay: DurationMs = DurationMs(23 * MS_PER_DAY)
    slashed_share: Bps = Bps(500)
    bond_unit: Amount = Amount(0)

    @property
    def least_unbond_delay(self) -> int:
        """No validator is paid back before evidence against it has expired: it may be in the next set already."""
        return self.evidence_period + 2 * self.epoch_duration
