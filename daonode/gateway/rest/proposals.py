"""Proposals: what is decided, how it stands, and how it came there."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from msgspec import Meta

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.problems import invalid, not_found
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import (
    CurveJson,
    MessagesJson,
    StatusText,
    address_text,
    optional_hex,
    optional_time,
    raw_json,
)
from daonode.gateway.rest.listing import Cursor, Limit, given, read_all
from daonode.modules.governance.types import Status
from daonode.primitives.codec import U16
from daonode.primitives.ids import Address
from daonode.primitives.json_texts import AccountText, Count, Decimal, HexText, TimeText, decimal, hex_text, time_text
from daonode.stores.rows import MoveRow, ProposalRow
from daonode.stores.tables import MOVES, PROPOSALS

MAX_MOVES: Final = 100
"""Changes of status in a timeline; a proposal has a dozen at most."""
MAX_NUMBER: Final = 2**53 - 1
ProposalName = Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,15}|0x[0-9a-f]{64})$")]
"""A proposal's number, or its id."""
SearchText = Annotated[str, Meta(min_length=1, max_length=100)]


class ProposalsParameters(Parameters, frozen=True):
    """Which proposals. `q` is text in title or body, in any case."""

    status: Status | None = None
    track: U16 | None = None
    proposer: Address | None = None
    q: SearchText | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class ProposalParameters(Parameters, frozen=True):
    """One proposal, by number or id."""

    proposal: ProposalName


class TallyForm(Form, frozen=True):
    """The power behind each choice. `turnout` is all that was cast, `quorum` what must be, `electorate` what could."""

    yes: Decimal
    no: Decimal
    abstain: Decimal
    turnout: Decimal
    quorum: Decimal
    electorate: Decimal
    voters: Count


class ProposalSummary(Form, frozen=True):
    """A proposal without its text and its actions. `approval` is what yes must be of yes and no, `support` what yes
    must be of the electorate, in basis points over the decision period; `next_change` is when time alone moves it."""

    id: HexText
    number: Count
    status: StatusText
    title: str
    proposer: AccountText
    track: Count
    track_name: str
    kind: str
    tally: TallyForm
    approval: CurveJson
    support: CurveJson
    submitted_at: TimeText
    decision_starts: TimeText | None
    decision_ends: TimeText | None
    next_change: TimeText | None
    ended_at: TimeText | None
    updated_height: Count


class ProposalsPage(Form, frozen=True):
    """Proposals, the newest first."""

    items: list[ProposalSummary]
    next_cursor: str | None


class MoveForm(Form, frozen=True):
    """A change of status, seen at the end of a block; `before` is null for the first."""

    before: StatusText | None
    after: StatusText
    height: Count
    time: TimeText


class ProposalForm(ProposalSummary, frozen=True):
    """All of a proposal. `deposit` is what was deposited in all, `decision_deposit` what must be; `failure` says why
    its execution failed; `timeline` has every change of status, the oldest first."""

    body: str
    text_hash: HexText
    actions: MessagesJson
    deposit: Decimal
    decision_deposit: Decimal
    snapshot_height: Count
    submitted_height: Count
    tx_id: HexText | None
    passing_since: TimeText | None
    timelock_ends: TimeText | None
    grace_ends: TimeText | None
    failure: str | None
    timeline: list[MoveForm]


def list_proposals(asked: Asked, parameters: ProposalsParameters) -> ProposalsPage:
    """Proposals, the newest first.

    A search with `q` may give a page with few items and yet a next one: each looks at a bounded number of proposals.
    """
    question = Question(
        PROPOSALS,
        ("number",),
        given(status=parameters.status, track=parameters.track, proposer=parameters.proposer),
        descending=True,
        keep=None if parameters.q is None else partial(_matches, parameters.q.casefold()),
        search=parameters.q or "",
    )
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return ProposalsPage(items=[_summary(row) for row in page.items], next_cursor=page.next_cursor)


def get_proposal(asked: Asked, parameters: ProposalParameters) -> ProposalForm:
    """One proposal with its text, its actions and its timeline."""
    row = find_proposal(asked, parameters.proposal)
    moves = read_all(asked, Question(MOVES, ("height", "position"), {"proposal": row.id}), most=MAX_MOVES)
    summary = _summary(row)
    return ProposalForm(
        **{name: getattr(summary, name) for name in ProposalSummary.__struct_fields__},
        body=row.body,
        text_hash=hex_text(row.text_hash),
        actions=raw_json(row.actions),
        deposit=decimal(row.deposit),
        decision_deposit=decimal(row.decision_deposit),
        snapshot_height=row.snapshot_height,
        submitted_height=row.submitted_height,
        tx_id=optional_hex(row.tx_id),
        passing_since=optional_time(row.passing_since_ms),
        timelock_ends=optional_time(row.timelock_ends_ms),
        grace_ends=optional_time(row.grace_ends_ms),
        failure=row.failure,
        timeline=[_move(move) for move in moves],
    )


def find_proposal(asked: Asked, name: str) -> ProposalRow:
    """The proposal of a number or an id.

    Raises:
        Problem: there is none.
    """
    if name.startswith("0x"):
        row = asked.snapshot.get(PROPOSALS, bytes.fromhex(name[2:]))
    else:
        number = int(name)
        if number > MAX_NUMBER:
            raise invalid(f"proposal: expected a number up to {MAX_NUMBER}, got {number}")
        rows = read_all(asked, Question(PROPOSALS, ("number",), {"number": number}), most=1)
        row = rows[0] if rows else None
    if row is None:
        raise not_found(f"there is no proposal {name}", hint="a number such as 3, or an id of 0x and 64 hex digits")
    return row


def _matches(wanted: str, row: ProposalRow) -> bool:
    return wanted in row.title.casefold() or wanted in row.body.casefold()


def _summary(row: ProposalRow) -> ProposalSummary:
    return ProposalSummary(
        id=hex_text(row.id),
        number=row.number,
        status=row.status,
        title=row.title,
        proposer=address_text(row.proposer),
        track=row.track,
        track_name=row.track_name,
        kind=row.kind,
        tally=TallyForm(
            yes=decimal(row.yes),
            no=decimal(row.no),
            abstain=decimal(row.abstain),
            turnout=decimal(row.yes + row.no + row.abstain),
            quorum=decimal(row.quorum_power),
            electorate=decimal(row.electorate_power),
            voters=row.voters,
        ),
        approval=raw_json(row.approval),
        support=raw_json(row.support),
        submitted_at=time_text(row.submitted_at_ms),
        decision_starts=optional_time(row.decision_starts_ms),
        decision_ends=optional_time(row.decision_ends_ms),
        next_change=optional_time(row.next_change_ms),
        ended_at=optional_time(row.ended_at_ms),
        updated_height=row.updated_height,
    )


def _move(row: MoveRow) -> MoveForm:
    return MoveForm(before=row.before or None, after=row.after, height=row.height, time=time_text(row.time_ms))


ENDPOINTS: Final = (
    endpoint("/api/proposals", ProposalsParameters, ProposalsPage, list_proposals),
    endpoint("/api/proposals/{proposal}", ProposalParameters, ProposalForm, get_proposal),
)
