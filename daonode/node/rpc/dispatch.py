"""From the bytes of a request to the bytes of its answer: JSON-RPC 2.0, single calls and batches.

Whatever the bytes, there is an answer, and it never holds a traceback. This file knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
import trio

from daonode.httpd.budgets import Account, too_dear
from daonode.node.rpc.costs import READ, REQUEST
from daonode.node.rpc.errors import (
    InternalFailure,
    InvalidParameters,
    InvalidRequest,
    MethodNotFound,
    RpcError,
    TooMuch,
    Unavailable,
    of_refusal,
)
from daonode.node.rpc.method import Method, RpcNode, read_parameters
from daonode.node.rpc.methods import METHODS
from daonode.node.rpc.transaction_methods import MAX_WAIT_MS
from daonode.node.rpc_metrics import SUCCEEDED
from daonode.primitives.codec import Record
from daonode.primitives.json_form import suggestion

MAX_BATCH: Final = 100
"""Calls in one batch."""
CALL_TIMEOUT_S: Final = MAX_WAIT_MS / 1_000 + 5
"""How long the calls of one request may take."""
MAX_ID_CHARACTERS: Final = 128
BYTES_A_UNIT: Final = 16 * 1024
"""How much of a body, or of an answer, costs as much as a read."""
_ID_LIMIT: Final = 2**53
_MEMBERS: Final = ("jsonrpc", "id", "method", "params")

CallId = str | int | None
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose method exists and whose parameters have their form."""

    method: Method
    parameters: Record


@dataclass(slots=True)
class Entry:
    """One member of a request on its way to its answer, which is a result or an `RpcError`."""

    id: CallId
    is_notification: bool
    method: Method | None = None
    call: Call | None = None
    answer: object = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The response object."""
        if isinstance(self.answer, RpcError):
            return {"jsonrpc": "2.0", "id": self.id, "error": self.answer.to_json()}
        return {"jsonrpc": "2.0", "id": self.id, "result": self.answer}


class Dispatcher:
    """Answers requests about one node."""

    def __init__(self, node: RpcNode) -> None:
        self._node = node

    async def answer(self, body: bytes, *, budget: Account | None = None) -> bytes | None:
        """The answer to a request's body; None where nothing but notifications was sent.

        With a budget the request is paid from it, or refused: a batch as a whole, for the sum of its calls. The
        bytes of its answer are paid afterwards.
        """
        try:
            request = await self._node.parse(body)
            entries = _read_batch(request) if isinstance(request, list) else [_read_entry(request)]
        except RpcError as error:
            return await self._refuse_unread(error, body, budget)
        cost = _cost_of_bytes(body) + sum(READ if entry.method is None else entry.method.cost for entry in entries)
        retry_after_s = await _pay(budget, cost)
        if retry_after_s > 0:
            refusal = of_refusal(too_dear(retry_after_s=retry_after_s))
            for entry in entries:
                entry.answer = refusal
        else:
            await self._answer_all(entries)
        self._note(entries)
        answers = [entry.to_json() for entry in entries if not entry.is_notification]
        if not answers:
            return None
        answer = msgspec.json.encode(answers if isinstance(request, list) else answers[0])
        if budget is not None and retry_after_s == 0:
            budget.owe(_cost_of_bytes(answer))
        return answer

    async def call(self, name: str) -> object:
        """The result of a method without parameters, or an `RpcError`."""
        method = METHODS[name]
        entry = Entry(id=None, is_notification=False, call=Call(method, method.parameters()))
        await self._answer_all([entry])
        return entry.answer

    async def _refuse_unread(self, error: RpcError, body: bytes, budget: Account | None) -> bytes:
        retry_after_s = await _pay(budget, READ + _cost_of_bytes(body))
        refusal = of_refusal(too_dear(retry_after_s=retry_after_s)) if retry_after_s > 0 else error
        self._node.api.rpc_metrics.note_unread(refusal.reason)
        return error_body(refusal)

    def _note(self, entries: Sequence[Entry]) -> None:
        metrics = self._node.api.rpc_metrics
        for entry in entries:
            outcome = entry.answer.reason if isinstance(entry.answer, RpcError) else SUCCEEDED
            if entry.method is None:
                metrics.note_unread(outcome)
            else:
                metrics.note_call(entry.method.name, outcome=outcome, seconds=entry.seconds)

    async def _answer_all(self, entries: Sequence[Entry]) -> None:
        """Answer every entry that has a call, in no order, and those of one joint method together."""
        joint: dict[str, list[Entry]] = {}
        timed_out = Unavailable(
            "the answer took too long", reason="timed_out", hint="ask for less at a time", retryable=True
        )
        with trio.move_on_after(CALL_TIMEOUT_S):
            async with trio.open_nursery() as nursery:
                for entry in entries:
                    if entry.call is None:
                        continue
                    if entry.call.method.run_many is None:
                        nursery.start_soon(self._answer_one, entry, entry.call)
                    else:
                        joint.setdefault(entry.call.method.name, []).append(entry)
                for together in joint.values():
                    nursery.start_soon(self._answer_jointly, together)
        for entry in entries:
            if entry.answer is None:
                entry.answer = timed_out

    async def _answer_one(self, entry: Entry, call: Call) -> None:
        began = trio.current_time()
        try:
            entry.answer = await call.method.run(self._node, call.parameters)
        except RpcError as error:
            entry.answer = error
        except Exception:  # noqa: BLE001  # the supervisor of all calls: a mistake in one must not end the server
            entry.answer = _mistake(call.method)
        entry.seconds = trio.current_time() - began

    async def _answer_jointly(self, entries: Sequence[Entry]) -> None:
        calls = [entry.call for entry in entries if entry.call is not None]
        method = calls[0].method
        assert method.run_many is not None, "only such methods are answered jointly"
        answers: Sequence[object]
        began = trio.current_time()
        try:
            answers = await method.run_many(self._node, [call.parameters for call in calls])
        except RpcError as error:
            answers = [error] * len(entries)
        except Exception:  # noqa: BLE001  # the supervisor of all calls: a mistake in one must not end the server
            answers = [_mistake(method)] * len(entries)
        for entry, answer in zip(entries, answers, strict=True):
            entry.answer = answer
            entry.seconds = trio.current_time() - began


async def _pay(budget: Account | None, cost: int) -> float:
    """Pay for a request and wait for its turn; returns 0, or after how many seconds to come again."""
    if budget is None:
        return 0.0
    retry_after_s = budget.spend(cost)
    return await budget.turn(REQUEST if retry_after_s else REQUEST + cost) or retry_after_s


def error_body(error: RpcError) -> bytes:
    """The answer to a request that could not be read."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": error.to_json()})


def _cost_of_bytes(body: bytes) -> int:
    return len(body) // BYTES_A_UNIT


def _read_batch(request: Sequence[object]) -> list[Entry]:
    if not request:
        raise InvalidRequest("a batch is empty", reason="empty_batch", hint=f"send 1 to {MAX_BATCH} calls")
    if len(request) > MAX_BATCH:
        raise TooMuch(
            f"a batch has at most {MAX_BATCH} calls, got {len(request)}", reason="batch_too_large", hint="split it"
        )
    return [_read_entry(each) for each in request]


def _read_entry(data: object) -> Entry:
    """A call; what is none becomes an entry that has its error already."""
    entry = Entry(id=None, is_notification=False)
    try:
        entry.id = _check_id(data.get("id") if isinstance(data, dict) else None)
        entry.method, parameters = _read_call(data)
        entry.call = Call(entry.method, read_parameters(parameters, entry.method.parameters))
    except RpcError as error:
        entry.answer = error
    # What is no call at all is answered, whether or not it had an id.
    entry.is_notification = not isinstance(entry.answer, InvalidRequest) and isinstance(data, dict) and "id" not in data
    return entry


def _check_id(call_id: object) -> CallId:
    if call_id is None or (isinstance(call_id, str) and len(call_id) <= MAX_ID_CHARACTERS):
        return call_id
    if isinstance(call_id, int) and not isinstance(call_id, bool) and abs(call_id) < _ID_LIMIT:
        return call_id
    raise InvalidRequest(
        "the id is not one", reason="invalid_id", hint=f"a whole number, or text of at most {MAX_ID_CHARACTERS}"
    )


def _read_call(data: object) -> tuple[Method, dict[str, object]]:
    if not isinstance(data, dict):
        raise InvalidRequest("a call is an object", reason="invalid_request", hint="see JSON-RPC 2.0")
    for name in data:
        if name not in _MEMBERS:
            raise InvalidRequest(
                f"unknown member {name[:64]!r}", reason="unknown_member", hint=suggestion(name[:64], _MEMBERS)
            )
    if data.get("jsonrpc") != "2.0":
        raise InvalidRequest('"jsonrpc" must be "2.0"', reason="invalid_request", hint='add "jsonrpc": "2.0"')
    name = data.get("method")
    if not isinstance(name, str):
        raise InvalidRequest('"method" must be text', reason="invalid_request", hint="name a method")
    method = METHODS.get(name)
    if method is None:
        raise MethodNotFound(
            f"there is no method {name[:64]!r}", reason="unknown_method", hint=suggestion(name[:64], tuple(METHODS))
        )
    parameters = data.get("params", {})
    if not isinstance(parameters, dict):
        raise InvalidParameters(
            "params: expected an object of named parameters",
            reason="invalid_parameters",
            hint="parameters are given by name",
            details={"path": "params"},
        )
    return method, parameters


def _mistake(method: Method) -> InternalFailure:
    """The answer for an error that nobody foresaw; what it was stands in the log."""
    log.exception("an RPC method failed", method=method.name)
    return InternalFailure(
        "this node made a mistake; its log has the details", reason="internal", hint="report it to the node's operator"
    )
