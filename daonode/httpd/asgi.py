"""What every application behind a server shares: the guard before it, and refusals as responses."""

from __future__ import annotations

from math import ceil

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from daonode.httpd.refusal import Refusal, Render
from daonode.httpd.service import Service


def guarded(app: ASGIApp, service: Service) -> ASGIApp:
    """An application that answers only requests with a `Host` header of this server."""

    async def ask_first(scope: Scope, receive: Receive, send: Send) -> None:
        refused = None
        if scope["type"] == "http":
            refused = service.guard.refuse_host(Headers(scope=scope).get("host", ""))
        if refused is None:
            await app(scope, receive, send)
        else:
            service.metrics.note_refusal(refused.reason)
            await refusal_response(refused, render=service.render)(scope, receive, send)

    return ask_first


def refusal_response(refusal: Refusal, *, render: Render) -> Response:
    """The answer to a request that is refused; where it may be tried again, with the seconds after which."""
    body = render(refusal)
    headers = {"Retry-After": str(max(1, ceil(refusal.retry_after_s or 0)))} if refusal.retryable else None
    return Response(body.content, status_code=refusal.status, media_type=body.media_type, headers=headers)
