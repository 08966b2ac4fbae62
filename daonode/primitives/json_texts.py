"""The texts and numbers that answers in JSON consist of, and how values are written as them.

Each has its own type, so that an answer's declared type says what stands on the wire: bytes are `0x` and hex, u64 and
amounts decimal strings, addresses bech32m, times RFC 3339; heights, rounds, indices and counts are numbers.
"""

from typing import Annotated, Final, NewType

from msgspec import Meta

from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.times import format_time

MAX_COUNT: Final = 2**53 - 1
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
