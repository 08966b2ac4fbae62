"""The gateway process: opens everything, wires it, runs it until it is told to stop. Start here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from daonode.gateway import openapi, page, problems, proxy
from daonode.gateway.app import health_routes, make_app
from daonode.gateway.auth import Auth
from daonode.gateway.clients import Clients
from daonode.gateway.graphql.execution import Engine
from daonode.gateway.graphql.metrics import GraphqlMetrics
from daonode.gateway.graphql.routes import make_routes
from daonode.gateway.graphql.socket import make_endpoint
from daonode.gateway.keys import FileKeys
from daonode.gateway.late_store import LateStore
from daonode.gateway.live import Live
from daonode.gateway.metrics import GatewayMetrics
from daonode.gateway.nodes import Nodes, make_http_client
from daonode.gateway.operations import Operation, body_of, client_of
from daonode.gateway.proxy import Proxy
from daonode.gateway.rest.serving import Rest
from daonode.gateway.rest.table import ENDPOINTS
from daonode.gateway.secret import load_secret
from daonode.gateway.sending import Sending
from daonode.gateway.settings import GatewayConfig
from daonode.gateway.signin import SignIn
from daonode.httpd import server
from daonode.httpd.addresses import read_proxies
from daonode.httpd.asgi import guarded
from daonode.httpd.budgets import Budget
from daonode.httpd.guard import make_guard
from daonode.httpd.service import ServerLimits, Service
from daonode.httpd.websockets import WebSockets
from daonode.process.settings import LogSection
from daonode.process.signals import obeying_signals
from daonode.stores.access import Reader
from daonode.stores.sqlite import open_reader

if TYPE_CHECKING:
    from trio_typing import TaskStatus

LIMITS: Final = ServerLimits(body_bytes=proxy.MAX_BODY_BYTES, silence_s=60, connections=2_048, websockets=1_024)
MAX_LAG_BLOCKS: Final = 50
"""How far the store may be behind a node in a gateway that is ready."""
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GatewayFiles:
    """The files of one gateway: its API keys, the secret that it shares with others, and the indexer's store."""

    keys: Path
    secret: Path
    store: Path


@dataclass(frozen=True, slots=True)
class GatewayAddresses:
    """Where a gateway really listens; `metrics` is empty where they are turned off."""

    public: str
    metrics: str


async def run_gateway(
    config: GatewayConfig,
    files: GatewayFiles,
    *,
    on_ready: Callable[[GatewayAddresses], None],
    read_log: Callable[[], LogSection],
) -> None:
    """Run until SIGTERM or SIGINT; `on_ready` is called once everything listens.

    Raises:
        KeyFault: the secret's file cannot be used.
        OSError: the secret's file cannot be opened, or the address not be listened on.
    """
    secret = load_secret(files.secret)
    async with make_http_client() as http, obeying_signals(read_log) as nursery:
        gateway = Gateway(
            config,
            reader=LateStore(partial(open_reader, files.store)),
            nodes=Nodes(config.gateway.rpc, http),
            keys=FileKeys(files.keys),
            sign_in=SignIn(secret),
        )
        await nursery.start(gateway.live.run)
        public: str = await nursery.start(gateway.serve)
        metrics = ""
        if config.gateway.metrics_listen:
            metrics = await nursery.start(gateway.serve_metrics)
        on_ready(GatewayAddresses(public=public, metrics=metrics))


class Gateway:
    """One gateway, made of its parts."""

    def __init__(self, config: GatewayConfig, *, reader: Reader, nodes: Nodes, keys: FileKeys, sign_in: SignIn) -> None:
        section = config.gateway
        self._config = config
        self._reader = reader
        self._nodes = nodes
        self.metrics = GatewayMetrics()
        self.live = Live(reader)
        self._graphql_metrics = GraphqlMetrics(self.metrics.registry)
        self._graphql = Engine(reader, self.live, metrics=self._graphql_metrics)
        self._clients = Clients(config.limits, keys, sign_in)
        guard = make_guard(
            section.listen,
            cors_origins=section.cors_origins,
            server="gateway",
            setting="gateway.cors_origins of gateway.toml",
            names=section.names,
        )
        self._service = Service(
            guard=guard,
            limits=LIMITS,
            metrics=self.metrics.server,
            render=problems.render,
            proxies=read_proxies(section.trusted_proxies),
        )
        self._auth = Auth(sign_in, nodes, reader, guard)
        self._proxy = Proxy(nodes)

    async def serve(self, *, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve the public side until cancelled; starts with the address that it listens on."""
        endpoint = make_endpoint(self._graphql, metrics=self._graphql_metrics, budget_of=self._budget_of)
        await server.serve(
            self.app(),
            service=self._service,
            websockets=WebSockets([endpoint], service=self._service),
            listen=self._config.gateway.listen,
            task_status=task_status,
        )

    def app(self) -> ASGIApp:
        """The public side without its WebSockets."""
        return make_app(
            self._routes(),
            service=self._service,
            clients=self._clients,
            metrics=self.metrics,
            height=self.height,
        )

    def _budget_of(self, authorization: str | None, address: str) -> Budget:
        """Whose budget a WebSocket spends."""
        return self._clients.identify(authorization, address=address).budget

    async def serve_metrics(self, *, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve `/metrics` alone, on an address of its own, otherwise as `serve`."""
        listen = self._config.gateway.metrics_listen
        guard = make_guard(listen, cors_origins=(), server="gateway", setting="")
        service = Service(guard=guard, limits=LIMITS, metrics=self.metrics.server, render=problems.render)
        app = guarded(Starlette(routes=[Route("/metrics", self._get_metrics, methods=["GET"])]), service)
        await server.serve(app, service=service, listen=listen, task_status=task_status)

    async def _get_metrics(self, _: Request) -> Response:
        self.metrics.height.set(self.height() or 0)
        return Response(self.metrics.render(), media_type=METRICS_TYPE)

    def height(self) -> int | None:
        """How far the store was a moment ago."""
        return None if self.live.head is None else self.live.head.height

    def _routes(self) -> Sequence[BaseRoute]:
        rest = Rest(self._reader, self._nodes.height)
        operations = (*self._auth.operations(), Sending(self._nodes).operation())
        return [
            *(rest.route(each) for each in ENDPOINTS),
            *(each.route() for each in operations),
            _document_route(operations),
            Route(proxy.PATH, self._answer_rpc, methods=["POST"]),
            *health_routes(self._obstacles),
            *make_routes(self._graphql, budget_of=lambda request: client_of(request).budget),
            *page.routes(),
        ]

    async def _answer_rpc(self, request: Request) -> Response:
        body = await body_of(request, max_bytes=proxy.MAX_BODY_BYTES, hint="split the batch")
        reply = await self._proxy.answer(body, client_of(request))
        headers = {"Cache-Control": "no-store"}
        return Response(reply.content, status_code=reply.status, media_type="application/json", headers=headers)

    async def _obstacles(self) -> Sequence[str]:
        """What keeps the gateway from being of use. Without a node it still answers from the store."""
        height = self.height()
        if height is None:
            return ("nothing is indexed yet: is the indexer running?",)
        of_node = await self._nodes.height()
        if of_node is not None and of_node - height > MAX_LAG_BLOCKS:
            return (f"the index is {of_node - height} blocks behind, at height {height}",)
        return ()


def _document_route(operations: Sequence[Operation]) -> Route:
    """The OpenAPI document, made once."""
    content = msgspec.json.encode(openapi.describe(ENDPOINTS, operations))

    async def answer(_: Request) -> Response:
        return Response(content, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return Route(openapi.PATH, answer, methods=["GET"])
