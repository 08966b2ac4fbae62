"""Types of command-line values: durations, amounts of coins, addresses where no key's name is meant."""

from __future__ import annotations

import click

from daonode.primitives.ids import IdError, PublicKey, TxId, check_public_key, check_tx_id
from daonode.primitives.times import TimeFormatError, parse_duration
from daonode.primitives.units import U64_MAX


class Duration(click.ParamType[int]):
    """A whole number with a unit, `6s` or `7d`; the value is in milliseconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration(str(value))
        except TimeFormatError as error:
            self.fail(str(error), param, ctx)


class BaseUnits(click.ParamType[int]):
    """An amount in base units: an unsigned 64-bit number."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text."""
        text = str(value).replace("_", "")
        if not text.isascii() or not text.isdecimal() or int(text) > U64_MAX:
            self.fail(f"expected a whole number of base units from 0 to {U64_MAX}, got {value!r}", param, ctx)
        return int(text)


class TransactionId(click.ParamType[TxId]):
    """A transaction's id: 64 hex digits, `0x` before them or not."""

    name = "transaction id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> TxId:
        """Read the text."""
        try:
            return check_tx_id(bytes.fromhex(str(value).removeprefix("0x")))
        except (ValueError, IdError):
            self.fail(f"expected 0x and 64 hex digits, got {value!r}", param, ctx)


class KeyInHex(click.ParamType[PublicKey]):
    """An Ed25519 public key: 64 hex digits, `0x` before them or not."""

    name = "public key"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> PublicKey:
        """Read the text."""
        try:
            return check_public_key(bytes.fromhex(str(value).removeprefix("0x")))
        except (ValueError, IdError):
            self.fail(f"expected 0x and 64 hex digits, got {value!r}", param, ctx)


class RpcUrl(click.ParamType[str]):
    """Where a node answers."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text."""
        from daonode.client.errors import InvalidUrl
        from daonode.client.transport import check_url

        try:
            return check_url(str(value))
        except InvalidUrl as error:
            self.fail(str(error), param, ctx)


DURATION = Duration()
AMOUNT = BaseUnits()
TX_ID = TransactionId()
PUBLIC_KEY = KeyInHex()
RPC_URL = RpcUrl()
