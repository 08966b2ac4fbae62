"""Messages and events as they are shown: decoded by the chain's own types, as raw bytes where it has none for them."""

from __future__ import annotations

from daonode.ledger.block import EventRecord
from daonode.ledger.errors import InvalidEncoding, UnknownMessage
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import Call
from daonode.primitives.codec import DecodeError, Record, decode
from daonode.primitives.json_form import Json, to_json


def message_of(registry: Registry, call: Call) -> Record | None:
    """A call's message, None where this chain has no such message or the bytes are none."""
    try:
        return registry.decode_call(call)
    except (UnknownMessage, InvalidEncoding):
        return None


def fields_of(registry: Registry, event: EventRecord) -> Record | None:
    """An event's fields, None where its type is not known here."""
    type_ = registry.event_types.get(event.type)
    try:
        return None if type_ is None else decode(event.body, type_)
    except DecodeError:
        return None


def shown(fields: Record | None, *, body: bytes) -> dict[str, Json]:
    """The JSON form of a message or an event; `{"body": hex}` where its fields are not known."""
    form: Json = {"body": f"0x{body.hex()}"} if fields is None else to_json(fields)
    assert isinstance(form, dict), "records are written as objects"
    return form
