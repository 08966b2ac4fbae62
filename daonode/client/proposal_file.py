"""A proposal as people write it: a TOML file with title, body, track, deposit and actions.

    title = "Pay the auditors"
    track = "treasury"            # a track's name or number
    deposit = "1000"              # optional: base units of the native asset
    enactment = "2d"              # optional: a timelock longer than the track's
    body = \"\"\"
    Why, in Markdown.
    \"\"\"

    [[actions]]
    type = "treasury.Spend"

    [actions.value]
    ...

An action's value is the JSON form of its message: addresses in bech32m, amounts as decimal strings. Every error names
the place. Which tracks exist, and what a deposit must be, the chain knows and this file does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar, cast, get_args

import tomli_w

from daonode.client.errors import FileFormatError
from daonode.client.transactions import call_from_json
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES, Call
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.types import MAX_ACTIONS, MAX_TEXT_BYTES, MAX_TITLE_BYTES, ProposalKind, TrackId
from daonode.primitives.json_form import Json, JsonFormError, from_json, suggestion
from daonode.primitives.strict_toml import StrictTomlError, parse_toml
from daonode.primitives.times import format_duration
from daonode.primitives.units import Amount, DurationMs

MAX_FILE_BYTES: Final = 8 * MAX_TRANSACTION_BYTES
_FIELDS: Final = ("title", "track", "kind", "deposit", "enactment", "body", "actions")
_ACTION_FIELDS: Final = ("type", "value")
_KINDS: Final = cast("tuple[ProposalKind, ...]", get_args(ProposalKind))
T = TypeVar("T")
_TomlTable: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Action:
    """One message that a proposal executes: `module.Name`, and its fields in JSON form."""

    type: str
    value: dict[str, Json]


@dataclass(frozen=True, slots=True)
class ProposalFile:
    """What the file says. `track` is a name or a number; None for `deposit` and `enactment` takes the track's."""

    title: str
    body: str
    track: str | int
    actions: tuple[Action, ...] = ()
    kind: ProposalKind = "standard"
    deposit: Amount | None = None
    enactment: DurationMs | None = None

    def calls(self, registry: Registry) -> tuple[Call, ...]:
        """The actions as calls, or `FileFormatError` where one is no message of the chain."""
        return tuple(
            call_from_json(registry, action.type, action.value, place=f"actions[{index}].value")
            for index, action in enumerate(self.actions)
        )

    def message(self, registry: Registry, *, track: TrackId, deposit: Amount) -> SubmitProposal:
        """The message that submits it to a track, with the file's deposit where it has one; raises as `calls`."""
        return SubmitProposal(
            track=track,
            kind=self.kind,
            title=self.title,
            body=self.body,
            actions=self.calls(registry),
            deposit=deposit if self.deposit is None else self.deposit,
            enactment=self.enactment,
        )


def parse_proposal(data: bytes) -> ProposalFile:
    """Read a proposal file, or raise `FileFormatError`: the place and what would be right there."""
    try:
        table: _TomlTable = parse_toml(data, max_bytes=MAX_FILE_BYTES)
    except StrictTomlError as error:
        raise FileFormatError(place="the file", reason=str(error)) from error
    _check_fields(table, known=_FIELDS, place="")
    actions: object = table.get("actions", [])
    if not isinstance(actions, list):
        raise FileFormatError(place="actions", reason="expected tables that begin with [[actions]]")
    proposal = ProposalFile(
        title=_text(table, "title", place="title"),
        body=_text(table, "body", place="body"),
        track=_track(table),
        actions=tuple(_action(action, place=f"actions[{index}]") for index, action in enumerate(actions)),
        kind=_kind(table),
        deposit=_optional(table, "deposit", Amount),
        enactment=_optional(table, "enactment", DurationMs),
    )
    _check_limits(proposal)
    return proposal


def write_proposal(proposal: ProposalFile) -> bytes:
    """Write a proposal file that reads as the same value, or raise `FileFormatError` where it breaks a limit."""
    _check_limits(proposal)
    table: dict[str, object] = {"title": proposal.title, "track": proposal.track, "kind": proposal.kind}
    if proposal.deposit is not None:
        table["deposit"] = str(proposal.deposit)
    if proposal.enactment is not None:
        table["enactment"] = format_duration(proposal.enactment)
    table["body"] = proposal.body
    if proposal.actions:
        table["actions"] = [
            {"type": action.type, "value": _without_null(action.value, place=f"actions[{index}].value")}
            for index, action in enumerate(proposal.actions)
        ]
    plain = tomli_w.dumps(table)
    # Over several lines TOML does not keep carriage returns, so a text that has them stands on one.
    return (plain if "\\r" in plain else tomli_w.dumps(table, multiline_strings=True)).encode()


def _check_limits(proposal: ProposalFile) -> None:
    title_bytes, body_bytes = len(proposal.title.encode()), len(proposal.body.encode())
    if not proposal.title.strip() or title_bytes > MAX_TITLE_BYTES:
        raise FileFormatError(place="title", reason=f"expected 1 to {MAX_TITLE_BYTES} bytes, got {title_bytes}")
    if title_bytes + body_bytes > MAX_TEXT_BYTES:
        reason = f"title and body have at most {MAX_TEXT_BYTES} bytes together, got {title_bytes + body_bytes}"
        raise FileFormatError(place="body", reason=reason)
    if len(proposal.actions) > MAX_ACTIONS:
        raise FileFormatError(place="actions", reason=f"expected at most {MAX_ACTIONS}, got {len(proposal.actions)}")


def _check_fields(table: _TomlTable, *, known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            raise FileFormatError(place=f"{place}{name}", reason=f"unknown field; {suggestion(name, known)}")


def _text(table: _TomlTable, name: str, *, place: str) -> str:
    if name not in table:
        raise FileFormatError(place=place, reason="this field is missing")
    value = table[name]
    if not isinstance(value, str):
        raise FileFormatError(place=place, reason=f"expected text in quotes, got {value!r:.60}")
    return value


def _track(table: _TomlTable) -> str | int:
    value = table.get("track")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value:
        return value
    reason = "this field is missing" if "track" not in table else f"expected a name or a number, got {value!r:.60}"
    raise FileFormatError(place="track", reason=reason)


def _kind(table: _TomlTable) -> ProposalKind:
    given = table.get("kind", "standard")
    found = next((kind for kind in _KINDS if kind == given), None)
    if found is None:
        raise FileFormatError(place="kind", reason=f"{given!r:.60} is no kind; {suggestion(str(given)[:60], _KINDS)}")
    return found


def _optional(table: _TomlTable, name: str, form: type[T]) -> T | None:
    if name not in table:
        return None
    try:
        return from_json(table[name], form, name)
    except JsonFormError as error:
        raise FileFormatError(place=error.path, reason=error.reason) from error


def _action(value: object, *, place: str) -> Action:
    if not isinstance(value, dict):
        raise FileFormatError(place=place, reason="expected a table that begins with [[actions]]")
    _check_fields(value, known=_ACTION_FIELDS, place=f"{place}.")
    fields = value.get("value", {})
    if not isinstance(fields, dict):
        raise FileFormatError(place=f"{place}.value", reason="expected a table of the message's fields")
    return Action(
        type=_text(value, "type", place=f"{place}.type"),
        value={key: _json(item, place=f"{place}.value.{key}") for key, item in fields.items()},
    )


def _json(value: object, *, place: str) -> Json:
    """A TOML value as JSON; numbers with a point and times have no place in messages."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, list):
        return [_json(item, place=f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _json(item, place=f"{place}.{key}") for key, item in value.items()}
    raise FileFormatError(place=place, reason=f"expected text, a whole number, true or false, got {value!s:.60}")


def _without_null(value: Json, *, place: str) -> Json:
    """TOML has no null: a field that is null is left out, which reads as its default."""
    if value is None:
        raise FileFormatError(place=place, reason="TOML cannot hold null here")
    if isinstance(value, dict):
        present = {key: item for key, item in value.items() if item is not None}
        return {key: _without_null(item, place=f"{place}.{key}") for key, item in present.items()}
    if isinstance(value, list):
        return [_without_null(item, place=f"{place}[{index}]") for index, item in enumerate(value)]
    return value
