"""What a caller is told when something is wrong: a problem document (RFC 9457), whatever was asked.

`code` is the HTTP status, or the application's code where the chain refused a transaction. Nothing here holds a
traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from daonode.httpd.refusal import Refusal, RefusalBody
from daonode.primitives.json_texts import Count

PROBLEM_TYPE: Final = "application/problem+json"
MAX_SHOWN_CHARACTERS: Final = 500
"""How much of a text that a caller may have caused is said back."""


class ProblemForm(Struct, frozen=True):
    """Why a request was not answered: `reason` is a stable word, `detail` what was wrong, `hint` what would be right.

    `code` is the status, or the application's code of a transaction that the chain refuses. `retryable` says that the
    same request may succeed later.
    """

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    code: Count
    reason: str
    hint: str
    retryable: bool


class Problem(Exception):
    """A request that is not answered as asked. `headers` go with the answer; `code` is the application's, if any."""

    def __init__(self, refusal: Refusal, *, code: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.code = code
        self.headers: Mapping[str, str] = headers or {}


def invalid(message: str, *, hint: str = "", reason: str = "invalid_parameters") -> Problem:
    """A parameter or a body that is not what it must be."""
    return Problem(Refusal(HTTPStatus.BAD_REQUEST, reason, message, hint=hint))


def not_found(message: str, *, hint: str = "", retryable: bool = False) -> Problem:
    """What is asked for is not there."""
    return Problem(Refusal(HTTPStatus.NOT_FOUND, "not_found", message, hint=hint, retryable=retryable))


def unavailable(message: str, *, reason: str, hint: str = "", retry_after_s: float = 1.0) -> Problem:
    """What cannot be answered now, and may be later."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return Problem(Refusal(status, reason, message, hint=hint, retryable=True, retry_after_s=retry_after_s))


def render(refusal: Refusal, *, code: int | None = None) -> RefusalBody:
    """A refusal as a problem document."""
    form = ProblemForm(
        type="about:blank",
        title=refusal.status.phrase,
        status=refusal.status.value,
        detail=refusal.message[:MAX_SHOWN_CHARACTERS],
        code=refusal.status.value if code is None else code,
        reason=refusal.reason,
        hint=refusal.hint[:MAX_SHOWN_CHARACTERS],
        retryable=refusal.retryable,
    )
    return RefusalBody(media_type=PROBLEM_TYPE, content=msgspec.json.encode(form))


class Render(Protocol):
    """Writes a refusal in the form of one protocol."""

    def __call__(self, refusal: Refusal, *, code: int | None = None) -> RefusalBody: ...


def response_of(problem: Problem, *, render: Render = render) -> Response:
    """The answer that tells a problem; where it may be tried again, with the seconds after which."""
    refusal = problem.refusal
    body = render(refusal, code=problem.code)
    headers = {"Cache-Control": "no-store", **problem.headers}
    if refusal.retryable:
        headers["Retry-After"] = str(max(1, ceil(refusal.retry_after_s or 0)))
    return Response(body.content, status_code=refusal.status, media_type=body.media_type, headers=headers)
