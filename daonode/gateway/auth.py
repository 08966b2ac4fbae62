"""The operations of signing in: a text to sign, a session for its signatures, and whose session it is.

Who signs in must control the account, by the policy that it has on the chain now, and be a member in the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from typing import Annotated, Final, Literal

import trio
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from daonode.client.answers import Answer
from daonode.client.errors import BadAnswer, RpcError
from daonode.client.wallet import verify_text
from daonode.gateway.nodes import Nodes
from daonode.gateway.operations import Operation, body_of, client_of, json_response
from daonode.gateway.problems import Problem, invalid, unavailable
from daonode.gateway.rest.endpoint import Parameters
from daonode.gateway.rest.query import read_parameters
from daonode.gateway.sending import problem_of
from daonode.gateway.signin import LOGIN_MS, MAX_TEXT_CHARACTERS, SignIn, login_text
from daonode.httpd.guard import Guard
from daonode.httpd.refusal import Refusal
from daonode.ledger.transactions import MAX_SIGNATURES
from daonode.modules.accounts.policies import is_satisfied
from daonode.modules.accounts.queries import AccountResult
from daonode.modules.accounts.types import MAX_ACCOUNT_MEMBERS, Policy
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, ChainId, PublicKey, Signature
from daonode.primitives.json_form import Json, JsonFormError, from_json
from daonode.primitives.json_texts import AccountText, TimeText, account_text, time_text
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json
from daonode.stores.access import Reader
from daonode.stores.errors import StoreError
from daonode.stores.tables import MEMBERS

LOGIN_COST: Final = 10.0
"""Signatures to verify, and questions to a node."""
MAX_BODY_BYTES: Final = 32 * 1024
MAX_POLICIES: Final = 1 + MAX_ACCOUNT_MEMBERS * (1 + MAX_ACCOUNT_MEMBERS)
"""As many as the ledger itself looks up."""
_LIMITS: Final = JsonLimits(max_bytes=MAX_BODY_BYTES, max_depth=6, max_values=200)


class NonceParameters(Parameters, frozen=True):
    """Who wants to sign in."""

    address: Address


class NonceForm(Struct, frozen=True):
    """A text to sign as it is, under the tag of logins, before a time."""

    nonce: str
    message: str
    expires_at: TimeText


class SignatureForm(Record, frozen=True):
    """One key's signature over the message."""

    public_key: PublicKey
    signature: Signature


class LoginForm(Record, frozen=True):
    """A text and the signatures that satisfy the account's policy."""

    message: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
    signatures: Annotated[tuple[SignatureForm, ...], Meta(min_length=1, max_length=MAX_SIGNATURES)]


class SessionForm(Struct, frozen=True):
    """A session: its token is sent as `Authorization: Bearer TOKEN`."""

    token: str
    address: AccountText
    expires_at: TimeText


class IdentityForm(Struct, frozen=True):
    """Who asks: by what right, under which name, and for a session whose it is and until when."""

    tier: Literal["anonymous", "member", "key"]
    name: str
    address: AccountText | None
    expires_at: TimeText | None


@dataclass(frozen=True, slots=True)
class Auth:
    """The operations over one gateway."""

    sign_in: SignIn
    nodes: Nodes
    reader: Reader
    guard: Guard

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation(
                "make_nonce",
                "GET",
                "/api/auth/nonce",
                "A text for a member to sign, with a nonce that is used once.",
                NonceForm,
                self._nonce,
                parameters=NonceParameters,
                refusals=(HTTPStatus.FORBIDDEN,),
            ),
            Operation(
                "log_in",
                "POST",
                "/api/auth/login",
                "Begin a session: a text from /api/auth/nonce and the signatures over it.",
                SessionForm,
                self._login,
                body=LoginForm,
                refusals=(HTTPStatus.FORBIDDEN,),
            ),
            Operation(
                "get_session", "GET", "/api/auth/session", "Who asks, and until when.", IdentityForm, self._session
            ),
        )

    async def _nonce(self, request: Request) -> Response:
        parameters = read_parameters({}, request.query_params.multi_items(), NonceParameters)
        domain = request.headers.get("host", "")
        self._check_domain(domain)
        nonce, now_ms = self.sign_in.make_nonce(), self.sign_in.now_ms()
        message = login_text(
            domain=domain,
            uri=f"{request.url.scheme}://{domain}/",
            address=parameters.address,
            chain_id=await self._chain_id(),
            nonce=nonce,
            issued_at_ms=now_ms,
            expires_at_ms=now_ms + LOGIN_MS,
        )
        return json_response(NonceForm(nonce=nonce, message=message, expires_at=time_text(now_ms + LOGIN_MS)))

    async def _login(self, request: Request) -> Response:
        client_of(request).pay(LOGIN_COST)
        form = _read_login(await body_of(request, max_bytes=MAX_BODY_BYTES, hint="a login is a text and signatures"))
        login = self.sign_in.check(form.message, chain_id=await self._chain_id())
        self._check_domain(login.domain)
        for each in form.signatures:
            key, signature = each.public_key, each.signature
            if not verify_text(form.message, public_key=key, signature=signature, purpose="login"):
                raise _refused("wrong_signature", f"the signature of 0x{key.hex()} is not over this text as a login")
        keys = tuple(each.public_key for each in form.signatures)
        if not await self._controls(login.address, keys):
            account = encode_account(login.address)
            raise _refused("wrong_keys", f"these keys do not control {account}, or one of them is not among its keys")
        await self._check_member(login.address)
        self.sign_in.use_nonce(login.nonce)
        token, expires_at = self.sign_in.make_session(login.address)
        return json_response(
            SessionForm(token=token, address=account_text(login.address), expires_at=time_text(expires_at))
        )

    async def _session(self, request: Request) -> Response:
        read_parameters({}, request.query_params.multi_items(), Parameters)
        client = client_of(request)
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        session = self.sign_in.read_session(token) if client.tier == "member" else None
        return json_response(
            IdentityForm(
                tier=client.tier,
                name=client.name,
                address=None if session is None else account_text(session[0]),
                expires_at=None if session is None else time_text(session[1]),
            )
        )

    def _check_domain(self, domain: str) -> None:
        if not self.guard.knows(domain):
            refusal = Refusal(
                HTTPStatus.FORBIDDEN,
                "wrong_domain",
                f"nobody signs in at {domain[:64]!r} here",
                hint="use one of the gateway's own names; its operator lists them in gateway.names of gateway.toml",
            )
            raise Problem(refusal)

    async def _chain_id(self) -> ChainId:
        try:
            head = await trio.to_thread.run_sync(self.reader.head)
        except StoreError as error:
            raise unavailable(str(error), reason="not_indexed") from error
        if head is None:
            raise unavailable("the index is empty: the indexer has not begun", reason="not_indexed")
        return head.chain_id

    async def _check_member(self, account: Address) -> None:
        row = await trio.to_thread.run_sync(self.reader.get, MEMBERS, account)
        if row is None or not row.active:
            refusal = Refusal(
                HTTPStatus.FORBIDDEN,
                "not_a_member",
                f"{encode_account(account)} is no member of this DAO",
                hint="sessions are for members; others ask without signing in, or with an API key",
            )
            raise Problem(refusal)

    async def _controls(self, account: Address, keys: tuple[PublicKey, ...]) -> bool:
        """Whether keys satisfy an account's policy on the chain; policies are asked for as far as they matter."""
        known: dict[Address, Policy | None] = {}
        while len(known) <= MAX_POLICIES:
            missing: list[Address] = []

            def policy_of(address: Address, missing: list[Address] = missing) -> Policy | None:
                if address not in known:
                    missing.append(address)
                return known.get(address)

            satisfied = is_satisfied(account, signers=keys, policy_of=policy_of)
            if not missing:
                return satisfied
            for address in missing:
                known[address] = await self._policy(address)
        return False

    async def _policy(self, account: Address) -> Policy | None:
        question: dict[str, Json] = {
            "module": "accounts",
            "name": "account",
            "args": {"account": encode_account(account)},
        }
        try:
            answer: Answer = await self.nodes.call("dao_query", question)
            return from_json(answer.inner("result").data, AccountResult, "result").policy
        except RpcError as error:
            raise problem_of(error) from None
        except (BadAnswer, JsonFormError) as error:
            raise unavailable(f"a node answered strangely: {error}", reason="node_unavailable") from error


def _read_login(body: bytes) -> LoginForm:
    try:
        form = from_json(parse_json(body, _LIMITS), LoginForm, "body")
    except StrictJsonError as error:
        raise invalid(str(error), hint=error.hint, reason=error.reason) from None
    except JsonFormError as error:
        hint = 'expected {"message": "...", "signatures": [{"public_key": "0x...", "signature": "0x..."}]}'
        raise invalid(str(error), hint=hint, reason="invalid_body") from None
    _check_once(form.signatures)
    return form


def _check_once(signatures: Sequence[SignatureForm]) -> None:
    keys = sorted(each.public_key for each in signatures)
    if any(first == second for first, second in pairwise(keys)):
        raise invalid("signatures: a key has signed twice", reason="invalid_body")


def _refused(reason: str, message: str) -> Problem:
    refusal = Refusal(HTTPStatus.UNAUTHORIZED, reason, message, hint="sign the text of /api/auth/nonce as it is")
    return Problem(refusal, headers={"WWW-Authenticate": "Bearer"})
