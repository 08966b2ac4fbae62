"""One function a message. All but `payout` ask governance, in the keeper, whether the caller is a running execution."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.ledger.context import Context
from daonode.ledger.module import Handler
from daonode.ledger.typed import handles
from daonode.modules.treasury.keeper import TreasuryKeeper
from daonode.modules.treasury.messages import ApproveSpend, Payout, SetOutflowLimit, VoidSpend
from daonode.primitives.codec import Record


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: TreasuryKeeper) -> None:
        self._keeper = keeper

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {
            ApproveSpend: handles(ApproveSpend, self._keeper.approve),
            Payout: handles(Payout, self.payout),
            VoidSpend: handles(VoidSpend, self.void_spend),
            SetOutflowLimit: handles(SetOutflowLimit, self._keeper.set_outflow_limit),
        }

    def payout(self, context: Context, message: Payout) -> None:
        """Anyone has a due spend tried."""
        self._keeper.payout(context, self._keeper.spend(context.state, message.spend))

    def void_spend(self, context: Context, message: VoidSpend) -> None:
        """A proposal of the same track, or of a higher one, takes a spend back."""
        self._keeper.void(context, self._keeper.spend(context.state, message.spend))
