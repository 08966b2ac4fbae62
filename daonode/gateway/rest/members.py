"""Members, and what an account is and has."""

from __future__ import annotations

from functools import partial
from typing import Final

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.problems import not_found
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import BalanceForm, address_text, optional_address
from daonode.gateway.rest.listing import Cursor, Limit, given, read_all
from daonode.gateway.rest.proposals import SearchText
from daonode.gateway.rest.votes import ORDER, VoteForm, vote_form
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address
from daonode.primitives.json_texts import AccountText, Count, Decimal, TimeText, account_text, decimal, time_text
from daonode.stores.rows import DelegationRow, MemberRow
from daonode.stores.tables import ASSETS, BALANCES, DELEGATIONS, MEMBERS, VOTES

MAX_DELEGATIONS: Final = 100
"""Delegations that an answer lists, each way; the newest votes likewise are `DEFAULT_PAGE`."""
MAX_BALANCES: Final = 256
"""As many as a chain has assets."""


class MembersParameters(Parameters, frozen=True):
    """Which members. `q` is text in the name, in any case, or the beginning of an address."""

    active: bool | None = None
    q: SearchText | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class AddressParameters(Parameters, frozen=True):
    """One account."""

    address: Address


class MemberForm(Form, frozen=True):
    """Whoever is a member (`active`) or was one; `member_index` is the place in the order of first registration."""

    address: AccountText
    member_index: Count
    name: str
    role: str
    about: str
    active: bool
    registrar: AccountText | None
    registered_at: TimeText
    votes_cast: Count
    proposals_made: Count


class MembersPage(Form, frozen=True):
    """Members, in the order of their first registration."""

    items: list[MemberForm]
    next_cursor: str | None


class DelegationForm(Form, frozen=True):
    """A delegation on a track, since a height, and the power that moved when it began."""

    track: Count
    delegator: AccountText
    delegate: AccountText
    power: Decimal
    height: Count


class DelegationsForm(Form, frozen=True):
    """The delegations of an account: `given` to others, and `received`, at most 100 of each."""

    given: list[DelegationForm]
    received: list[DelegationForm]


class AccountForm(Form, frozen=True):
    """What an account is and has. An address that never appeared is no member and holds nothing."""

    address: AccountText
    member: MemberForm | None
    balances: list[BalanceForm]
    delegations: DelegationsForm


class MemberDetail(MemberForm, frozen=True):
    """A member with what it holds, its delegations and its newest votes; `/api/votes?voter=` has all votes."""

    balances: list[BalanceForm]
    delegations: DelegationsForm
    votes: list[VoteForm]


def list_members(asked: Asked, parameters: MembersParameters) -> MembersPage:
    """Members, in the order of their first registration.

    A search with `q` may give a page with few items and yet a next one: each looks at a bounded number of members.
    """
    question = Question(
        MEMBERS,
        ("member_index",),
        given(active=parameters.active),
        keep=None if parameters.q is None else partial(_matches, parameters.q.casefold()),
        search=parameters.q or "",
    )
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return MembersPage(items=[member_form(row) for row in page.items], next_cursor=page.next_cursor)


def get_member(asked: Asked, parameters: AddressParameters) -> MemberDetail:
    """One member with what it holds, its delegations and its newest votes."""
    row = asked.snapshot.get(MEMBERS, parameters.address)
    if row is None:
        address = encode_account(parameters.address)
        raise not_found(f"{address} never was a member", hint=f"what it holds is at /api/accounts/{address}")
    form = member_form(row)
    newest = Question(VOTES, ORDER, {"voter": row.account}, descending=True)
    return MemberDetail(
        **{name: getattr(form, name) for name in MemberForm.__struct_fields__},
        balances=_balances(asked, parameters.address),
        delegations=_delegations(asked, parameters.address),
        votes=[vote_form(vote) for vote in read_all(asked, newest, most=DEFAULT_PAGE)],
    )


def get_account(asked: Asked, parameters: AddressParameters) -> AccountForm:
    """What any account is and has."""
    row = asked.snapshot.get(MEMBERS, parameters.address)
    return AccountForm(
        address=account_text(parameters.address),
        member=None if row is None else member_form(row),
        balances=_balances(asked, parameters.address),
        delegations=_delegations(asked, parameters.address),
    )


def member_form(row: MemberRow) -> MemberForm:
    """A member as it is answered."""
    return MemberForm(
        address=address_text(row.account),
        member_index=row.member_index,
        name=row.name,
        role=row.role,
        about=row.about,
        active=row.active,
        registrar=optional_address(row.registrar),
        registered_at=time_text(row.registered_at_ms),
        votes_cast=row.votes_cast,
        proposals_made=row.proposals_made,
    )


def _matches(wanted: str, row: MemberRow) -> bool:
    return wanted in row.name.casefold() or address_text(row.account).startswith(wanted)


def _balances(asked: Asked, account: Address) -> list[BalanceForm]:
    rows = read_all(asked, Question(BALANCES, ("asset",), {"account": account}), most=MAX_BALANCES)
    return [
        BalanceForm(asset=row.asset, amount=decimal(row.amount), decimals=_decimals(asked, row.asset)) for row in rows
    ]


def _decimals(asked: Asked, asset: str) -> int:
    row = asked.snapshot.get(ASSETS, asset)
    return 0 if row is None else row.decimals


def _delegations(asked: Asked, account: Address) -> DelegationsForm:
    given_away = read_all(asked, Question(DELEGATIONS, ("track",), {"delegator": account}), most=MAX_DELEGATIONS)
    received = Question(DELEGATIONS, ("track", "delegator"), {"delegate": account})
    return DelegationsForm(
        given=[_delegation(row) for row in given_away],
        received=[_delegation(row) for row in read_all(asked, received, most=MAX_DELEGATIONS)],
    )


def _delegation(row: DelegationRow) -> DelegationForm:
    return DelegationForm(
        track=row.track,
        delegator=address_text(row.delegator),
        delegate=address_text(row.delegate),
        power=decimal(row.power),
        height=row.height,
    )


ENDPOINTS: Final = (
    endpoint("/api/members", MembersParameters, MembersPage, list_members),
    endpoint("/api/members/{address}", AddressParameters, MemberDetail, get_member),
    endpoint("/api/accounts/{address}", AddressParameters, AccountForm, get_account),
)
