"""The only access to this module's state: registrars, members, and the voting power of membership.

A keeper holds no state of the chain: only who observes it, which is fixed when the chain's modules are put together.
"""

from collections.abc import Iterator

import msgspec

from daonode.ledger.context import Context
from daonode.ledger.history import EMPTY_HISTORY, History, latest, record
from daonode.ledger.snapshots import live
from daonode.ledger.state import StateReader
from daonode.modules.identity.errors import AlreadyMember, NotAMember
from daonode.modules.identity.expected import PowerObserver
from daonode.modules.identity.keys import MEMBER_AT_INDEX, MEMBERS, MEMBERSHIP, REGISTRARS
from daonode.modules.identity.power import SOURCE_NAME, MemberPower
from daonode.modules.identity.types import Member, MemberAtIndex, Membership, Registrar
from daonode.primitives.ids import Address
from daonode.primitives.units import TimeMs


class IdentityKeeper:
    """Members and registrars, for this module's handlers and for the modules that were given it."""

    def __init__(self) -> None:
        self._observers: list[PowerObserver] = []

    def subscribe(self, observer: PowerObserver) -> None:
        """Have an observer told of every beginning and end of a membership, in the order of subscription."""
        self._observers.append(observer)

    def power_source(self) -> MemberPower:
        """Return the voting power that membership gives, one each."""
        return MemberPower()

    def is_member(self, state: StateReader, account: Address) -> bool:
        """Say whether the account is a member now."""
        found = MEMBERS.get(state, account)
        return found is not None and bool(latest(found.membership))

    def is_registrar(self, state: StateReader, account: Address) -> bool:
        """Say whether the account is an active registrar."""
        found = REGISTRARS.get(state, account)
        return found is not None and found.active

    def registrars(self, state: StateReader) -> Iterator[tuple[Address, Registrar]]:
        """Yield every registrar, ascending by account."""
        return REGISTRARS.iterate(state)

    def member(self, state: StateReader, account: Address) -> Member | None:
        """Return who is or was a member, or None."""
        return MEMBERS.get(state, account)

    def members_after(self, state: StateReader, index: int | None) -> Iterator[tuple[Address, Member]]:
        """Yield everyone who is or was a member, by index, from the one after `index` on."""
        for _, at_index in MEMBER_AT_INDEX.iterate(state, after=index):
            yield at_index.account, MEMBERS.require(state, at_index.account)

    def member_count(self, state: StateReader) -> int:
        """Return how many are members now."""
        return latest(self._membership(state).count)

    def begin_membership(self, context: Context, *, account: Address, name: str, role: str) -> Member:
        """Make an account a member on the word of the caller; one who was a member keeps its index.

        Raises `AlreadyMember`.
        """
        state = context.state
        former = MEMBERS.get(state, account)
        if former is not None and latest(former.membership):
            raise AlreadyMember(account=account)
        membership = self._membership(state)
        index = membership.next_index if former is None else former.index
        member = Member(
            name=name,
            role=role,
            about="",
            index=index,
            registrar=context.caller,
            registered_at=TimeMs(context.block.time_ms),
            membership=EMPTY_HISTORY if former is None else former.membership,
        )
        if former is None:
            MEMBER_AT_INDEX.set(state, index, MemberAtIndex(account=account))
            membership = msgspec.structs.replace(membership, next_index=index + 1)
        self._set_membership(context, account=account, member=member, membership=membership, value=1)
        return member

    def end_membership(self, context: Context, account: Address) -> None:
        """Make an account no member. Raises `NotAMember`."""
        member = self.require_member(context.state, account)
        self._set_membership(
            context, account=account, member=member, membership=self._membership(context.state), value=0
        )

    def require_member(self, state: StateReader, account: Address) -> Member:
        """Return a present member, or raise `NotAMember`."""
        found = MEMBERS.get(state, account)
        if found is None or not latest(found.membership):
            raise NotAMember(account=account)
        return found

    def set_about(self, context: Context, *, account: Address, about: str) -> None:
        """Replace what a member says about itself. Raises `NotAMember`."""
        member = self.require_member(context.state, account)
        MEMBERS.set(context.state, account, msgspec.structs.replace(member, about=about))

    def _set_membership(
        self, context: Context, *, account: Address, member: Member, membership: Membership, value: int
    ) -> None:
        """Write a member and the count of members with a membership of `value`, 0 or 1, and tell the observers."""
        before = latest(member.membership)
        changed = _recorded(context, member.membership, value=value)
        count = _recorded(context, membership.count, value=latest(membership.count) + value - before)
        MEMBERS.set(context.state, account, msgspec.structs.replace(member, membership=changed))
        MEMBERSHIP.set(context.state, None, msgspec.structs.replace(membership, count=count))
        for observer in self._observers:
            observer.on_power_changed(context, source=SOURCE_NAME, account=account, before=before, after=value)

    @staticmethod
    def _membership(state: StateReader) -> Membership:
        return MEMBERSHIP.require(state, None)


def _recorded(context: Context, history: History, *, value: int) -> History:
    return record(history, height=context.block.height, value=value, live=live(context.state))
