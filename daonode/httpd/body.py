"""Reading the body of a request: declared as JSON, bounded in bytes, and in time."""

from __future__ import annotations

from contextlib import aclosing
from http import HTTPStatus
from typing import Final

import trio
from starlette.requests import ClientDisconnect, Request

from daonode.httpd.refusal import Refusal

BODY_TIMEOUT_S: Final = 10.0
"""How long a client may take to send a body."""
MEDIA_TYPE: Final = "application/json"


async def read_body(request: Request, *, max_bytes: int, hint: str) -> bytes | Refusal:
    """The body, or why it is not taken; `hint` says what to do about one that is too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        # Other types a foreign page may send without asking; this one needs the origin to be allowed.
        return Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "the body is not declared as JSON",
            hint=f"send it with the header Content-Type: {MEDIA_TYPE}",
        )
    too_large = Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"a body has at most {max_bytes} bytes", hint=hint
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        return too_large
    body = bytearray()
    try:
        with trio.fail_after(BODY_TIMEOUT_S):
            async with aclosing(request.stream()) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) > max_bytes:
                        return too_large
    except trio.TooSlowError:
        late = f"the body did not arrive within {BODY_TIMEOUT_S:g} s"
        return Refusal(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", late, retryable=True)
    except ClientDisconnect:
        return Refusal(HTTPStatus.BAD_REQUEST, "body_incomplete", "the client left before its body had come")
    return bytes(body)
