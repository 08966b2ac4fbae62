"""The scalars of the schema: how values of rows are written, and how what a client gives is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from graphql import GraphQLError, GraphQLSchema
from graphql.type import GraphQLScalarType

from daonode.primitives.addresses import (
    AddressError,
    decode_account,
    decode_validator,
    encode_account,
    encode_validator,
)
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.json_texts import MAX_COUNT
from daonode.primitives.positions import PositionError, parse_position
from daonode.primitives.times import TimeFormatError, format_time, parse_time
from daonode.primitives.units import U64_MAX

MAX_HEX_CHARACTERS: Final = 2 + 2 * 64
"""What a client gives as bytes is an id; the longest, a signature, has 64."""


@dataclass(frozen=True, slots=True)
class _Form:
    write: Callable[[object], object]
    read: Callable[[object], object]


def attach_scalars(schema: GraphQLSchema) -> None:
    """Give the scalars of a schema their forms."""
    for name, form in _FORMS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType), f"{name} is declared as a scalar"
        scalar.coerce_output_value = form.write
        scalar.coerce_input_value = form.read


def parse_hex(text: str) -> bytes:
    """Read `0x` and hex as bytes.

    Raises:
        GraphQLError: it is none.
    """
    digits = text.removeprefix("0x")
    if digits == text or len(text) > MAX_HEX_CHARACTERS or digits.lower() != digits:
        raise GraphQLError(f"expected 0x and lower-case hex, got {text[:64]!r}")
    try:
        return bytes.fromhex(digits) if digits.isalnum() else _refuse_hex(text)
    except ValueError:
        return _refuse_hex(text)


def _refuse_hex(text: str) -> bytes:
    raise GraphQLError(f"expected 0x and lower-case hex, got {text[:64]!r}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"expected a string, got {str(value)[:64]}")
    return value


def _read_address(value: object) -> object:
    try:
        return decode_account(_text(value))
    except AddressError as error:
        raise GraphQLError(str(error)) from None


def _read_validator(value: object) -> object:
    try:
        return decode_validator(_text(value))
    except AddressError as error:
        raise GraphQLError(str(error)) from None


def _read_position(value: object) -> object:
    try:
        return parse_position(_text(value))
    except PositionError as error:
        raise GraphQLError(str(error)) from None


def _read_time(value: object) -> object:
    try:
        return parse_time(_text(value))
    except TimeFormatError as error:
        raise GraphQLError(str(error)) from None


def _read_count(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise GraphQLError(f"expected a whole number from 0 to {MAX_COUNT}, got {str(value)[:64]}")
    return value


def _read_decimal(value: object) -> object:
    text = _text(value)
    if not (text.isascii() and text.isdecimal()) or len(text) > 20 or int(text) > U64_MAX:
        raise GraphQLError(f"expected a decimal string from 0 to {U64_MAX}, got {text[:64]!r}")
    return int(text)


def _read_nothing(value: object) -> object:
    raise GraphQLError("JSON is only ever given out")


def _write_bytes(value: object) -> str:
    assert isinstance(value, bytes), "Hex is of bytes"
    return "0x" + value.hex()


def _write_address(value: object) -> str:
    assert isinstance(value, bytes), "Address is of 32 bytes"
    return encode_account(Address(value))


def _write_validator(value: object) -> str:
    assert isinstance(value, bytes), "ValidatorAddress is of 32 bytes"
    return encode_validator(ValidatorId(value))


def _write_time(value: object) -> str:
    assert isinstance(value, int), "Time is of milliseconds"
    return format_time(value)


_DECIMAL: Final = _Form(str, _read_decimal)
_FORMS: Final = {
    "Address": _Form(_write_address, _read_address),
    "Amount": _DECIMAL,
    "Count": _Form(lambda value: value, _read_count),
    "Hex": _Form(_write_bytes, lambda value: parse_hex(_text(value))),
    "JSON": _Form(lambda value: value, _read_nothing),
    "Position": _Form(str, _read_position),
    "Time": _Form(_write_time, _read_time),
    "U64": _DECIMAL,
    "ValidatorAddress": _Form(_write_validator, _read_validator),
}
