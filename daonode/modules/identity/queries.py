"""What can be asked about members."""

from collections.abc import Mapping

from daonode.ledger.errors import QueryError
from daonode.ledger.history import latest
from daonode.ledger.module import Query, QueryContext
from daonode.ledger.paging import DEFAULT_PAGE, MAX_SCANNED, PageLimit, read_number
from daonode.ledger.typed import answers
from daonode.modules.identity.keeper import IdentityKeeper
from daonode.modules.identity.types import About, Member, Name, Role
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address
from daonode.primitives.units import TimeMs


class MemberArguments(Record, frozen=True):
    """Which member."""

    account: Address


class MembersArguments(Record, frozen=True):
    """A page: where the last one ended, how many, and whether those who are no longer members belong to it."""

    cursor: str | None = None
    limit: PageLimit = DEFAULT_PAGE
    include_former: bool = False


class RegistrarsArguments(Record, frozen=True):
    """Nothing."""


class MemberResult(Record, frozen=True):
    """One member, or who was one; `registrar` is null for members of the genesis document."""

    account: Address
    index: U64
    name: Name
    role: Role
    about: About
    active: bool
    registrar: Address | None
    registered_at: TimeMs


class MembersResult(Record, frozen=True):
    """A page by index, the cursor of the next one, and how many are members in all."""

    items: tuple[MemberResult, ...]
    next_cursor: str | None
    total: U64


class RegistrarResult(Record, frozen=True):
    """One registrar."""

    account: Address
    active: bool


class RegistrarsResult(Record, frozen=True):
    """All registrars, ascending by account."""

    items: tuple[RegistrarResult, ...]


class Queries:
    """The queries of this module."""

    def __init__(self, keeper: IdentityKeeper) -> None:
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Query]:
        """Return each query under its name."""
        return {
            "member": answers(MemberArguments, MemberResult, self.member),
            "members": answers(MembersArguments, MembersResult, self.members),
            "registrars": answers(RegistrarsArguments, RegistrarsResult, self.registrars),
        }

    def member(self, context: QueryContext, arguments: MemberArguments) -> MemberResult:
        """One member, or who was one."""
        found = self._keeper.member(context.state, arguments.account)
        if found is None:
            raise QueryError(
                f"{encode_account(arguments.account)} is not and was not a member",
                hint="the query identity members lists who is",
                not_found=True,
            )
        return _result(arguments.account, found)

    def members(self, context: QueryContext, arguments: MembersArguments) -> MembersResult:
        """A page of members. A registration between two pages neither drops nor repeats anyone."""
        items: list[MemberResult] = []
        next_cursor: str | None = None
        last_index = None if arguments.cursor is None else read_number(arguments.cursor)
        for scanned, (account, member) in enumerate(self._keeper.members_after(context.state, last_index)):
            if len(items) == arguments.limit or scanned == MAX_SCANNED:
                next_cursor = str(last_index)
                break
            last_index = member.index
            if arguments.include_former or latest(member.membership):
                items.append(_result(account, member))
        total = self._keeper.member_count(context.state)
        return MembersResult(items=tuple(items), next_cursor=next_cursor, total=total)

    def registrars(self, context: QueryContext, _: RegistrarsArguments) -> RegistrarsResult:
        """All registrars."""
        return RegistrarsResult(
            items=tuple(
                RegistrarResult(account=account, active=registrar.active)
                for account, registrar in self._keeper.registrars(context.state)
            )
        )


def _result(account: Address, member: Member) -> MemberResult:
    return MemberResult(
        account=account,
        index=member.index,
        name=member.name,
        role=member.role,
        about=member.about,
        active=bool(latest(member.membership)),
        registrar=member.registrar,
        registered_at=member.registered_at,
    )
