"""Members, present and former."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.interface import Genesis, Moment, on, run_handlers
from daonode.indexer.projection.progress import load, save
from daonode.ledger.history import latest
from daonode.modules.identity.events import MemberLeft, MemberRegistered, MemberRemoved, ProfileSet
from daonode.modules.identity.keys import MEMBERS as STATE_MEMBERS
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address
from daonode.stores.rows import MemberRow, PointRow, Row
from daonode.stores.tables import MEMBERS, POINTS, Table

NAME: Final = "identity"
_COUNT: Final = b"members"


class MemberCount(Record, frozen=True):
    """How many are members."""

    value: U64


def member_count(draft: Draft) -> int:
    """How many are members after the events so far."""
    found = load(draft, NAME, _COUNT, MemberCount)
    return 0 if found is None else found.value


class IdentityProjection:
    """Who is a member."""

    tables: Sequence[Table[Row]] = ()

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """The members of the genesis document."""
        header = genesis.initial.header
        active = 0
        for account, member in STATE_MEMBERS.iterate(genesis.state):
            is_active = bool(latest(member.membership))
            active += is_active
            draft.put(
                MEMBERS,
                MemberRow(
                    account=account,
                    member_index=member.index,
                    name=member.name,
                    role=member.role,
                    about=member.about,
                    active=is_active,
                    registrar=member.registrar,
                    registered_at_ms=member.registered_at,
                    votes_cast=0,
                    proposals_made=0,
                ),
            )
        _set_count(draft, active, height=header.height, time_ms=header.time_ms)

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Memberships that begin and end, and what members say of themselves."""
        run_handlers(_HANDLERS, draft, block)


def _set_count(draft: Draft, count: int, *, height: int, time_ms: int) -> None:
    save(draft, NAME, _COUNT, MemberCount(count))
    draft.put(POINTS, PointRow("members", "", time_ms, height, count))


def _member(draft: Draft, account: Address) -> MemberRow:
    row = draft.get(MEMBERS, account)
    assert row is not None, "who leaves was registered"
    return row


def _on_registered(draft: Draft, moment: Moment, event: MemberRegistered) -> None:
    former = draft.get(MEMBERS, event.account)
    draft.put(
        MEMBERS,
        MemberRow(
            account=event.account,
            member_index=event.index,
            name=event.name,
            role=event.role,
            about="",
            active=True,
            registrar=event.registrar,
            registered_at_ms=moment.time_ms,
            votes_cast=0 if former is None else former.votes_cast,
            proposals_made=0 if former is None else former.proposals_made,
        ),
    )
    _set_count(draft, member_count(draft) + 1, height=moment.height, time_ms=moment.time_ms)


def _on_ended(draft: Draft, moment: Moment, event: MemberRemoved | MemberLeft) -> None:
    draft.put(MEMBERS, replace(_member(draft, event.account), active=False))
    _set_count(draft, member_count(draft) - 1, height=moment.height, time_ms=moment.time_ms)


def _on_profile(draft: Draft, _: Moment, event: ProfileSet) -> None:
    draft.put(MEMBERS, replace(_member(draft, event.account), about=event.about))


_HANDLERS: Final = dict(
    (
        on(MemberRegistered, _on_registered),
        on(MemberRemoved, _on_ended),
        on(MemberLeft, _on_ended),
        on(ProfileSet, _on_profile),
    )
)
