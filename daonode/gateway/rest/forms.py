"""Forms that several resources share, and how the JSON that rows hold stands in answers: as it is."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

from msgspec import Raw

from daonode.gateway.rest.endpoint import Form
from daonode.modules.governance.types import Choice, Curve, Status, Track
from daonode.primitives.ids import Address, check_hash
from daonode.primitives.json_schema import FormOf
from daonode.primitives.json_texts import (
    AccountText,
    Count,
    Decimal,
    HexText,
    TimeText,
    account_text,
    hex_text,
    time_text,
)

MAX_ADDRESSES: Final = 16_384
"""Addresses whose texts are remembered: each takes 20 microseconds to make, and the same ones come again and again."""


class MessageForm(Form, frozen=True):
    """A message or an action; `value` holds its fields."""

    type: str
    value: dict[str, object]


class BalanceForm(Form, frozen=True):
    """An amount of an asset in base units; people put the point `decimals` digits from the right."""

    asset: str
    amount: Decimal
    decimals: Count


StatusText = Annotated[str, FormOf(Status)]
ChoiceText = Annotated[str, FormOf(Choice)]
MessagesJson = Annotated[Raw, FormOf(list[MessageForm])]
CurveJson = Annotated[Raw, FormOf(Curve)]
TrackJson = Annotated[Raw, FormOf(Track)]
ObjectJson = Annotated[Raw, FormOf(dict[str, object])]


def raw_json(text: str) -> Raw:
    """JSON that is written already."""
    return Raw(text.encode())


@lru_cache(maxsize=MAX_ADDRESSES)
def address_text(data: bytes) -> AccountText:
    """A row's account."""
    return account_text(Address(check_hash(data)))


def optional_address(data: bytes | None) -> AccountText | None:
    """A row's account, if there is one."""
    return None if data is None else address_text(data)


def optional_hex(data: bytes | None) -> HexText | None:
    """A row's id, if there is one."""
    return None if data is None else hex_text(data)


def optional_time(time_ms: int | None) -> TimeText | None:
    """A row's time, if there is one."""
    return None if time_ms is None else time_text(time_ms)
