"""The resources over HTTP: each request reads one state of the store on a thread.

An answer follows from the head of the store and the question alone, so its tag is made of these, and a client that has
the answer already is told so without reading anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daonode import __version__
from daonode.gateway.paging import PageError
from daonode.gateway.problems import Problem, invalid, unavailable
from daonode.gateway.rest.endpoint import Asked, Endpoint, Parameters
from daonode.gateway.rest.query import read_parameters
from daonode.stores.access import Head, Reader
from daonode.stores.errors import StoreError

MAX_READS: Final = 4
"""Threads that read the store: each more slows down the others."""
MAX_WAITING_READS: Final = 256
"""Requests that wait for one of them; the next is refused."""
WAIT_TIMEOUT_S: Final = 5.0
"""How long a request waits for one; a read itself is bounded by what it reads."""
HEIGHT_HEADER: Final = "X-Dao-Height"
RETRY_EMPTY_S: Final = 2.0
_TAG_CHARACTERS: Final = 24

Height = Callable[[], Awaitable[int | None]]
"""Asks how far a node is."""


@dataclass(slots=True)
class Rest:
    """Serves resources from one store."""

    reader: Reader
    node_height: Height
    _threads: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(MAX_READS))

    def route(self, endpoint: Endpoint) -> Route:
        """The route of a resource."""

        async def serve(request: Request) -> Response:
            return await self.answer(endpoint, request)

        return Route(endpoint.path, serve, methods=["GET"], name=endpoint.path)

    async def answer(self, endpoint: Endpoint, request: Request) -> Response:
        """Answer a request for a resource.

        Raises:
            Problem: the parameters are not right, what is asked for is not there, or the store cannot answer.
        """
        parameters = read_parameters(request.path_params, request.query_params.multi_items(), endpoint.parameters)
        node_height = await self.node_height() if endpoint.is_live else None
        question = request.url.path + "?" + request.url.query
        known = request.headers.get("if-none-match", "")
        if self._threads.statistics().tasks_waiting >= MAX_WAITING_READS:
            raise unavailable("this gateway answers as many requests as it may", reason="overloaded")
        try:
            with trio.fail_after(WAIT_TIMEOUT_S):
                return await trio.to_thread.run_sync(
                    self._read,
                    endpoint,
                    parameters,
                    question,
                    known,
                    node_height,
                    limiter=self._threads,
                )
        except trio.TooSlowError:
            raise unavailable("no thread was free in time", reason="overloaded") from None

    def _read(
        self, endpoint: Endpoint, parameters: Parameters, question: str, known: str, node_height: int | None
    ) -> Response:
        try:
            with self.reader.snapshot() as snapshot:
                head = snapshot.head()
                if head is None:
                    raise _empty("the index is empty: the indexer has not begun")
                tag = None if endpoint.is_live else _tag(head, question)
                if tag is not None and _holds(known, tag):
                    return Response(status_code=304, headers=_headers(head, tag))
                return _answer(endpoint, Asked(snapshot, head, node_height), parameters, tag)
        except StoreError as error:
            raise _empty(str(error)) from error


def _answer(endpoint: Endpoint, asked: Asked, parameters: Parameters, tag: str | None) -> Response:
    try:
        content = msgspec.json.encode(endpoint.run(asked, parameters))
    except PageError as error:
        raise invalid(str(error), reason="invalid_cursor") from None
    return Response(content, media_type="application/json", headers=_headers(asked.head, tag))


def _empty(why: str) -> Problem:
    hint = "try again when the indexer has begun: daonode indexer status"
    return unavailable(why, reason="not_indexed", hint=hint, retry_after_s=RETRY_EMPTY_S)


def _headers(head: Head, tag: str | None) -> dict[str, str]:
    height = {HEIGHT_HEADER: str(head.height)}
    if tag is None:
        return {**height, "Cache-Control": "no-store"}
    return {**height, "ETag": tag, "Cache-Control": "public, no-cache"}


def _tag(head: Head, question: str) -> str:
    whole = f"{__version__} {head.genesis_hash.hex()} {head.height} {head.block_id.hex()} {question}"
    return f'"{sha256(whole.encode()).hexdigest()[:_TAG_CHARACTERS]}"'


def _holds(known: str, tag: str) -> bool:
    """Whether an `If-None-Match` header names a tag (RFC 9110, section 13.1.2)."""
    return known.strip() == "*" or any(each.strip().removeprefix("W/") == tag for each in known.split(","))
