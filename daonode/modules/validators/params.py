"""The bounds of this module, and the parameters that the genesis document gives it."""

from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Record
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import DurationMs

MAX_VALIDATORS: Final = 128
"""How many validators a chain has at most: each is a vote a block, and a line of the record of proposals."""

MAX_POWER: Final = 2**32 - 1
"""A validator's greatest weight; as many as there may be still sum to less than 64 bits."""

MAX_MONIKER_CHARACTERS: Final = 64
MAX_NETWORK_ADDRESS_CHARACTERS: Final = 256

NOTICE_HEIGHTS: Final = 3
"""The set of the next epoch is known from the state so many heights before the last block of an epoch."""
MIN_EPOCH_BLOCKS: Final = NOTICE_HEIGHTS + 1


class Params(Record, frozen=True):
    """An epoch ends after so many blocks, or after so long in block time; whichever is first."""

    epoch_blocks: Annotated[int, Meta(ge=MIN_EPOCH_BLOCKS, le=2**32 - 1)] = 100_000
    epoch_duration: DurationMs = DurationMs(MS_PER_DAY)
