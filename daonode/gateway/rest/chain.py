"""The chain as a whole: where it stands, who validates it, by which rules it decides."""

from __future__ import annotations

from typing import Final

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_page
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.forms import TrackJson, address_text, raw_json
from daonode.gateway.rest.listing import Cursor, Limit
from daonode.primitives.ids import ValidatorId, check_hash
from daonode.primitives.json_texts import (
    AccountText,
    Count,
    Decimal,
    HexText,
    TimeText,
    ValidatorText,
    decimal,
    hex_text,
    time_text,
    validator_text,
)
from daonode.stores.rows import ValidatorRow
from daonode.stores.tables import BLOCKS, TRACKS, VALIDATORS


class NoParameters(Parameters, frozen=True):
    """Nothing."""


class PageParameters(Parameters, frozen=True):
    """Which page."""

    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class StatusForm(Form, frozen=True):
    """Where the store stands: its last block, and the time between that and the block before it. `node_height` is that
    of a node, null while none answers: what it is ahead has yet to be indexed."""

    chain_id: str
    genesis_hash: HexText
    height: Count
    block_id: HexText
    time: TimeText
    interval_ms: Count
    node_height: Count | None


class ValidatorForm(Form, frozen=True):
    """A validator. `missed` counts the rounds that failed under its lead; `last_proposed_height` is 0 before its first
    block."""

    id: ValidatorText
    public_key: HexText
    power: Decimal
    moniker: str
    payout_account: AccountText
    address: str
    proposed: Count
    missed: Count
    last_proposed_height: Count


class ValidatorsPage(Form, frozen=True):
    """Validators, by id."""

    items: list[ValidatorForm]
    next_cursor: str | None


class TrackForm(Form, frozen=True):
    """A kind of proposal; `rules` has all of its rules."""

    id: Count
    name: str
    weight: str
    rules: TrackJson


class TracksPage(Form, frozen=True):
    """Tracks, by id."""

    items: list[TrackForm]
    next_cursor: str | None


def get_status(asked: Asked, _: NoParameters) -> StatusForm:
    """Where the store stands."""
    block = asked.snapshot.get(BLOCKS, asked.head.height)
    return StatusForm(
        chain_id=asked.head.chain_id,
        genesis_hash=hex_text(asked.head.genesis_hash),
        height=asked.head.height,
        block_id=hex_text(asked.head.block_id),
        time=time_text(asked.head.time_ms),
        interval_ms=0 if block is None else block.interval_ms,
        node_height=asked.node_height,
    )


def list_validators(asked: Asked, parameters: PageParameters) -> ValidatorsPage:
    """Validators, by id."""
    question = Question(VALIDATORS, ("id",), {})
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    return ValidatorsPage(items=[_validator(row) for row in page.items], next_cursor=page.next_cursor)


def list_tracks(asked: Asked, parameters: PageParameters) -> TracksPage:
    """Tracks, by id: the kinds of proposals, each with its rules."""
    question = Question(TRACKS, ("id",), {})
    page = read_page(asked.snapshot, question, limit=parameters.limit, cursor=parameters.cursor)
    tracks = [TrackForm(id=row.id, name=row.name, weight=row.weight, rules=raw_json(row.rules)) for row in page.items]
    return TracksPage(items=tracks, next_cursor=page.next_cursor)


def _validator(row: ValidatorRow) -> ValidatorForm:
    return ValidatorForm(
        id=validator_text(ValidatorId(check_hash(row.id))),
        public_key=hex_text(row.public_key),
        power=decimal(row.power),
        moniker=row.moniker,
        payout_account=address_text(row.payout_account),
        address=row.address,
        proposed=row.proposed,
        missed=row.missed,
        last_proposed_height=row.last_proposed_height,
    )


ENDPOINTS: Final = (
    endpoint("/api/status", NoParameters, StatusForm, get_status, is_live=True),
    endpoint("/api/validators", PageParameters, ValidatorsPage, list_validators),
    endpoint("/api/tracks", PageParameters, TracksPage, list_tracks),
)
