"""Why somebody is not served, in no protocol's form: whoever uses the server says how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import trio

REFUSAL_TIMEOUT_S: Final = 5.0
"""How long a client may take to read why it is not served."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said to who is not served: a stable word, what was wrong, what would be right.

    `retryable` says that the same may succeed later; `retry_after_s` after how many seconds, where that is known.
    """

    status: HTTPStatus
    reason: str
    message: str
    hint: str = ""
    retryable: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class RefusalBody:
    """A refusal in the form of one protocol, with its media type."""

    media_type: str
    content: bytes


Render = Callable[[Refusal], RefusalBody]


async def write_refusal(stream: trio.SocketStream, refusal: Refusal, *, render: Render) -> None:
    """Answer a request that no application sees, and say that the connection ends."""
    body = render(refusal)
    head = (
        f"HTTP/1.1 {refusal.status.value} {refusal.status.phrase}\r\n"
        f"Content-Type: {body.media_type}\r\n"
        f"Content-Length: {len(body.content)}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Connection: close\r\n\r\n"
    )
    with trio.move_on_after(REFUSAL_TIMEOUT_S):
        try:
            await stream.send_all(head.encode() + body.content)
            await stream.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
