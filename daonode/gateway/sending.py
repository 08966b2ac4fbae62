"""Handing signed transactions to a node: the one thing that a gateway writes."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from daonode.client.errors import BadAnswer, NotFound, Rejected, RpcError, Unavailable
from daonode.gateway.nodes import Nodes
from daonode.gateway.operations import Operation, body_of, client_of, json_response
from daonode.gateway.problems import Problem, invalid, unavailable
from daonode.httpd.refusal import Refusal
from daonode.ledger.errors import WrongSequence
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES, Transaction, tx_id
from daonode.primitives.codec import DecodeError, Record, decode
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import Json, JsonFormError, from_json
from daonode.primitives.json_texts import HexText, hex_text
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

PATH: Final = "/api/transactions"
COST: Final = 5.0
"""A signature that a validator verifies, besides the request itself."""
MAX_BODY_BYTES: Final = 2 * MAX_TRANSACTION_BYTES + 1_024
_LIMITS: Final = JsonLimits(max_bytes=MAX_BODY_BYTES, max_depth=4, max_values=16)
_LIMIT_EXCEEDED: Final = -32005


class SendForm(Record, frozen=True):
    """A signed transaction, encoded."""

    transaction: Annotated[bytes, Meta(min_length=1, max_length=MAX_TRANSACTION_BYTES)]


class SentForm(Struct, frozen=True):
    """The transaction waits for a block; `location` is where it will be."""

    tx_id: HexText
    location: str


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends what clients have signed."""

    nodes: Nodes

    def operation(self) -> Operation:
        """As an operation."""
        return Operation(
            "send_transaction",
            "POST",
            PATH,
            "Hand a signed transaction to a node; where it will be is in Location.",
            SentForm,
            self._answer,
            body=SendForm,
            success=HTTPStatus.ACCEPTED,
            refusals=(HTTPStatus.UNPROCESSABLE_ENTITY,),
        )

    async def _answer(self, request: Request) -> Response:
        client_of(request).pay(COST)
        body = await body_of(request, max_bytes=MAX_BODY_BYTES, hint="a body holds one transaction")
        sent = await self.send(body)
        return json_response(sent, status=HTTPStatus.ACCEPTED, location=sent.location)

    async def send(self, body: bytes) -> SentForm:
        """Hand the transaction of a request's body to a node. Sending the same again is no error.

        Raises:
            Problem: it is no signed transaction (400); the chain refuses it (422, `code` is the application's); it is
                not taken now (429, 503).
        """
        raw, sent_id = read_transaction(body)
        try:
            await self.nodes.call("dao_sendRawTransaction", {"transaction": hex_text(raw)})
        except RpcError as error:
            if error.reason != WrongSequence.reason or not await self._is_known(sent_id):
                raise problem_of(error) from None
        except BadAnswer as error:
            raise unavailable(str(error), reason="node_unavailable", hint=error.hint) from error
        return SentForm(tx_id=hex_text(sent_id), location=location_of(sent_id))

    async def _is_known(self, sent_id: TxId) -> bool:
        try:
            await self.nodes.call("dao_getTransaction", {"tx_id": hex_text(sent_id)})
        except NotFound:
            return False
        except (RpcError, BadAnswer):
            return False
        return True


def location_of(sent_id: TxId) -> str:
    """Where a transaction is, once it is in a block."""
    return f"{PATH}/{hex_text(sent_id)}"


def read_transaction(body: bytes) -> tuple[bytes, TxId]:
    """The encoded transaction in a request's body, and its id.

    Raises:
        Problem: the body is not of its form, or holds no transaction that somebody signed.
    """
    try:
        raw = from_json(parse_json(body, _LIMITS), SendForm, "body").transaction
    except StrictJsonError as error:
        raise invalid(str(error), hint=error.hint, reason=error.reason) from None
    except JsonFormError as error:
        hint = 'expected {"transaction": "0x..."}, the encoded transaction with its signatures'
        raise invalid(str(error), hint=hint, reason="invalid_body") from None
    try:
        transaction = decode(raw, Transaction)
    except DecodeError as error:
        hint = "see docs/wallets.md for how transactions are encoded"
        raise invalid(f"this is no transaction: {error.reason}", hint=hint, reason="invalid_transaction") from None
    if not transaction.signatures:
        raise invalid("nobody has signed this transaction", hint="sign it first", reason="unsigned_transaction")
    return raw, tx_id(transaction.body)


def problem_of(error: RpcError) -> Problem:
    """What a node's refusal is over HTTP."""
    code: Json = error.data.get("code") if isinstance(error.data, dict) else None
    if isinstance(error, Rejected):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif isinstance(error, Unavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    elif error.code == _LIMIT_EXCEEDED and error.retryable:
        # The node's budget of this gateway, not that of the client.
        status = HTTPStatus.SERVICE_UNAVAILABLE
    else:
        status = HTTPStatus.BAD_REQUEST
    refusal = Refusal(status, error.reason or "refused", error.message, hint=error.hint, retryable=error.retryable)
    return Problem(refusal, code=code if isinstance(code, int) and code >= 0 else None)
