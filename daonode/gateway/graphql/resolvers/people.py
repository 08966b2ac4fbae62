"""Members, accounts, delegations and balances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers.arguments import filters, finder, newest_or_since
from daonode.gateway.graphql.resolvers.forms import Account
from daonode.gateway.paging import Page, Question
from daonode.modules.governance.types import MAX_TRACKS
from daonode.primitives.positions import Position
from daonode.stores.rows import (
    AssetRow,
    BalanceRow,
    DelegationRow,
    LimitRow,
    MemberRow,
    ProposalRow,
    SpendRow,
    TrackRow,
    TransactionRow,
    VoteRow,
)
from daonode.stores.tables import (
    ASSETS,
    BALANCES,
    DELEGATIONS,
    MEMBERS,
    PROPOSALS,
    TRACKS,
    TRANSACTIONS,
    VOTES,
)

MAX_BALANCES: Final = 1_000
"""Assets of one account that are shown."""


def member(_: object, reading: Reading, *, address: bytes) -> MemberRow | None:
    return reading.get(MEMBERS, address)


def members(
    _: object,
    reading: Reading,
    *,
    first: int,
    active: bool | None = None,
    search: str | None = None,
    after: str | None = None,
) -> Page[MemberRow]:
    holds = finder(search)
    question = Question(
        MEMBERS,
        ("member_index",),
        filters(active=active),
        keep=None if search is None else lambda row: holds(row.name) or holds(row.role) or holds(row.about),
        search=search or "",
    )
    return reading.page(question, first=first, after=after)


def balances(account: Account, reading: Reading) -> list[BalanceRow]:
    return reading.every(BALANCES, order=("account", "asset"), where={"account": account.address}, most=MAX_BALANCES)


def delegations(account: Account, reading: Reading) -> list[DelegationRow]:
    where = {"delegator": account.address}
    return reading.every(DELEGATIONS, order=("delegator", "track"), where=where, most=MAX_TRACKS)


def delegators(account: Account, reading: Reading, *, first: int, after: str | None = None) -> Page[DelegationRow]:
    question = Question(DELEGATIONS, ("track", "delegator"), {"delegate": account.address})
    return reading.page(question, first=first, after=after)


def votes(
    account: Account,
    reading: Reading,
    *,
    first: int,
    choice: str | None = None,
    since: Position | None = None,
    after: str | None = None,
) -> Page[VoteRow]:
    where = filters(voter=account.address, choice=choice)
    return newest_or_since(VOTES, reading, where, since=since, first=first, after=after)


def proposals(
    account: Account, reading: Reading, *, first: int, status: str | None = None, after: str | None = None
) -> Page[ProposalRow]:
    question = Question(PROPOSALS, ("number",), filters(proposer=account.address, status=status), descending=True)
    return reading.page(question, first=first, after=after)


def transactions(account: Account, reading: Reading, *, first: int, after: str | None = None) -> Page[TransactionRow]:
    question = Question(TRANSACTIONS, ("height", "position"), {"sender": account.address}, descending=True)
    return reading.page(question, first=first, after=after)


def asset_of(row: BalanceRow | SpendRow | LimitRow, reading: Reading) -> AssetRow | None:
    return reading.get(ASSETS, row.asset)


def track_of(delegation: DelegationRow, reading: Reading) -> TrackRow | None:
    return reading.get(TRACKS, delegation.track)


FIELDS: Final[Mapping[str, Callable[..., object]]] = {
    "Query.member": member,
    "Query.members": members,
    "Query.account": lambda _, __, *, address: Account(address),
    "Member.account": lambda row, _: Account(row.account),
    "Member.address": lambda row, _: row.account,
    "Member.index": lambda row, _: row.member_index,
    "Member.registrar": lambda row, _: None if row.registrar is None else Account(row.registrar),
    "Account.member": lambda account, reading: reading.get(MEMBERS, account.address),
    "Account.balances": balances,
    "Account.delegations": delegations,
    "Account.delegators": delegators,
    "Account.votes": votes,
    "Account.proposals": proposals,
    "Account.transactions": transactions,
    "Delegation.track": track_of,
    "Delegation.delegator": lambda row, _: Account(row.delegator),
    "Delegation.delegate": lambda row, _: Account(row.delegate),
    "Balance.account": lambda row, _: Account(row.account),
    "Balance.asset": asset_of,
}
