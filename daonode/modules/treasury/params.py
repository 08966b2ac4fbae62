"""Parameters of the treasury."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Record


class TreasuryParams(Record, frozen=True):
    """`payouts_per_deadline` is how many deferred spends one deadline pays at most; the rest waits a block."""

    payouts_per_deadline: Annotated[int, Meta(ge=1, le=256)]


DEFAULT_PARAMS: Final = TreasuryParams(payouts_per_deadline=16)
