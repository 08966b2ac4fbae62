"""The HTTP side: paths and headers. What stands in a request's body is the dispatcher's."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daonode.httpd.asgi import guarded, refusal_response
from daonode.httpd.body import read_body
from daonode.httpd.budgets import Budgets, too_dear
from daonode.httpd.refusal import Refusal
from daonode.httpd.service import Service
from daonode.node.api import NodeApi
from daonode.node.rpc.costs import REQUEST
from daonode.node.rpc.dispatch import Dispatcher, error_body
from daonode.node.rpc.errors import InvalidRequest, NotFound, RpcError, Unavailable, of_refusal
from daonode.node.rpc.health import obstacles
from daonode.node.rpc.method import BODY_LIMITS, RpcNode
from daonode.node.rpc.results import StatusResult
from daonode.node.rpc.status_page import content_security_policy, page

MAX_BODY_BYTES: Final = BODY_LIMITS.max_bytes
"""A request's body: fifteen of the largest transactions, or a hundred votes many times over."""
MAX_OPEN_REQUESTS: Final = 512
"""Requests answered at one time; those that wait for a commit count too."""
HEIGHT_HEADER: Final = "X-Dao-Height"
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PATHS: Final = "/, /rpc, /ws, /livez, /readyz, /metrics"


class Site:
    """The answers of one node's HTTP server."""

    def __init__(self, api: NodeApi, *, service: Service, budgets: Budgets) -> None:
        self._api = api
        self._service = service
        self._budgets = budgets
        self._dispatcher = Dispatcher(RpcNode(api))
        self._open_requests = 0

    def rpc_app(self) -> ASGIApp:
        """Everything; pages of the guard's origins may call it."""
        cors_origins = self._service.guard.cors_origins
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
            expose_headers=[HEIGHT_HEADER],
        )
        routes = [
            Route("/", self._get_page, methods=["GET"]),
            Route("/", self._post, methods=["POST"]),
            Route("/rpc", self._post, methods=["POST"]),
            *self._health_routes(),
        ]
        return self._finish(
            Starlette(routes=routes, middleware=[cors] if cors_origins else [], exception_handlers=_REFUSALS)
        )

    def metrics_app(self) -> ASGIApp:
        """Metrics and health alone, for an address of their own."""
        return self._finish(Starlette(routes=self._health_routes(), exception_handlers=_REFUSALS))

    def _health_routes(self) -> list[Route]:
        return [
            Route("/livez", self._get_live, methods=["GET"]),
            Route("/readyz", self._get_ready, methods=["GET"]),
            Route("/metrics", self._get_metrics, methods=["GET"]),
        ]

    def _finish(self, app: ASGIApp) -> ASGIApp:
        """Ask the guard, put the height on every answer, and forbid keeping it."""
        answering = guarded(app, self._service)

        async def finished(scope: Scope, receive: Receive, send: Send) -> None:
            # Calls wait for their turn in the dispatcher, where it is known what they ask for.
            is_call = scope.get("method") == "POST"
            retry_after_s = 0.0 if is_call else await self._budgets.of(_address_of(scope)).turn(REQUEST)
            if retry_after_s:
                await _refusal(429, of_refusal(too_dear(retry_after_s=retry_after_s)))(scope, receive, send)
                return

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    headers[HEIGHT_HEADER] = str(self._api.height)
                    headers["Cache-Control"] = "no-store"
                    headers["X-Content-Type-Options"] = "nosniff"
                await send(message)

            await answering(scope, receive, send_with_headers)

        return finished

    async def _post(self, request: Request) -> Response:
        if self._open_requests >= MAX_OPEN_REQUESTS:
            self._api.rpc_metrics.note_refusal("overloaded")
            return _refusal(503, _overloaded())
        self._open_requests += 1
        try:
            body = await read_body(request, max_bytes=self._service.limits.body_bytes, hint="split the batch")
            if isinstance(body, Refusal):
                return refusal_response(body, render=self._service.render)
            answer = await self._dispatcher.answer(body, budget=self._budgets.of(_address_of(request.scope)))
        finally:
            self._open_requests -= 1
        return Response(status_code=204) if answer is None else Response(answer, media_type="application/json")

    async def _get_page(self, request: Request) -> Response:
        status = await self._dispatcher.call("dao_status")
        if not isinstance(status, StatusResult):
            return _refusal(503, status if isinstance(status, RpcError) else _overloaded())
        peers = [(peer.name, peer.address, peer.connected) for peer in self._api.peers]
        text = page(status, peers=peers, obstacles=obstacles(self._api), url=str(request.base_url))
        return HTMLResponse(text, headers={"Content-Security-Policy": content_security_policy()})

    async def _get_live(self, _: Request) -> Response:
        return _json(200, {"live": True})

    async def _get_ready(self, _: Request) -> Response:
        found = obstacles(self._api)
        return _json(503 if found else 200, {"ready": not found, "height": self._api.height, "reasons": list(found)})

    async def _get_metrics(self, _: Request) -> Response:
        return Response(self._api.metrics(), media_type=METRICS_TYPE)


def _address_of(scope: Scope) -> str:
    client = scope.get("client")
    return "" if client is None else str(client[0])


def _overloaded() -> Unavailable:
    return Unavailable(
        "this node answers as many requests as it may", reason="overloaded", hint="try again soon", retryable=True
    )


def _refusal(status_code: int, error: RpcError) -> Response:
    headers = {"Retry-After": "1"} if error.retryable else None
    return Response(error_body(error), status_code=status_code, media_type="application/json", headers=headers)


def _json(status_code: int, value: object) -> Response:
    return Response(msgspec.json.encode(value), status_code=status_code, media_type="application/json")


async def _refuse_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for this error alone"
    path = request.url.path[:64]
    if error.status_code == 405:
        wanted = InvalidRequest(f"{request.method} is not for {path}", reason="http_method", hint="calls are POSTed")
        refused = _refusal(405, wanted)
        refused.headers.update(error.headers or {})
        return refused
    return _refusal(error.status_code, NotFound(f"there is nothing at {path!r}", reason="not_found", hint=_PATHS))


_REFUSALS: Final = {HTTPException: _refuse_path}
