"""What stands in answers with a JSON form of its own (headers, proofs, a module's records): `JsonObject`."""

from __future__ import annotations

from typing import TypeAlias

from daonode.ledger.block import EventRecord
from daonode.ledger.registry import Registry
from daonode.ledger.shown import fields_of, message_of, shown
from daonode.ledger.transactions import Call
from daonode.primitives.codec import Record
from daonode.primitives.json_form import Json, to_json

JsonObject: TypeAlias = dict[str, object]
"""The JSON form of a value of another part."""


def json_object(value: Record | Json, type_: object = None) -> JsonObject:
    """The JSON form of a record, or one that was made already, as an object."""
    shown = to_json(value, type_) if isinstance(value, Record) else value
    assert isinstance(shown, dict), "records and modules' answers are written as objects"
    return dict(shown)


def call_value(registry: Registry, call: Call) -> JsonObject:
    """A message's fields; `{"body": hex}` where this chain has no such message."""
    return dict(shown(message_of(registry, call), body=call.body))


def event_value(registry: Registry, event: EventRecord) -> JsonObject:
    """An event's fields; `{"body": hex}` where its type is not known here."""
    return dict(shown(fields_of(registry, event), body=event.body))
