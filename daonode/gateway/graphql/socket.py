"""Queries and subscriptions over a WebSocket: the protocol graphql-transport-ws, of which this is the server.

A connection begins with `connection_init`; then each operation has an id of the client's choice, and is told `next` for
each result, `complete` at its end or `error` where there is none. Whoever breaks the protocol is closed with its codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec
import trio
from graphql import GraphQLError

from daonode.gateway.graphql.execution import FIELD_UNITS, OPERATION_UNITS, Answer, Engine, pay, unavailable
from daonode.gateway.graphql.metrics import GraphqlMetrics
from daonode.gateway.graphql.problems import Refused, problem, refused, written
from daonode.gateway.graphql.requests import GraphqlRequest, read_json, read_request
from daonode.gateway.graphql.selections import Selections
from daonode.gateway.problems import Problem
from daonode.httpd.budgets import Budget
from daonode.httpd.websocket import Ended, Session, WebSocket
from daonode.httpd.websockets import Endpoint
from daonode.primitives.json_form import Json
from daonode.primitives.positions import Position
from daonode.stores.errors import StoreError

SUBPROTOCOL: Final = "graphql-transport-ws"
INIT_TIMEOUT_S: Final = 10.0
"""How long a client may take to send `connection_init`."""
MAX_OPERATIONS: Final = 16
"""Operations of one connection at one time."""
MAX_ID_CHARACTERS: Final = 128
MAX_SHOWN: Final = 40
"""Characters of a client's text that a close frame repeats; it has room for 123 bytes."""

BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
INIT_TOO_LATE: Final = 4408
ID_IN_USE: Final = 4409
INIT_TWICE: Final = 4429


@dataclass(slots=True)
class _Operation:
    """One operation of a connection. `sent` is the position after which its client has nothing yet, None for a
    query."""

    id: str
    sent: Position | None = None
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)


BudgetOf = Callable[[str | None, str], Budget]
"""From an `Authorization` header, if any, and an address. Raises `Problem` where the header holds nobody's secret."""


def make_endpoint(engine: Engine, *, metrics: GraphqlMetrics, budget_of: BudgetOf, path: str = "/graphql") -> Endpoint:
    """Where WebSockets are taken. A browser cannot set headers for them, so the payload of `connection_init` may have
    `Authorization` instead."""
    selections = Selections(engine)

    def open_session(connection: WebSocket, address: str) -> Session:
        return GraphqlSession(
            connection, engine, selections, metrics=metrics, identify=partial(_identify, budget_of, address)
        )

    return Endpoint(path, open_session, SUBPROTOCOL)


def _identify(budget_of: BudgetOf, address: str, authorization: str | None) -> Budget:
    try:
        return budget_of(authorization, address)
    except Problem as error:
        raise Ended(FORBIDDEN, f"Forbidden: {error.refusal.message}") from None


class GraphqlSession:
    """The operations of one connection."""

    def __init__(
        self,
        connection: WebSocket,
        engine: Engine,
        selections: Selections,
        *,
        metrics: GraphqlMetrics,
        identify: Callable[[str | None], Budget],
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._selections = selections
        self._metrics = metrics
        self._identify = identify
        self._budget = identify(None)
        self._has_begun = trio.Event()
        self._operations: dict[str, _Operation] = {}

    def on_opened(self) -> None:
        """Give the client some time to begin."""
        self._connection.start(self._await_init)

    async def on_text(self, text: bytes) -> None:
        """Take one message of the protocol."""
        try:
            message = read_json(text)
        except Refused as error:
            raise Ended(BAD_MESSAGE, str(error)) from None
        if not isinstance(message, dict):
            raise Ended(BAD_MESSAGE, "a message is an object with a type")
        match message.get("type"):
            case "connection_init":
                await self._begin(message)
            case "ping":
                await self._put(type="pong")
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                operation = self._operations.pop(_id_of(message), None)
                if operation is not None:
                    operation.scope.cancel()
            case other:
                raise Ended(BAD_MESSAGE, f"Invalid message: no client sends the type {str(other)[:MAX_SHOWN]!r}")

    def on_lagging(self) -> Iterator[bytes]:
        """For each subscription, from where to resume."""
        for operation in self._operations.values():
            if operation.sent is not None:
                self._metrics.lagged.inc()
                yield _message(id=operation.id, type="error", payload=[written(_lagged(operation.sent))])

    def on_ended(self) -> None:
        """Count its subscriptions no more."""
        self._metrics.subscriptions.dec(sum(each.sent is not None for each in self._operations.values()))

    async def _begin(self, message: dict[str, Json]) -> None:
        if self._has_begun.is_set():
            raise Ended(INIT_TWICE, "Too many initialisation requests")
        payload = message.get("payload")
        authorization = payload.get("Authorization") if isinstance(payload, dict) else None
        if isinstance(authorization, str):
            self._budget = self._identify(authorization)
        self._has_begun.set()
        await self._put(type="connection_ack")

    async def _await_init(self) -> None:
        with trio.move_on_after(INIT_TIMEOUT_S):
            await self._has_begun.wait()
            return
        raise Ended(INIT_TOO_LATE, "Connection initialisation timeout")

    async def _subscribe(self, message: dict[str, Json]) -> None:
        if not self._has_begun.is_set():
            raise Ended(UNAUTHORIZED, "Unauthorized: begin with connection_init")
        id_ = _id_of(message)
        if id_ in self._operations:
            raise Ended(ID_IN_USE, f"Subscriber for {id_[:MAX_SHOWN]} already exists")
        try:
            request = read_request(message.get("payload"))
            self._check_room()
        except Refused as error:
            await self._refuse(id_, error)
            return
        operation = self._operations[id_] = _Operation(id_)
        self._connection.start(self._run, operation, request)

    def _check_room(self) -> None:
        if len(self._operations) >= MAX_OPERATIONS:
            raise refused(
                f"a connection has at most {MAX_OPERATIONS} operations at one time",
                "TOO_MANY_SUBSCRIPTIONS",
                limit=MAX_OPERATIONS,
                value=len(self._operations) + 1,
                hint="end one, or open another connection",
            )

    async def _run(self, operation: _Operation, request: GraphqlRequest) -> None:
        """Execute an operation until it ends by itself, or its client ends it."""
        with operation.scope:
            try:
                await self._execute(operation, request)
            except Refused as error:
                await self._refuse(operation.id, error, since=operation.sent)
            except StoreError:
                await self._refuse(operation.id, unavailable(), since=operation.sent)
        if operation.sent is not None:
            self._metrics.subscriptions.dec()
            operation.sent = None
        if self._operations.get(operation.id) is operation:
            del self._operations[operation.id]

    async def _execute(self, operation: _Operation, request: GraphqlRequest) -> None:
        await pay(self._budget, OPERATION_UNITS)
        begun = await self._engine.begin(request)
        if isinstance(begun, Answer):
            self._budget.owe(FIELD_UNITS * begun.cost)
            if begun.has_data:
                await self._put(id=operation.id, type="next", payload=begun.content)
                await self._put(id=operation.id, type="complete")
            else:
                await self._put(id=operation.id, type="error", payload=begun.content["errors"])
            return
        selection = self._selections.of(request, begun)
        operation.sent = begun.topic.since
        self._metrics.subscriptions.inc()
        async with aclosing(begun.topic.follow()) as following:
            async for rows in following:
                results = await selection.results(rows, budget=self._budget)
                for row, result in zip(rows, results, strict=True):
                    await self._tell(operation, begun.topic.position(row), result)

    async def _tell(self, operation: _Operation, position: Position, result: bytes) -> None:
        def on_begun() -> None:
            operation.sent = position

        text = _message(id=operation.id, type="next", payload=msgspec.Raw(result))
        await self._connection.put(text, on_begun=on_begun)
        self._metrics.notifications.inc()

    async def _refuse(self, id_: str, error: Refused, *, since: Position | None = None) -> None:
        await self._put(id=id_, type="error", payload=_errors(error.errors, since))

    async def _put(self, **message: object) -> None:
        await self._connection.put(_message(**message))


def _message(**message: object) -> bytes:
    return msgspec.json.encode(message)


def _id_of(message: dict[str, Json]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 1 <= len(id_) <= MAX_ID_CHARACTERS:
        raise Ended(BAD_MESSAGE, f"Invalid message: id is a string of 1 to {MAX_ID_CHARACTERS} characters")
    return id_


def _errors(errors: Sequence[GraphQLError], since: Position | None) -> list[dict[str, object]]:
    """Errors as they are sent; where a subscription breaks off, with the position after which to resume."""
    shown = [written(error) for error in errors]
    if since is not None:
        for each in shown:
            each["extensions"] = {**_dict(each["extensions"]), "since": str(since)}
    return shown


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict), "extensions are an object"
    return value


def _lagged(sent: Position) -> GraphQLError:
    return problem("too slow: resume after the position in since", "LAGGED", since=str(sent))
