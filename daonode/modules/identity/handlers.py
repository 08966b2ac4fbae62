"""One function for each message: who may, then what the keeper does."""

from collections.abc import Mapping

from daonode.ledger.context import Context
from daonode.ledger.module import Handler
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.ledger.typed import handles
from daonode.modules.identity.errors import NotARegistrar
from daonode.modules.identity.events import MemberLeft, MemberRegistered, MemberRemoved, ProfileSet
from daonode.modules.identity.keeper import IdentityKeeper
from daonode.modules.identity.messages import LeaveMember, RegisterMember, RemoveMember, SetProfile
from daonode.modules.identity.text import check_text
from daonode.primitives.codec import Record


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: IdentityKeeper) -> None:
        self._keeper = keeper

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {
            RegisterMember: handles(RegisterMember, self.register_member),
            RemoveMember: handles(RemoveMember, self.remove_member),
            LeaveMember: handles(LeaveMember, self.leave_member),
            SetProfile: handles(SetProfile, self.set_profile),
        }

    def register_member(self, context: Context, message: RegisterMember) -> None:
        """A registrar makes an account a member."""
        self._require_registrar(context)
        check_text(message.name, field="name")
        member = self._keeper.begin_membership(context, account=message.account, name=message.name, role=message.role)
        context.emit(
            MemberRegistered(
                account=message.account,
                index=member.index,
                name=member.name,
                role=member.role,
                registrar=context.caller,
            )
        )

    def remove_member(self, context: Context, message: RemoveMember) -> None:
        """A registrar ends an account's membership."""
        self._require_registrar(context)
        self._keeper.end_membership(context, message.account)
        context.emit(MemberRemoved(account=message.account, remover=context.caller))

    def leave_member(self, context: Context, _: LeaveMember) -> None:
        """A member ends its own membership."""
        self._keeper.end_membership(context, context.caller)
        context.emit(MemberLeft(account=context.caller))

    def set_profile(self, context: Context, message: SetProfile) -> None:
        """A member says something about itself."""
        check_text(message.about, field="about")
        self._keeper.set_about(context, account=context.caller, about=message.about)
        context.emit(ProfileSet(account=context.caller, about=message.about))

    def _require_registrar(self, context: Context) -> None:
        if context.caller != ROOT_ADDRESS and not self._keeper.is_registrar(context.state, context.caller):
            raise NotARegistrar(account=context.caller)
