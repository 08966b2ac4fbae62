"""Proposals for several commands: finding the one that a text names, and showing one.

A text names a proposal by its number, its id, or the beginning of an id that no other proposal shares; the short form
in which a list shows an id names it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import rich_click as click

from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.output import JsonObject
from daonode.cli.session import Session
from daonode.cli.wording import distance, gauge, named, percentage
from daonode.client.answers import Answer
from daonode.client.transactions import describe_call
from daonode.ledger.paging import MAX_PAGE
from daonode.ledger.transactions import Call
from daonode.modules.governance.types import ProposalId, Track
from daonode.primitives.ids import HASH_BYTES
from daonode.primitives.json_form import Json, from_json, suggestion
from daonode.primitives.times import format_time, parse_time
from daonode.primitives.units import Amount

MAX_SEARCHED = 10_000
"""How many proposals are looked at for one whose id begins with a prefix."""
MIN_PREFIX_DIGITS = 4
_NUMBER = re.compile(r"#?[0-9]{1,19}")
_PREFIX = re.compile(r"(0x[0-9a-f]*)(?:\.\.\.([0-9a-f]*))?")
_TIMES = (
    ("submitted_at", "submitted", "submitted"),
    ("decision_starts", "vote begins", "vote began"),
    ("decision_closes", "vote ends", "vote ended"),
    ("timelock_ends", "executes", "timelock to"),
    ("grace_ends", "expires", "grace to"),
    ("ended_at", "ended", "ended"),
)
"""Fields, and what they are called while they are to come and when they have passed."""


def find_proposal(session: Session, text: str) -> JsonObject:
    """The proposal that a text names, as governance answers it.

    Raises:
        UsageError: the text is no number and no id, or begins several ids.
        CommandFailed, NotFound: there is none.
    """
    text = text.lower()
    if _NUMBER.fullmatch(text) or len(text.removeprefix("0x")) == 2 * HASH_BYTES:
        return session.rpc.proposal(text)
    parts = _PREFIX.fullmatch(text)
    if parts is None or len(parts[1]) < len("0x") + MIN_PREFIX_DIGITS:
        raise click.UsageError(
            f"{text!r} names no proposal: give its number, or its id from 0x and {MIN_PREFIX_DIGITS} digits on"
        )
    found = [
        each
        for each in all_proposals(session)
        if str(each["id"]).startswith(parts[1]) and str(each["id"]).endswith(parts[2] or "")
    ]
    if not found:
        raise CommandFailed(f"no proposal's id begins with {text}", code=ExitCode.NOT_FOUND)
    if len(found) > 1:
        numbers = ", ".join(str(each["number"]) for each in found)
        raise click.UsageError(f"{text} begins the ids of proposals {numbers}: give more digits")
    return session.rpc.proposal(str(found[0]["id"]))


def find_proposal_id(session: Session, text: str) -> ProposalId:
    """The id of the proposal that a text names; raises as `find_proposal`."""
    return from_json(find_proposal(session, text)["id"], ProposalId, "id")


def all_proposals(session: Session) -> Iterator[JsonObject]:
    """Proposals from the newest on, `MAX_SEARCHED` at most."""
    filters: JsonObject = {"limit": MAX_PAGE}
    for _ in range(MAX_SEARCHED // MAX_PAGE):
        page = Answer(session.rpc.proposals(filters), place="dao_listProposals")
        yield from (item.data for item in page.items("items"))
        if not page.has("next_cursor"):
            return
        filters["cursor"] = page.text("next_cursor")


def find_track(session: Session, name: str | int) -> Track:
    """The track with a name or number, or a usage error that lists them."""
    tracks = [from_json(item.data, Track, item.place) for item in _tracks(session).items("items")]
    for track in tracks:
        if str(name) in (track.name, str(track.id)):
            return track
    raise click.UsageError(f"no track {name!r}; {suggestion(str(name), tuple(track.name for track in tracks))}")


def deposit_due(session: Session, track: Track) -> Amount:
    """What a proposal on a track has to deposit now, so that it goes on at once: it rises with those that are live."""
    for item in _tracks(session).items("deposits"):
        if item.number("track") == track.id:
            return from_json(item.data["decision"], Amount, f"{item.place}.decision")
    return track.decision_deposit


def _tracks(session: Session) -> Answer:
    return Answer(session.rpc.query("governance", "tracks"), place="governance.tracks")


def with_decoded_actions(session: Session, proposal: JsonObject) -> JsonObject:
    """The proposal with its actions as `{type, value}` instead of encoded."""
    registry = session.genesis.registry
    calls = [from_json(item.data, Call, item.place) for item in Answer(proposal, place="proposal").items("actions")]
    actions: list[Json] = [describe_call(call, registry) for call in calls]
    return {**proposal, "actions": actions}


def proposal_text(session: Session, proposal: JsonObject) -> str:
    """A proposal, its actions decoded, for people; times by the node's clock."""
    status = session.rpc.status()
    now_ms = status.time_ms if status.clock_ms is None else status.clock_ms
    names = session.names()
    answer = Answer(proposal, place="proposal")
    track = find_track(session, answer.number("track"))
    lines = [
        f"Proposal {answer.number('number')}: {answer.text('title')}",
        "",
        _row("status", _status_line(answer, now_ms=now_ms)),
        _row("track", track.name),
        _row("proposer", named(answer.text("proposer"), names)),
        *_tally_lines(answer),
        "",
    ]
    for field, coming, past in _TIMES:
        if answer.has(field):
            time_ms = answer.read(field, parse_time)
            # What would come after an end does not.
            if time_ms <= now_ms or not answer.has("ended_at"):
                name = past if time_ms <= now_ms else coming
                lines.append(_row(name, f"{distance(time_ms, now_ms=now_ms)} ({format_time(time_ms)})"))
    lines += ["", *_action_lines(answer, names), _row("id", answer.text("id"))]
    if answer.text("error"):
        lines.append(_row("error", answer.text("error")))
    return "\n".join(lines)


def _status_line(answer: Answer, *, now_ms: int) -> str:
    status = answer.text("status").replace("_", " ")
    if not answer.has("next_change"):
        return status
    return f"{status}, changes {distance(answer.read('next_change', parse_time), now_ms=now_ms)}"


def _tally_lines(answer: Answer) -> list[str]:
    tally = answer.inner("tally")
    cast, electorate = tally.number("turnout"), tally.number("electorate")
    lines: list[str] = []
    for name in ("yes", "no", "abstain"):
        power = tally.number(name)
        lines.append(_row(name, f"{gauge(power, cast)} {percentage(power, cast):>6}  {power}"))
    reached = "reached" if cast >= tally.number("quorum") else "not reached"
    quorum = percentage(tally.number("quorum"), electorate)
    return [*lines, _row("turnout", f"{percentage(cast, electorate)} of all power; quorum {quorum} {reached}")]


def _action_lines(answer: Answer, names: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for place, action in enumerate(answer.items("actions"), start=1):
        lines.append(_row(f"action {place}", action.text("type")))
        if action.has("value"):
            for name, value in action.inner("value").data.items():
                if value is not None:
                    lines.append(_row("", f"  {name}: {named(str(value), names)}"))
    return lines or [_row("actions", "none")]


def _row(name: str, value: str) -> str:
    return f"{name:<12}{value}"
