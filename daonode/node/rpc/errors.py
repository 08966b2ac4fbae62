"""What an RPC caller is told when something is wrong: a code of JSON-RPC, a stable word, what was wrong, what is right.

Codes -32700 and -32600 to -32603 are those of JSON-RPC 2.0; -32000 to -32006 are this server's own. A transaction that
the chain refuses carries the application's code in `data.code`. Nothing here holds a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

from daonode.httpd.refusal import Refusal
from daonode.ledger.errors import QueryError, TransactionError
from daonode.ledger.table import CorruptRecord
from daonode.ledger.tree import TreeError
from daonode.node.api import Overloaded
from daonode.node.storage import StorageError
from daonode.primitives.json_form import Json, JsonFormError
from daonode.primitives.strict_json import StrictJsonError
from daonode.replica.errors import RecordDamaged
from daonode.replica.mempool import MempoolFull, SenderLimit

MAX_SHOWN_CHARACTERS: Final = 500
"""How much of a text that a caller may have caused is said back."""
_BUSY: Final = (Overloaded, MempoolFull)
_BEYOND_LIMITS: Final = ("too_large", "too_deep", "too_many_values")


class RpcError(Exception):
    """An answer that is an error. `retryable` says that the same call may succeed later, or on another node."""

    code: ClassVar[int] = -32603

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        hint: str = "",
        retryable: bool = False,
        details: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message[:MAX_SHOWN_CHARACTERS]
        self.reason = reason
        self.hint = hint[:MAX_SHOWN_CHARACTERS]
        self.retryable = retryable
        self.details: Mapping[str, Json] = details or {}

    def to_json(self) -> dict[str, Json]:
        """The `error` member of an answer."""
        data = {**self.details, "reason": self.reason, "hint": self.hint, "retryable": self.retryable}
        return {"code": self.code, "message": self.message, "data": data}


class ParseFailed(RpcError):
    """The body is not JSON, or not JSON that means one thing."""

    code = -32700


class InvalidRequest(RpcError):
    """JSON that is no call."""

    code = -32600


class MethodNotFound(RpcError):
    """There is no such method."""

    code = -32601


class InvalidParameters(RpcError):
    """A parameter is missing, unknown, of the wrong type or out of range; `data.path` says which."""

    code = -32602


class InternalFailure(RpcError):
    """A mistake of this node."""

    code = -32603


class InvalidInput(RpcError):
    """Parameters of the right form that cannot be answered."""

    code = -32000


class NotFound(RpcError):
    """What is asked for is not there."""

    code = -32001


class Unavailable(RpcError):
    """This node cannot answer now."""

    code = -32002


class TransactionRejected(RpcError):
    """The transaction cannot be included; `data.code` is the application's code."""

    code = -32003


class Unsupported(RpcError):
    """Something that this node does not do."""

    code = -32004


class TooMuch(RpcError):
    """A size, count, depth or cost is above its bound."""

    code = -32005


class StoreDamaged(RpcError):
    """A record of this node's own store cannot be read; the message says of which, and what its operator does."""

    code = -32006


def not_found(message: str, *, hint: str = "") -> NotFound:
    """The error for a record that is not there."""
    return NotFound(message, reason="not_found", hint=hint)


_REFUSED: Final[Mapping[HTTPStatus, type[RpcError]]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooMuch,
    HTTPStatus.TOO_MANY_REQUESTS: TooMuch,
    HTTPStatus.SERVICE_UNAVAILABLE: TooMuch,
}


def of_refusal(refusal: Refusal) -> RpcError:
    """The answer for a connection or a request that the server does not take."""
    details: dict[str, Json] = {}
    if refusal.retry_after_s is not None:
        details["retry_after_ms"] = max(1, round(refusal.retry_after_s * 1_000))
    kind = _REFUSED.get(refusal.status, InvalidRequest)
    return kind(refusal.message, reason=refusal.reason, hint=refusal.hint, retryable=refusal.retryable, details=details)


def of_transaction(error: TransactionError) -> RpcError:
    """The answer for a transaction that the chain or the mempool refuses."""
    details: dict[str, Json] = {"code": error.code}
    if isinstance(error, _BUSY):
        return Unavailable(error.message, reason=error.reason, hint=error.hint, retryable=True, details=details)
    retryable = isinstance(error, SenderLimit)
    return TransactionRejected(
        error.message, reason=error.reason, hint=error.hint, retryable=retryable, details=details
    )


def of_damage(error: StorageError | RecordDamaged | CorruptRecord | TreeError) -> StoreDamaged:
    """The answer where a store is not readable. A path of this machine is for its log alone."""
    if isinstance(error, StorageError):
        told = RecordDamaged(store=error.path.name, record="its files", problem="they cannot be read")
    elif isinstance(error, RecordDamaged):
        told = error
    else:
        told = RecordDamaged(store="state", record="a record", problem=str(error))
    return StoreDamaged(
        str(told), reason="store_damaged", hint="ask another node, and tell the operator of this one", retryable=True
    )


def of_query(error: QueryError) -> RpcError:
    """The answer for a module's query that names nothing or has wrong arguments."""
    if error.not_found:
        return not_found(error.message, hint=error.hint)
    return InvalidInput(error.message, reason="invalid_query", hint=error.hint)


def of_json(error: StrictJsonError) -> RpcError:
    """The answer for a body that is no JSON, or beyond the limits."""
    kind = TooMuch if error.reason in _BEYOND_LIMITS else ParseFailed
    return kind(str(error), reason=error.reason, hint=error.hint)


def of_form(error: JsonFormError) -> InvalidParameters:
    """The answer for parameters that are not the form of their type."""
    return InvalidParameters(
        f"{error.path}: {error.reason}", reason="invalid_parameters", details={"path": error.path[:128]}
    )
