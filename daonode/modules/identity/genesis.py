"""The identity section of the genesis document: into state, and back."""

from collections.abc import Sequence

from daonode.ledger.context import Context
from daonode.ledger.history import EMPTY_HISTORY, Checkpoint, History, is_well_formed, latest
from daonode.ledger.history import record as record_history
from daonode.ledger.state import StateReader
from daonode.modules.identity.errors import UnreadableText
from daonode.modules.identity.keys import MEMBER_AT_INDEX, MEMBERS, MEMBERSHIP, REGISTRARS
from daonode.modules.identity.params import MAX_REGISTRARS
from daonode.modules.identity.text import check_text
from daonode.modules.identity.types import About, Member, MemberAtIndex, Membership, Name, Registrar, Role
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address
from daonode.primitives.units import TimeMs


class GenesisRegistrar(Record, frozen=True):
    """Who may register and remove members."""

    account: Address
    active: bool = True


class GenesisMember(Record, frozen=True):
    """A member; its index is its place in the list.

    In an exported chain `active` is false for who was a member once, `registrar` and `registered_at` say who registered
    it and when, and `membership` is its past.
    """

    account: Address
    name: Name
    role: Role = ""
    about: About = ""
    active: bool = True
    registrar: Address | None = None
    registered_at: TimeMs | None = None
    membership: tuple[Checkpoint, ...] = ()


class IdentityGenesis(Record, frozen=True):
    """The whole section; `member_count` is the past of the number of members, in an exported chain."""

    registrars: tuple[GenesisRegistrar, ...] = ()
    members: tuple[GenesisMember, ...] = ()
    member_count: tuple[Checkpoint, ...] = ()


def init_genesis(context: Context, genesis: IdentityGenesis) -> None:
    """Write the initial members. Raises `ValueError` that names the path within the section."""
    if len(genesis.registrars) > MAX_REGISTRARS:
        raise ValueError(f".registrars: expected at most {MAX_REGISTRARS}, got {len(genesis.registrars)}")
    _check_unique([registrar.account for registrar in genesis.registrars], where="registrars")
    _check_unique([member.account for member in genesis.members], where="members")
    for registrar in genesis.registrars:
        REGISTRARS.set(context.state, registrar.account, Registrar(active=registrar.active))
    for index, member in enumerate(genesis.members):
        _check_member(member, path=f".members[{index}]")
        _write_member(context, member, index=index)
    active = sum(member.active for member in genesis.members)
    count = History(genesis.member_count)
    if genesis.member_count and not (is_well_formed(count) and latest(count) == active):
        raise ValueError(f".member_count: expected ascending checkpoints that end with {active}")
    if not genesis.member_count:
        count = _initial(context, active)
    MEMBERSHIP.set(context.state, None, Membership(next_index=len(genesis.members), count=count))


def export_genesis(state: StateReader) -> IdentityGenesis:
    """Return the section that recreates this state, to the byte."""
    members = []
    for _, at_index in MEMBER_AT_INDEX.iterate(state):
        member = MEMBERS.require(state, at_index.account)
        members.append(
            GenesisMember(
                account=at_index.account,
                name=member.name,
                role=member.role,
                about=member.about,
                active=bool(latest(member.membership)),
                registrar=member.registrar,
                registered_at=member.registered_at,
                membership=member.membership.checkpoints,
            )
        )
    return IdentityGenesis(
        registrars=tuple(
            GenesisRegistrar(account=account, active=registrar.active)
            for account, registrar in REGISTRARS.iterate(state)
        ),
        members=tuple(members),
        member_count=MEMBERSHIP.require(state, None).count.checkpoints,
    )


def _check_unique(accounts: Sequence[Address], *, where: str) -> None:
    first: dict[Address, int] = {}
    for index, account in enumerate(accounts):
        if account in first:
            raise ValueError(f".{where}[{index}].account: the same as that of .{where}[{first[account]}]")
        first[account] = index


def _check_member(member: GenesisMember, *, path: str) -> None:
    for field, text in (("name", member.name), ("about", member.about)):
        try:
            check_text(text, field=field)
        except UnreadableText as error:
            raise ValueError(f"{path}.{error.message}; {error.hint}") from error
    history = History(member.membership)
    if member.membership and not (is_well_formed(history) and latest(history) == member.active):
        raise ValueError(f"{path}.membership: expected ascending checkpoints that end with {int(member.active)}")


def _write_member(context: Context, member: GenesisMember, *, index: int) -> None:
    past = History(member.membership)
    record = Member(
        name=member.name,
        role=member.role,
        about=member.about,
        index=index,
        registrar=member.registrar,
        registered_at=TimeMs(context.block.time_ms) if member.registered_at is None else member.registered_at,
        membership=past if member.membership else _initial(context, int(member.active)),
    )
    MEMBERS.set(context.state, member.account, record)
    MEMBER_AT_INDEX.set(context.state, index, MemberAtIndex(account=member.account))


def _initial(context: Context, value: int) -> History:
    return record_history(EMPTY_HISTORY, height=context.block.height, value=value, live=())
