"""JSON-RPC 2.0 over HTTP: one call, its result or a typed error. Knows no method.

Several URLs are one service: when a node cannot be connected to, nothing was sent, and the next is tried. A call that
was sent and not answered is `Unanswered`, because it may have had its effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Final
from urllib.parse import urlsplit

from daonode.client.answers import JsonObject
from daonode.client.errors import (
    NOT_FOUND_CODE,
    REJECTED_CODE,
    STORE_DAMAGED_CODE,
    UNAVAILABLE_CODE,
    BadAnswer,
    InvalidUrl,
    NotFound,
    Rejected,
    RpcError,
    Unanswered,
    Unavailable,
    Unreachable,
)
from daonode.primitives.json_form import Json

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
DEFAULT_TIMEOUT_S: Final = 10.0
_ERRORS: Final[Mapping[int, type[RpcError]]] = {
    NOT_FOUND_CODE: NotFound,
    UNAVAILABLE_CODE: Unavailable,
    STORE_DAMAGED_CODE: Unavailable,
    REJECTED_CODE: Rejected,
}


class Transport:
    """One or more nodes of one chain. Each call has a connection of its own, so none is found to have gone stale."""

    def __init__(self, urls: Sequence[str], *, timeout_s: float) -> None:
        if not urls:
            raise Unreachable("no RPC address is known", url="")
        self._urls = tuple(urls)
        self._timeout_s = timeout_s
        self._next_id = 1

    def call(self, method: str, parameters: Mapping[str, Json], *, wait_s: float = 0) -> Json:
        """Call a method with named parameters; the node may take `wait_s` seconds longer than usual.

        Raises:
            Unreachable: no node could be connected to; nothing was sent.
            Unanswered: the call was sent, and no whole answer came in time.
            RpcError: the node answered with an error.
            BadAnswer: what answered is no JSON-RPC.
        """
        request_id, self._next_id = self._next_id, self._next_id + 1
        request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": dict(parameters)}
        body = json.dumps(request).encode()
        failure: Unreachable | None = None
        for url in self._urls:
            try:
                connection, path = self._connect(url)
            except (OSError, InvalidUrl, HTTPException) as error:
                failure = Unreachable(f"cannot connect to {url}: {error}", url=url)
                continue
            with closing(connection):
                try:
                    answer = _post(connection, path, body, timeout_s=self._timeout_s + wait_s)
                except (OSError, HTTPException) as error:
                    reason = str(error) or type(error).__name__
                    raise Unanswered(f"no answer from {url} to {method}: {reason}", url=url) from error
            return read_result(answer, request_id, url=url)
        assert failure is not None, "there is at least one URL"
        raise failure

    def _connect(self, url: str) -> tuple[HTTPConnection, str]:
        parts = urlsplit(check_url(url))
        assert parts.hostname is not None, "it has been checked"
        kind = HTTPConnection if parts.scheme == "http" else HTTPSConnection
        connection = kind(parts.hostname, parts.port, timeout=self._timeout_s)
        connection.connect()
        return connection, parts.path or "/"


def check_url(url: str) -> str:
    """Return a URL that a node may answer at.

    Raises:
        InvalidUrl: it has not the form `http://host:port` or `https://host:port`, a path after it or not.
    """
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Brackets that do not close, or a port that is none.
        is_whole = False
    if not is_whole:
        raise InvalidUrl(url=url)
    return url


def _post(connection: HTTPConnection, path: str, body: bytes, *, timeout_s: float) -> bytes:
    connection.sock.settimeout(timeout_s)
    connection.request("POST", path, body=body, headers={"Content-Type": "application/json", "Connection": "close"})
    response = connection.getresponse()
    answer = response.read(MAX_ANSWER_BYTES + 1)
    if len(answer) > MAX_ANSWER_BYTES:
        raise BadAnswer(f"{connection.host} answered with more than {MAX_ANSWER_BYTES} bytes")
    if response.length or not answer:
        # Reading up to a bound does not tell that the connection ended before the declared length, or in the head.
        raise IncompleteRead(answer, response.length)
    return answer


def read_result(body: bytes, request_id: int, *, url: str) -> Json:
    """The result in what a node answered to the call with this id.

    Raises:
        RpcError: it is an error.
        BadAnswer: it is no JSON-RPC, or answers another call; `url` is who answered.
    """
    try:
        answer: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{url} did not answer in JSON", hint="is this the RPC address of a node?") from error
    if not isinstance(answer, dict) or ("result" in answer) == ("error" in answer):
        raise BadAnswer(f"{url} did not answer in JSON-RPC 2.0", hint="is this the RPC address of a node?")
    if "error" in answer:
        raise _error_of(answer["error"])
    if answer.get("id") != request_id:
        raise BadAnswer(f"{url} answered another call than call {request_id}")
    return answer["result"]


def _error_of(error: Json) -> RpcError | BadAnswer:
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, int):
        return BadAnswer("the node answered with an error that has no code")
    data = error.get("data")
    details: JsonObject = data if isinstance(data, dict) else {}
    kind = _ERRORS.get(code, RpcError)
    return kind(
        str(error.get("message", "")),
        code=code,
        reason=str(details.get("reason") or ""),
        hint=str(details.get("hint") or ""),
        retryable=details.get("retryable") is True,
        data=data,
    )
