"""What is not a resource: operations with a body or an identity, described as resources are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daonode.gateway.clients import Client
from daonode.gateway.problems import Problem
from daonode.gateway.rest.endpoint import Parameters
from daonode.httpd.body import read_body
from daonode.httpd.refusal import Refusal
from daonode.primitives.codec import Record


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its text, the types of its parameters, its body and its answer, and the statuses with which it
    may refuse besides those that any request may meet."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    answer: type[Struct]
    run: Callable[[Request], Awaitable[Response]]
    parameters: type[Parameters] | None = None
    body: type[Record] | None = None
    success: HTTPStatus = HTTPStatus.OK
    refusals: tuple[HTTPStatus, ...] = ()

    def route(self) -> Route:
        """The route of the operation."""
        return Route(self.path, self.run, methods=[self.method], name=f"{self.method} {self.path}")


def client_of(request: Request) -> Client:
    """Who asks."""
    client = request.state.client
    assert isinstance(client, Client), "everybody is identified before a request is routed"
    return client


async def body_of(request: Request, *, max_bytes: int, hint: str) -> bytes:
    """The body of a request.

    Raises:
        Problem: it is not declared as JSON, too large, or does not come in time.
    """
    body = await read_body(request, max_bytes=max_bytes, hint=hint)
    if isinstance(body, Refusal):
        raise Problem(body)
    return body


def json_response(form: Struct, *, status: HTTPStatus = HTTPStatus.OK, location: str | None = None) -> Response:
    """An answer that nobody keeps."""
    headers = {"Cache-Control": "no-store"} | ({} if location is None else {"Location": location})
    return Response(msgspec.json.encode(form), status_code=status, media_type="application/json", headers=headers)
