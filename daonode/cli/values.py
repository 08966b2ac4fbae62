"""What the texts of a command line stand for, by the type of the field that they are for.

A text is the field's JSON form, or parsed as JSON where the field wants something else than text. Where an account is
meant, the name of a key in the home does too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast, get_type_hints

import rich_click as click
from msgspec.structs import fields

from daonode.cli.session import Session
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address
from daonode.primitives.json_form import Json, JsonFormError, from_json, suggestion
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

FILE_LIMITS: Final = JsonLimits(max_bytes=4 * 1024 * 1024, max_depth=64, max_values=100_000)
"""Of a file with the messages of one transaction, whose own size is bounded further."""


def json_value(session: Session, name: str, hint: object, text: str) -> Json:
    """The JSON form of one value, or a usage error that names the field."""
    form = cast("type[object]", hint)
    if hint in (Address, Address | None):
        return encode_account(session.address(text))
    try:
        from_json(text, form, name)
    except JsonFormError as error:
        try:
            parsed = parse_json(text.encode(), FILE_LIMITS)
            from_json(parsed, form, name)
        except (StrictJsonError, JsonFormError):
            raise click.UsageError(str(error)) from error
        return parsed
    return text


def record_value(session: Session, record: type[Record], assignments: tuple[str, ...]) -> dict[str, Json]:
    """The JSON form of a record from texts `field=value`; fields that have defaults may be left out."""
    names = tuple(field.name for field in fields(record))
    hints = get_type_hints(record, include_extras=True)
    values: dict[str, Json] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise click.UsageError(f"{assignment!r}: expected field=value")
        if name not in names:
            raise click.UsageError(f"{record.__name__} has no field {name!r}; {suggestion(name, names)}")
        values[name] = json_value(session, name, hints[name], text)
    return values


def read_messages(path: Path) -> list[tuple[str, dict[str, Json]]]:
    """Types and values of the messages in a JSON file: one object `{"type", "value"}`, or a list of them."""
    try:
        parsed = parse_json(path.read_bytes(), FILE_LIMITS)
    except StrictJsonError as error:
        raise click.UsageError(f"{path}: {error}") from error
    messages: list[tuple[str, dict[str, Json]]] = []
    for index, item in enumerate(parsed if isinstance(parsed, list) else [parsed]):
        type_, value = (item.get("type"), item.get("value", {})) if isinstance(item, dict) else (None, None)
        if not isinstance(type_, str) or not isinstance(value, dict):
            raise click.UsageError(f'{path}: [{index}]: expected {{"type": "module.Name", "value": {{...}}}}')
        messages.append((type_, value))
    return messages
