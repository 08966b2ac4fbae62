"""The texts and numbers that answers consist of, and how values are written as them.

Each has its own type, so that an answer's declared type says what stands on the wire: bytes are `0x` and hex, u64 and
amounts decimal strings, addresses bech32m, times RFC 3339; heights, rounds, indices and counts are numbers. What has a
JSON form of its own (headers, proofs, a module's records) stands in it as it is: `JsonObject`.
"""

from __future__ import annotations

from typing import Annotated, NewType, TypeAlias

from msgspec import Meta

from daonode.ledger.block import EventRecord
from daonode.ledger.errors import InvalidEncoding, UnknownMessage
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import Call
from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.codec import DecodeError, Record, decode
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.json_form import Json, to_json
from daonode.primitives.times import format_time

MAX_COUNT = 2**53 - 1
"""The largest number that every JSON reader takes exactly."""

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
"""A height, round, index or count."""

Decimal = NewType("Decimal", Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,19})$")])
"""A u64 as a decimal string."""

HexText = NewType("HexText", Annotated[str, Meta(pattern=r"^0x([0-9a-f]{2})*$")])
"""Bytes."""

AccountText = NewType("AccountText", Annotated[str, Meta(pattern=r"^dao1[0-9a-z]+$")])
ValidatorText = NewType("ValidatorText", Annotated[str, Meta(pattern=r"^daoval1[0-9a-z]+$")])
TimeText = NewType("TimeText", Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$")])

JsonObject: TypeAlias = dict[str, object]
"""The JSON form of a value of another part."""


def hex_text(data: bytes) -> HexText:
    """Bytes as text."""
    return HexText("0x" + data.hex())


def decimal(number: int) -> Decimal:
    """A number as a decimal string."""
    return Decimal(str(number))


def account_text(address: Address) -> AccountText:
    """An account's address."""
    return AccountText(encode_account(address))


def validator_text(validator: ValidatorId) -> ValidatorText:
    """A validator's address."""
    return ValidatorText(encode_validator(validator))


def time_text(time_ms: int) -> TimeText:
    """Block time."""
    return TimeText(format_time(time_ms))


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
