"""Signing in with a wallet: a text in the form of CAIP-122 that a member signs, and the session that follows from it.

A nonce is made of its time and sealed, so that any gateway with the same secret takes it; it is used once at each. The
signature is over the text under a tag of its own: it can never be that of a transaction. A session is a token that says
whose it is and until when, sealed likewise; nobody keeps it, so signing out is forgetting it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import msgspec

from daonode.gateway.problems import Problem, invalid
from daonode.gateway.secret import derive
from daonode.httpd.refusal import Refusal
from daonode.primitives.addresses import AddressError, decode_account, encode_account
from daonode.primitives.ids import Address, ChainId, Hash
from daonode.primitives.times import TimeFormatError, format_time, parse_time
from daonode.primitives.units import TimeMs

STATEMENT: Final = "Sign in as a member of this DAO. This costs nothing and changes nothing on the chain."
LOGIN_MS: Final = 10 * 60 * 1_000
"""How long after its nonce was made a text may be signed and sent, at most."""
SESSION_MS: Final = 12 * 60 * 60 * 1_000
CLOCK_MS: Final = 60 * 1_000
"""How far the clock of a wallet may be ahead."""
MAX_TEXT_CHARACTERS: Final = 4_096
MAX_USED_NONCES: Final = 65_536
"""Nonces of the last minutes that were used; with as many in ten minutes, nobody else signs in for a while."""
SESSION_PREFIX: Final = "ds_"
_NONCE: Final = re.compile(r"([0-9a-f]{12})([0-9a-f]{16})([0-9a-f]{32})")
_FIRST_LINE: Final = re.compile(r"(\S{1,255}) wants you to sign in with your daonode account:")
_FIELDS: Final = ("URI", "Version", "Chain ID", "Nonce", "Issued At", "Expiration Time")


@dataclass(frozen=True, slots=True)
class Login:
    """What a text says: who signs in, where, on which chain, and how long the text may be used."""

    domain: str
    address: Address
    chain_id: str
    nonce: str
    issued_at: TimeMs
    expires_at: TimeMs


@dataclass(slots=True)
class SignIn:
    """Makes nonces and sessions, and checks texts. `secret` is shared by the gateways of one name."""

    secret: bytes
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    _used: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def make_nonce(self) -> str:
        """A nonce that may be signed for `LOGIN_MS` from now on."""
        content = f"{self.now_ms():012x}{secrets.token_hex(8)}"
        return content + self._seal("nonce", content)

    def check(self, text: str, *, chain_id: ChainId) -> Login:
        """Check what a text says, its nonce and its times; its domain and its signatures are another matter.

        Raises:
            Problem: the text is not of the form, or is for another chain, too old, or not of our making.
        """
        login = read_login(text)
        if login.chain_id != chain_id:
            raise _refuse("wrong_chain", f"the text is for chain {login.chain_id}, this is {chain_id}")
        match = _NONCE.fullmatch(login.nonce)
        if match is None or not hmac.compare_digest(match[3], self._seal("nonce", match[1] + match[2])):
            raise _refuse("invalid_nonce", "the nonce is not one of this gateway")
        now_ms = self.now_ms()
        last_ms = min(int(match[1], 16) + LOGIN_MS, login.expires_at)
        if now_ms >= last_ms or login.issued_at > now_ms + CLOCK_MS:
            raise _refuse("login_expired", "the text's time is over, or has not come")
        return login

    def use_nonce(self, nonce: str) -> None:
        """Note that a nonce was used.

        Raises:
            Problem: it was before, or too many were lately.
        """
        now_ms = self.now_ms()
        while self._used and next(iter(self._used.values())) <= now_ms:
            self._used.popitem(last=False)
        if nonce in self._used:
            raise _refuse("nonce_used", "somebody signed in with this text already")
        if len(self._used) >= MAX_USED_NONCES:
            busy = "too many sign in at this moment"
            raise Problem(Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", busy, retryable=True))
        self._used[nonce] = now_ms + LOGIN_MS

    def make_session(self, account: Address) -> tuple[str, TimeMs]:
        """A session's token, and when it ends."""
        expires_at = TimeMs(self.now_ms() + SESSION_MS)
        content = _text(msgspec.msgpack.encode((account, expires_at)))
        return f"{SESSION_PREFIX}{content}.{self._seal('session', content)}", expires_at

    def read(self, token: str) -> Address | None:
        """Whose session a token is; None where it is none, or over."""
        found = self.read_session(token)
        return None if found is None else found[0]

    def read_session(self, token: str) -> tuple[Address, TimeMs] | None:
        """Whose session a token is, and when it ends; None where it is none, or over."""
        content, _, seal = token.removeprefix(SESSION_PREFIX).partition(".")
        if not token.startswith(SESSION_PREFIX) or not seal.isascii():
            return None
        if not hmac.compare_digest(seal, self._seal("session", content)):
            return None
        try:
            data = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))
            account, expires_at = msgspec.msgpack.decode(data, type=tuple[bytes, int])
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None
        return (Address(Hash(account)), TimeMs(expires_at)) if self.now_ms() < expires_at else None

    def _seal(self, purpose: str, content: str) -> str:
        return hmac.digest(derive(self.secret, purpose), content.encode(), sha256).hex()[:32]


def login_text(
    *, domain: str, uri: str, address: Address, chain_id: ChainId, nonce: str, issued_at_ms: int, expires_at_ms: int
) -> str:
    """The text that a member signs (CAIP-122): seven lines and a statement, without an end of line."""
    return (
        f"{domain} wants you to sign in with your daonode account:\n{encode_account(address)}\n\n{STATEMENT}\n\n"
        f"URI: {uri}\nVersion: 1\nChain ID: {chain_id}\nNonce: {nonce}\n"
        f"Issued At: {format_time(issued_at_ms)}\nExpiration Time: {format_time(expires_at_ms)}"
    )


def read_login(text: str) -> Login:
    """What a text says; the statement may be another, or missing.

    Raises:
        Problem: it is not of the form of CAIP-122.
    """
    lines = text.split("\n")
    first = _FIRST_LINE.fullmatch(lines[0])
    fields = [line.partition(": ") for line in lines[-len(_FIELDS) :]]
    names = tuple(name for name, _, _ in fields)
    values = {name: value for name, _, value in fields}
    if first is None or names != _FIELDS or values["Version"] != "1" or len(lines) not in (9, 11):
        raise invalid(
            "the message is not a text to sign in with",
            hint="sign the message that /api/auth/nonce gives, as it is",
            reason="invalid_message",
        )
    try:
        return Login(
            domain=first[1],
            address=decode_account(lines[1]),
            chain_id=values["Chain ID"],
            nonce=values["Nonce"],
            issued_at=TimeMs(parse_time(values["Issued At"])),
            expires_at=TimeMs(parse_time(values["Expiration Time"])),
        )
    except (AddressError, TimeFormatError) as error:
        raise invalid(f"message: {error}", reason="invalid_message") from None


def _refuse(reason: str, message: str) -> Problem:
    hint = "ask for a new text at /api/auth/nonce, and sign that"
    return Problem(Refusal(HTTPStatus.UNAUTHORIZED, reason, message, hint=hint), headers={"WWW-Authenticate": "Bearer"})


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
