"""Parameters of governance that hold for all tracks."""

from __future__ import annotations

from typing import Final

from daonode.primitives.codec import U16, U32, U64, Record
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import BPS_MAX, Bps, DurationMs

MIN_EXECUTION_GAS: Final = 10_000
MAX_EXECUTION_GAS: Final = 4_000_000
MAX_PERIOD_MS: Final = 366 * MS_PER_DAY
"""The longest that any phase of a proposal may be made to last."""


class GovernanceParams(Record, frozen=True):
    """What does not depend on the track.

    `deposit_period` is how long a proposal waits for its decision deposit; `execution_gas` is what the automatic
    execution of one proposal's actions may use at the end of its timelock.

    `free_proposals` is how many live proposals a track has before deposits rise; `deposit_rise` is by how much of the
    track's own deposits each one beyond raises them; `cancel_burn` is the share of its deposits that a proposal loses
    when it is cancelled while it is being decided.
    """

    deposit_period: DurationMs
    execution_gas: U64
    free_proposals: U16 = 8
    deposit_rise: U32 = BPS_MAX
    cancel_burn: Bps = Bps(BPS_MAX // 2)


DEFAULT_PARAMS: Final = GovernanceParams(deposit_period=DurationMs(7 * MS_PER_DAY), execution_gas=2_000_000)
