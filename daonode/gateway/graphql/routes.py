"""GraphQL over HTTP, by the specification of that name: POST with JSON, GET for queries, and a page for browsers.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daonode.gateway.graphql.execution import FIELD_UNITS, Answer, Engine
from daonode.gateway.graphql.graphiql import graphiql_page, graphiql_routes
from daonode.gateway.graphql.limits import MAX_REQUEST_BYTES
from daonode.gateway.graphql.problems import Refused, refused
from daonode.gateway.graphql.requests import GraphqlRequest, read_json, read_request
from daonode.httpd.body import read_body
from daonode.httpd.budgets import Budget
from daonode.httpd.refusal import Refusal
from daonode.primitives.json_form import Json

RESPONSE_TYPE: Final = "application/graphql-response+json"
JSON_TYPE: Final = "application/json"
HEIGHT_HEADER: Final = "X-Dao-Height"


class GraphqlSite:
    """The answers at one path."""

    def __init__(self, engine: Engine, *, budget_of: Callable[[Request], Budget]) -> None:
        self._engine = engine
        self._budget_of = budget_of

    async def post(self, request: Request) -> Response:
        """A request in a body of JSON."""
        body = await read_body(request, max_bytes=MAX_REQUEST_BYTES, hint="send less at a time")
        if isinstance(body, Refusal):
            return _respond(request, self._engine.refusal(_of_body(body)))
        try:
            return await self._answer(request, read_request(read_json(body)))
        except Refused as error:
            return _respond(request, self._engine.refusal(error), is_malformed=True)

    async def get(self, request: Request) -> Response:
        """The page for a browser, else a query in the address."""
        if "text/html" in request.headers.get("accept", ""):
            return graphiql_page()
        try:
            return await self._answer(request, read_request(_parameters(request)))
        except Refused as error:
            return _respond(request, self._engine.refusal(error), is_malformed=True)

    async def _answer(self, request: Request, asked: GraphqlRequest) -> Response:
        answer = await self._engine.answer(asked)
        self._budget_of(request).owe(FIELD_UNITS * answer.cost)
        return _respond(request, answer)


def make_routes(engine: Engine, *, budget_of: Callable[[Request], Budget], path: str = "/graphql") -> list[Route]:
    """The routes of GraphQL. What a request costs because it is one was paid; what it has executed is owed."""
    site = GraphqlSite(engine, budget_of=budget_of)
    return [
        Route(path, site.get, methods=["GET"]),
        Route(path, site.post, methods=["POST"]),
        *graphiql_routes(path),
    ]


def _parameters(request: Request) -> dict[str, Json]:
    """The parameters of a query in an address, where objects are texts of JSON."""
    given = request.query_params.multi_items()
    found: dict[str, Json] = dict(given)
    if len(found) < len(given):
        raise refused("a parameter stands twice in the address", "BAD_REQUEST")
    for name in ("variables", "extensions"):
        text = found.get(name)
        if isinstance(text, str):
            found[name] = read_json(text.encode()) if text else None
    return found


def _respond(request: Request, answer: Answer, *, is_malformed: bool = False) -> Response:
    """An answer in the media type that the client takes. In plain JSON, which other servers between may take for their
    own, what was asked well is always answered with 200."""
    accepted = request.headers.get("accept", "*/*").lower()
    is_own = RESPONSE_TYPE in accepted
    if not is_own and not any(each in accepted for each in (JSON_TYPE, "application/*", "*/*")):
        hint = f"GraphQL answers in {RESPONSE_TYPE} or {JSON_TYPE}\n"
        return Response(hint, status_code=HTTPStatus.NOT_ACCEPTABLE, media_type="text/plain")
    status = answer.status
    if not is_own and not is_malformed and status is HTTPStatus.BAD_REQUEST:
        status = HTTPStatus.OK
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if answer.height is not None:
        headers[HEIGHT_HEADER] = str(answer.height)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return Response(
        msgspec.json.encode(answer.content),
        status_code=status,
        media_type=f"{RESPONSE_TYPE if is_own else JSON_TYPE}; charset=utf-8",
        headers=headers,
    )


def _of_body(refusal: Refusal) -> Refused:
    return refused(refusal.message, "BAD_REQUEST", status=refusal.status, hint=refusal.hint)
