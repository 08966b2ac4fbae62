"""Voting power by membership: one for each member, at a past height."""

from dataclasses import dataclass
from typing import Final

from daonode.ledger.history import value_at
from daonode.ledger.state import StateReader
from daonode.modules.identity.keys import MEMBERS, MEMBERSHIP
from daonode.primitives.ids import Address

SOURCE_NAME: Final = "member"


@dataclass(frozen=True, slots=True)
class MemberPower:
    """One for each member. Exact at the heights of live snapshots and from the block before the present one on."""

    name: str = SOURCE_NAME

    def power_at(self, state: StateReader, *, account: Address, height: int) -> int:
        """Return 1 where the account was a member at the end of `height`, else 0."""
        found = MEMBERS.get(state, account)
        return 0 if found is None else value_at(found.membership, height)

    def total_power_at(self, state: StateReader, *, height: int) -> int:
        """Return how many were members at the end of `height`."""
        found = MEMBERSHIP.get(state, None)
        return 0 if found is None else value_at(found.count, height)
