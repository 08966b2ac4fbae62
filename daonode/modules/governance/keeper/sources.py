"""Where a track's power comes from."""

from __future__ import annotations

from daonode.ledger.state import StateReader
from daonode.modules.governance.expected import AccountsKeeper, IdentityKeeper, PowerSource
from daonode.modules.governance.types import Track
from daonode.primitives.ids import Address


class Sources:
    """The power sources of tracks: the native token, or membership."""

    def __init__(self, accounts: AccountsKeeper, identity: IdentityKeeper) -> None:
        self._accounts = accounts
        self._identity = identity

    def of_track(self, state: StateReader, track: Track) -> PowerSource:
        """The source that the track's `weight_fn` names."""
        if track.weight_fn == "member":
            return self._identity.power_source()
        return self._accounts.power_source(self._accounts.native_asset(state))

    def is_elector(self, state: StateReader, *, track: Track, account: Address, height: int) -> bool:
        """Whether the account may cast a ballot, if it has power, given who it was at the end of `height`."""
        if track.electorate == "all":
            return True
        return self._identity.power_source().power_at(state, account=account, height=height) > 0
