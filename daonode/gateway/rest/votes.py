"""Votes: the ballots as they count now."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import ChoiceText, address_text, optional_hex
from daonode.gateway.rest.listing import Cursor, Limit, given
from daonode.gateway.rest.proposals import ProposalName, find_proposal
from daonode.modules.governance.types import Choice
from daonode.primitives.ids import Address
from daonode.primitives.json_texts import AccountText, Count, Decimal, HexText, TimeText, decimal, hex_text, time_text
from daonode.primitives.positions import POSITION_PATTERN, Position, PositionText, parse_position
from daonode.stores.rows import VoteRow
from daonode.stores.tables import VOTES

ORDER: Final = ("height", "position")
Since = Annotated[str, Meta(max_length=32, pattern=POSITION_PATTERN)]
"""`height:index`: what follows this position, the oldest first."""


class VotesParameters(Parameters, frozen=True):
    """Which votes. With `since`, those after this position, the oldest first; else the newest first."""

    proposal: ProposalName | None = None
    voter: Address | None = None
    choice: Choice | None = None
    since: Since | None = None
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class VoteForm(Form, frozen=True):
    """A ballot. `weight` is its power; `position` that of the event which cast or changed it last."""

    proposal: HexText
    proposal_number: Count
    voter: AccountText
    choice: ChoiceText
    weight: Decimal
    reason: str
    position: PositionText
    time: TimeText
    tx_id: HexText | None


class VotesPage(Form, frozen=True):
    """Votes."""

    items: list[VoteForm]
    next_cursor: str | None


def list_votes(asked: Asked, parameters: VotesParameters) -> VotesPage:
    """Votes, the newest first; with `since` those after a position, the oldest first."""
    proposal = None if parameters.proposal is None else find_proposal(asked, parameters.proposal).id
    where = given(proposal=proposal, voter=parameters.voter, choice=parameters.choice)
    question = Question(VOTES, ORDER, where, descending=parameters.since is None)
    page = read_page(
        asked.snapshot,
        question,
        limit=parameters.limit,
        cursor=parameters.cursor,
        begin_after=place_after(parameters.since),
    )
    return VotesPage(items=[vote_form(row) for row in page.items], next_cursor=page.next_cursor)


def place_after(since: str | None) -> tuple[int, int] | None:
    """The place in the order of events after which a list with `since` begins."""
    if since is None:
        return None
    position = parse_position(since)
    return position.height, position.index


def vote_form(row: VoteRow) -> VoteForm:
    """A vote as it is answered."""
    return VoteForm(
        proposal=hex_text(row.proposal),
        proposal_number=row.proposal_number,
        voter=address_text(row.voter),
        choice=row.choice,
        weight=decimal(row.weight),
        reason=row.reason,
        position=Position(row.height, row.position).text(),
        time=time_text(row.time_ms),
        tx_id=optional_hex(row.tx_id),
    )


ENDPOINTS: Final = (endpoint("/api/votes", VotesParameters, VotesPage, list_votes),)
