"""Who asks, and how much each may spend.

There are three tiers: anonymous clients, by address; members who signed in, by account; and holders of an API key, by
key. Each has a bucket of units that refills steadily. Buckets are kept in this process's memory: with several gateways
each client has a budget at each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Final, Literal, Protocol

from daonode.gateway.problems import Problem
from daonode.gateway.settings import LimitsSection
from daonode.httpd.addresses import budget_name
from daonode.httpd.budgets import Bucket, bucket
from daonode.httpd.refusal import Refusal
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address

Tier = Literal["anonymous", "member", "key"]
MAX_CLIENTS: Final = 8_192
"""Budgets that are remembered; the one that was used longest ago is forgotten, and is full when it comes again."""
SCHEME: Final = "Bearer "


@dataclass(frozen=True, slots=True)
class Rate:
    """Units a second, and the most that may be saved up."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who has an API key, and the rate that it has of its own, if any."""

    name: str
    rate: Rate | None


class Keys(Protocol):
    """The API keys that are known."""

    def find(self, secret: str) -> KeyHolder | None:
        """Who holds a key; None where it is unknown, revoked or expired."""
        ...


class Sessions(Protocol):
    """The sessions of members."""

    def read(self, token: str) -> Address | None:
        """Whose session a token is; None where it is none, or over."""
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """One who asks: `name` is for logs, an address, an account or a key's name."""

    tier: Tier
    name: str
    rate: Rate
    budget: Bucket

    def pay(self, cost: float) -> None:
        """Pay for what is asked.

        Raises:
            Problem: the budget does not have as much now; 429 with the time after which it will.
        """
        retry_after_s = self.budget.spend(cost)
        if retry_after_s > 0:
            refusal = Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limited",
                f"{self.name} asks for more than its share of {self.rate.per_second} units a second",
                hint=_HINTS[self.tier],
                retryable=True,
                retry_after_s=retry_after_s,
            )
            raise Problem(refusal, headers=self.headers())

    def headers(self) -> dict[str, str]:
        """How much is left, as headers of an answer: those in wide use, and those of the IETF's draft."""
        left = int(self.budget.level)
        full_after_s = ceil((self.rate.burst - self.budget.level) / self.rate.per_second)
        window_s = ceil(self.rate.burst / self.rate.per_second)
        return {
            "RateLimit-Limit": str(self.rate.burst),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(full_after_s),
            "RateLimit-Policy": f'"{self.tier}";q={self.rate.burst};w={window_s}',
            "RateLimit": f'"{self.tier}";r={left};t={full_after_s}',
        }


_HINTS: Final[Mapping[Tier, str]] = {
    "anonymous": "ask less often, sign in as a member, or use an API key",
    "member": "ask less often, or use an API key",
    "key": "ask less often, or ask the operator for a key with a higher rate",
}


@dataclass(slots=True)
class Clients:
    """Everybody who was seen lately."""

    limits: LimitsSection
    keys: Keys
    sessions: Sessions
    _known: OrderedDict[tuple[Tier, str], Client] = field(default_factory=OrderedDict)

    def identify(self, authorization: str | None, *, address: str) -> Client:
        """Who asks, by the `Authorization` header (an API key or a session's token as bearer) or else by address.

        Raises:
            Problem: what the header holds is neither; 401.
        """
        if authorization is None:
            rate = Rate(self.limits.anonymous_rate, self.limits.anonymous_burst)
            return self._client("anonymous", budget_name(address), rate)
        token = authorization[len(SCHEME) :].strip()
        if authorization[: len(SCHEME)].lower() != SCHEME.lower() or not token:
            raise _unauthorized("the Authorization header is not of the form: Bearer TOKEN")
        holder = self.keys.find(token)
        if holder is not None:
            return self._client("key", holder.name, holder.rate or Rate(self.limits.key_rate, self.limits.key_burst))
        account = self.sessions.read(token)
        if account is not None:
            rate = Rate(self.limits.member_rate, self.limits.member_burst)
            return self._client("member", encode_account(account), rate)
        raise _unauthorized("the token is no API key and no session, or it has expired or was revoked")

    def _client(self, tier: Tier, name: str, rate: Rate) -> Client:
        client = self._known.get((tier, name))
        if client is None or client.rate != rate:
            client = Client(tier, name, rate, bucket(rate=rate.per_second, burst=rate.burst))
            self._known[tier, name] = client
            if len(self._known) > MAX_CLIENTS:
                self._known.popitem(last=False)
        self._known.move_to_end((tier, name))
        return client


def _unauthorized(message: str) -> Problem:
    refusal = Refusal(
        HTTPStatus.UNAUTHORIZED,
        "invalid_token",
        message,
        hint="sign in again at /api/auth/login, or ask the operator for a key; without the header you are anonymous",
    )
    return Problem(refusal, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
