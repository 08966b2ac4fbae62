"""What stands in answers with a JSON form of its own (headers, proofs, a module's records): `JsonObject`."""

from __future__ import annotations

from typing import TypeAlias

from daonode.ledger.block import EventRecord
from daonode.ledger.errors import InvalidEncoding, UnknownMessage
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import Call
from daonode.primitives.codec import DecodeError, Record, decode
from daonode.primitives.json_form import Json, to_json
from daonode.primitives.json_texts import hex_text

JsonObject: TypeAlias = dict[str, object]
"""The JSON form of a value of another part."""


def json_object(value: Record | Json, type_: object = None) -> JsonObject:
    """The JSON form of a record, or one that was made already, as an object."""
    shown = to_json(value, type_) if isinstance(value, Record) else value
    assert isinstance(shown, dict), "records and modules' answers are written as objects"
    return dict(shown)


def call_value(registry: Registry, call: Call) -> JsonObject:
    """A message's fields; `{"body": hex}` where this chain has no such message."""
    try:
        return json_object(registry.decode_call(call))
    except (UnknownMessage, InvalidEncoding):
        return {"body": hex_text(call.body)}


def event_value(registry: Registry, event: EventRecord) -> JsonObject:
    """An event's fields; `{"body": hex}` where its type is not known here."""
    type_ = registry.event_types.get(event.type)
    if type_ is not None:
        try:
            return json_object(decode(event.body, type_))
        except DecodeError:
            pass
    return {"body": hex_text(event.body)}
