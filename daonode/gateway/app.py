"""The application: every route of the public side, behind a front that is the same for all of them.

The front asks the guard, finds out who asks and takes the price of a request from its budget, and turns whatever goes
wrong into a problem document (on `/rpc` into an answer of JSON-RPC). What a resource, GraphQL or the page answers is
theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
import trio
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daonode.gateway import problems, proxy
from daonode.gateway.clients import Client, Clients
from daonode.gateway.metrics import NO_ROUTE, GatewayMetrics
from daonode.gateway.problems import Problem
from daonode.gateway.rest.serving import HEIGHT_HEADER
from daonode.httpd.addresses import Proxies
from daonode.httpd.asgi import guarded
from daonode.httpd.refusal import Refusal
from daonode.httpd.service import Service

REQUEST_COST: Final = 1.0
FILE_COST: Final = 0.1
"""A file of the page, of which there are dozens."""
FILES: Final = "/assets/"
MAX_OPEN_REQUESTS: Final = 512
"""Requests answered at one time, those that wait for a commit included."""
HEALTH_PATHS: Final = ("/livez", "/readyz")
"""Whoever asks here is not counted: it is how a gateway is watched."""
PLACES: Final = "/, /api/openapi.json, /api/..., /graphql, /rpc, /livez, /readyz"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Front:
    """What stands before all routes."""

    app: ASGIApp
    clients: Clients
    metrics: GatewayMetrics
    height: Callable[[], int | None]
    proxies: Proxies
    _open: int = field(default=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = trio.current_time()
        sending = _Sending(send, is_head=scope["method"] == "HEAD", height=self.height)
        try:
            if scope["path"] not in HEALTH_PATHS:
                self._admit(scope, sending)
            self._open += 1
            try:
                await self.app(scope, receive, sending)
            finally:
                self._open -= 1
        except Problem as problem:
            await _response(problem, path=scope["path"])(scope, receive, sending)
        except Exception:
            # The supervisor of all requests: a mistake in one ends no other. Its client was told that there was one.
            log.exception("a request failed", path=scope["path"])
        tier = "none" if sending.client is None else sending.client.tier
        route = scope.get("route")
        path = route.path if isinstance(route, Route) else NO_ROUTE
        status = sending.status or 0
        self.metrics.note_request(path, tier=tier, status=status, seconds=trio.current_time() - began)

    def _admit(self, scope: Scope, sending: _Sending) -> None:
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        address = self.proxies.client(peer, headers.getlist("x-forwarded-for"))
        try:
            client = self.clients.identify(headers.get("authorization"), address=address)
        except Problem:
            # Whoever guesses spends what everybody at this address has.
            self.clients.identify(None, address=address).pay(REQUEST_COST)
            raise
        scope.setdefault("state", {})["client"] = client
        client.pay(FILE_COST if scope["path"].startswith(FILES) else REQUEST_COST)
        sending.client = client
        if self._open >= MAX_OPEN_REQUESTS:
            raise problems.unavailable("this gateway answers as many requests as it may", reason="overloaded")
        if scope["path"].startswith("/api/") and not _accepts_json(headers.get("accept", "*/*")):
            raise Problem(
                Refusal(
                    HTTPStatus.NOT_ACCEPTABLE,
                    "not_acceptable",
                    "answers here are JSON, which the Accept header excludes",
                    hint="accept application/json and application/problem+json",
                )
            )


class _Sending:
    """Sends an answer with the headers that all have, and without a body where none was asked for."""

    def __init__(self, send: Send, *, is_head: bool, height: Callable[[], int | None]) -> None:
        self._send = send
        self._is_head = is_head
        self._height = height
        self.client: Client | None = None
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            height = self._height()
            if height is not None:
                headers.setdefault(HEIGHT_HEADER, str(height))
            if self.client is not None:
                headers.update(self.client.headers())
        elif self._is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def make_app(
    routes: Sequence[BaseRoute],
    *,
    service: Service,
    clients: Clients,
    metrics: GatewayMetrics,
    height: Callable[[], int | None],
) -> ASGIApp:
    """The application of these routes; `height` tells how far the store was a moment ago."""
    handlers = {HTTPException: _refuse_path, Problem: _refuse, Exception: _refuse}
    app = Starlette(routes=routes, exception_handlers=handlers)
    front: ASGIApp = Front(app, clients, metrics, height, service.proxies)
    origins = service.guard.cors_origins
    if origins:
        front = CORSMiddleware(
            front,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match"],
            expose_headers=[HEIGHT_HEADER, "ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy"],
        )
    return guarded(front, service)


async def _refuse(request: Request, error: Exception) -> Response:
    """The answer to what a route refuses, or fails at."""
    return _response(error if isinstance(error, Problem) else _mistake(), path=request.url.path)


async def _refuse_path(request: Request, error: Exception) -> Response:
    """The answer where no route is, or none for the method."""
    assert isinstance(error, HTTPException), "registered for this error alone"
    path = request.url.path[:64]
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        nothing = problems.not_found(f"there is nothing at {path!r}", hint=f"there is {PLACES}")
        return _response(nothing, path=path)
    methods = _methods_at(request)
    allow = {"Allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allow)
    refusal = Refusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "http_method",
        f"{request.method[:16]} is not for {path}",
        hint=f"allowed: {', '.join(methods)}",
    )
    return _response(Problem(refusal, headers=allow), path=path)


def _methods_at(request: Request) -> list[str]:
    found: dict[str, None] = {}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= dict.fromkeys(sorted(route.methods or ()))
    return [*found, "OPTIONS"]


def _response(problem: Problem, *, path: str) -> Response:
    return problems.response_of(problem, render=proxy.render if path == proxy.PATH else problems.render)


def _mistake() -> Problem:
    message = "this gateway made a mistake; its log has the details"
    return Problem(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message, hint="report it to the operator"))


def _accepts_json(accept: str) -> bool:
    for each in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in each.split(";"))
        is_wanted = not any(part.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for part in parameters)
        if media_type in ("*/*", "application/*", "application/json", "") and is_wanted:
            return True
    return False


def health_routes(obstacles: Callable[[], Awaitable[Sequence[str]]]) -> list[Route]:
    """`/livez`, and `/readyz` with what keeps the gateway from being of use."""

    async def live(_: Request) -> Response:
        return _json(HTTPStatus.OK, {"live": True})

    async def ready(_: Request) -> Response:
        found = list(await obstacles())
        status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
        return _json(status, {"ready": not found, "reasons": found})

    return [Route("/livez", live, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


def _json(status: HTTPStatus, value: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json", headers=headers)
