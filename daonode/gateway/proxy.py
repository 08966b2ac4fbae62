"""`/rpc`: a node's JSON-RPC for the public. Only what a wallet or an explorer needs, each call at its price.

A request is read as strictly as the node would and refused as a whole where one call of it may not be asked; otherwise
its bytes go to the node as they came, and the node's answer comes back as it is. What is refused here is refused in
JSON-RPC's form, so that a client of a node works with a gateway unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import msgspec

from daonode.gateway.clients import Client
from daonode.gateway.nodes import NodeReply, Nodes
from daonode.gateway.problems import Problem, unavailable
from daonode.httpd.refusal import Refusal, RefusalBody
from daonode.primitives.json_form import Json, suggestion
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

PATH: Final = "/rpc"
MAX_BODY_BYTES: Final = 512 * 1024
"""The largest transaction, and room."""
MAX_BATCH: Final = 20
MAX_UNDER_WAY: Final = 256
"""Requests that wait for a node, those that wait for a commit included; the next is refused."""
LIMITS: Final = JsonLimits(max_bytes=MAX_BODY_BYTES, max_depth=32, max_values=5_000)
MAX_WAIT_S: Final = 30.0
"""The longest that a call may ask a node to wait."""
READ: Final = 1.0
WORK: Final = 5.0
COSTS: Final[Mapping[str, float]] = {
    "dao_chainId": READ,
    "dao_status": READ,
    "dao_getAccount": READ,
    "dao_estimateFee": READ,
    "dao_getTransaction": READ,
    "dao_getProposal": READ,
    "dao_getValidators": READ,
    "dao_mempool": READ,
    "dao_listProposals": WORK,
    "dao_getBlock": WORK,
    "dao_getReceipt": WORK,
    "dao_getCertificate": WORK,
    "dao_getEpochs": WORK,
    "dao_getProof": WORK,
    "dao_query": WORK,
    "dao_simulate": WORK,
    "dao_sendRawTransaction": WORK,
    "rpc.discover": WORK,
}
"""The methods that are passed on, and what each costs of a client's budget."""
_CODES: Final[Mapping[HTTPStatus, int]] = {
    HTTPStatus.BAD_REQUEST: -32600,
    HTTPStatus.NOT_FOUND: -32601,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: -32005,
    HTTPStatus.TOO_MANY_REQUESTS: -32005,
    HTTPStatus.SERVICE_UNAVAILABLE: -32002,
}


@dataclass(slots=True)
class Proxy:
    """Passes calls on to nodes."""

    nodes: Nodes
    _under_way: int = field(default=0)

    async def answer(self, body: bytes, client: Client) -> NodeReply:
        """What a node answers to the body of a request.

        Raises:
            Problem: it may not be asked, costs more than the client has, or no node answers.
        """
        calls = read_calls(body)
        client.pay(sum(COSTS[method] for method, _ in calls))
        if self._under_way >= MAX_UNDER_WAY:
            raise unavailable("this gateway waits for nodes as often as it may", reason="overloaded")
        self._under_way += 1
        try:
            return await self.nodes.post(body, wait_s=MAX_WAIT_S if any(waits for _, waits in calls) else 0.0)
        finally:
            self._under_way -= 1


def read_calls(body: bytes) -> list[tuple[str, bool]]:
    """The method of each call of a request, and whether it asks to wait.

    Raises:
        Problem: the request is none, is too large, or has a call that is not passed on.
    """
    try:
        request = parse_json(body, LIMITS)
    except StrictJsonError as error:
        raise _refused(HTTPStatus.BAD_REQUEST, error.reason, str(error), hint=error.hint) from None
    batch = request if isinstance(request, list) else [request]
    if not 1 <= len(batch) <= MAX_BATCH:
        message = f"a batch has 1 to {MAX_BATCH} calls here, got {len(batch)}"
        raise _refused(HTTPStatus.BAD_REQUEST, "batch_too_large", message, hint="split it")
    return [_read_call(each) for each in batch]


def render(refusal: Refusal, *, code: int | None = None) -> RefusalBody:
    """A refusal as an answer of JSON-RPC."""
    data: dict[str, Json] = {"reason": refusal.reason, "hint": refusal.hint, "retryable": refusal.retryable}
    if code is not None:
        data["code"] = code
    error: dict[str, Json] = {"code": _CODES.get(refusal.status, -32600), "message": refusal.message, "data": data}
    content = msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": error})
    return RefusalBody(media_type="application/json", content=content)


def _read_call(call: Json) -> tuple[str, bool]:
    method = call.get("method") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(method, str):
        raise _refused(HTTPStatus.BAD_REQUEST, "invalid_request", "a call is an object with a method")
    if method not in COSTS:
        hint = f"{suggestion(method[:64], tuple(COSTS))}; for others ask a node, for subscriptions /graphql"
        raise _refused(HTTPStatus.NOT_FOUND, "unknown_method", f"{method[:64]!r} is not asked here", hint=hint)
    parameters = call.get("params")
    return method, isinstance(parameters, dict) and bool(parameters.get("wait_ms"))


def _refused(status: HTTPStatus, reason: str, message: str, *, hint: str = "") -> Problem:
    return Problem(Refusal(status, reason, message, hint=hint))
