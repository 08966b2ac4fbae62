"""What the genesis document fixes for this module."""

from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Record
from daonode.primitives.ids import AssetId
from daonode.primitives.units import Bps

MAX_DECIMALS: Final = 18
Decimals = Annotated[int, Meta(ge=0, le=MAX_DECIMALS)]


class Params(Record, frozen=True):
    """`native` is the asset that fees are paid in, `native_votes` whether it carries votes.

    `proposer_fee_bps` is the share of a block's fees that its proposer receives; the treasury receives the rest.
    """

    native: AssetId
    native_votes: bool
    proposer_fee_bps: Bps
