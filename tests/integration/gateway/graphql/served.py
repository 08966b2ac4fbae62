"""GraphQL behind a real server, and a client that speaks graphql-transport-ws over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Protocol

import trio
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from daonode.gateway.graphql.execution import Engine
from daonode.gateway.graphql.metrics import GraphqlMetrics
from daonode.gateway.graphql.routes import make_routes
from daonode.gateway.graphql.socket import SUBPROTOCOL, make_endpoint
from daonode.gateway.live import Live
from daonode.gateway.problems import not_found, render
from daonode.httpd.asgi import guarded
from daonode.httpd.budgets import Bucket, bucket
from daonode.httpd.guard import make_guard
from daonode.httpd.metrics import ServerMetrics
from daonode.httpd.server import serve
from daonode.httpd.service import ServerLimits, Service
from daonode.httpd.websockets import WebSockets
from daonode.stores.access import Reader

PATIENCE_S = 20.0
"""How long a test waits for what must come."""
GOOD_TOKEN = "Bearer good"


@dataclass(slots=True)
class Served:
    """A server's `host:port`, what it counted, and the budget that everybody pays from."""

    address: str
    registry: CollectorRegistry
    budget: Bucket

    @property
    def url(self) -> str:
        return f"http://{self.address}/graphql"

    def count(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 where it was never counted."""
        return self.registry.get_sample_value(f"daonode_gateway_graphql_{name}", labels) or 0.0


@asynccontextmanager
async def served(
    reader: Reader, *, websockets: int = 64, rate: float = inf, burst: float = inf
) -> AsyncIterator[Served]:
    """GraphQL over a store, until the end."""
    registry = CollectorRegistry()
    metrics, live = GraphqlMetrics(registry), Live(reader)
    service = Service(
        guard=make_guard("127.0.0.1:0", cors_origins=(), server="gateway", setting="gateway.toml"),
        limits=ServerLimits(body_bytes=1_000_000, silence_s=30, connections=websockets + 64, websockets=websockets),
        metrics=ServerMetrics(registry, prefix="daonode_gateway"),
        render=render,
    )
    budget = bucket(rate=rate, burst=burst) if rate < inf else bucket(rate=1e9, burst=1e9)

    def budget_of(authorization: str | None, address: str) -> Bucket:
        assert address == "127.0.0.1"
        if authorization not in (None, GOOD_TOKEN):
            raise not_found("there is no such token")
        return budget

    engine = Engine(reader, live, metrics=metrics)
    app = guarded(Starlette(routes=make_routes(engine, budget_of=lambda _: budget)), service)
    sockets = WebSockets([make_endpoint(engine, metrics=metrics, budget_of=budget_of)], service=service)
    async with trio.open_nursery() as nursery:
        await nursery.start(live.run)
        address = await nursery.start(partial(serve, app, service=service, websockets=sockets, listen="127.0.0.1:0"))
        yield Served(address, registry, budget)
        nursery.cancel_scope.cancel()


@dataclass(slots=True)
class Client:
    """One connection."""

    connection: WebSocketConnection

    async def send(self, **message: object) -> None:
        await self.connection.send_message(json.dumps(message))

    async def receive(self) -> dict[str, object]:
        """The next message."""
        with trio.fail_after(PATIENCE_S):
            message: dict[str, object] = json.loads(await self.connection.get_message())
            return message

    async def subscribe(self, id_: str, query: str, **variables: object) -> None:
        await self.send(id=id_, type="subscribe", payload={"query": query, "variables": variables})

    async def next(self, id_: str) -> dict[str, object]:
        """The data of the next result, which must be of this operation and without errors."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert message["id"] == id_, message
        payload = message["payload"]
        assert isinstance(payload, dict)
        assert "errors" not in payload, payload
        data: dict[str, object] = payload["data"]
        return data

    async def close_code(self) -> int:
        """The code with which the server closes, whatever it says before."""
        with trio.fail_after(PATIENCE_S), suppress(ConnectionClosed):
            while True:
                await self.connection.get_message()
        closed = self.connection.closed
        assert closed is not None
        return int(closed.code)


class Addressed(Protocol):
    """What listens somewhere."""

    @property
    def address(self) -> str: ...


@asynccontextmanager
async def connected(server: Addressed, *, init: object = None) -> AsyncIterator[Client]:
    """A connection that has begun."""
    async with opened(server) as client:
        await client.send(type="connection_init", payload=init)
        assert await client.receive() == {"type": "connection_ack"}
        yield client


@asynccontextmanager
async def opened(server: Addressed, *, buffer_bytes: int | None = None) -> AsyncIterator[Client]:
    """A connection on which nothing was said; its operating system takes little for it where that is bounded."""
    host, _, port = server.address.rpartition(":")
    socket = trio.socket.socket()
    if buffer_bytes is not None:
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, buffer_bytes)
    try:
        await socket.connect((host, int(port)))
    except OSError:
        socket.close()
        raise
    stream = trio.SocketStream(socket)
    async with trio.open_nursery() as nursery:
        try:
            yield Client(
                await wrap_client_stream(nursery, stream, server.address, "/graphql", subprotocols=[SUBPROTOCOL])
            )
        finally:
            nursery.cancel_scope.cancel()
            # The library leaves it open where the server has closed.
            await trio.aclose_forcefully(stream)
