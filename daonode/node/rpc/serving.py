"""What a node serves: its JSON-RPC over HTTP and WebSockets, or its metrics alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import trio

from daonode.httpd import server
from daonode.httpd.budgets import Budgets, Strangers
from daonode.httpd.guard import make_guard
from daonode.httpd.refusal import Refusal, RefusalBody
from daonode.httpd.service import ServerLimits, Service
from daonode.httpd.websocket import WebSocket
from daonode.httpd.websockets import Endpoint, WebSockets
from daonode.node.api import NodeApi
from daonode.node.rpc.costs import UNITS_A_PERCENT
from daonode.node.rpc.dispatch import error_body
from daonode.node.rpc.errors import of_refusal
from daonode.node.rpc.feed import Feed
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.session import RpcSession
from daonode.node.rpc.web import MAX_BODY_BYTES, Site

if TYPE_CHECKING:
    from trio_typing import TaskStatus

LIMITS: Final = ServerLimits(body_bytes=MAX_BODY_BYTES, silence_s=60)
WEBSOCKET_PATHS: Final = ("/ws", "/rpc")


async def serve(
    api: NodeApi,
    *,
    listen: str,
    cors_origins: Sequence[str] = (),
    strangers_percent: int = 100,
    task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve JSON-RPC over HTTP and WebSockets, the status page, health and metrics, as `httpd.server.serve` does.

    `strangers_percent` of a core is what the calls of other machines may take together.

    Raises:
        ListenError: the address is taken, or none of this machine's.
    """
    service = _service(api, listen=listen, cors_origins=cors_origins)
    budgets = Budgets(together=Strangers(rate=strangers_percent * UNITS_A_PERCENT, rest=api.rest))
    node = RpcNode(api)
    feed = Feed(node)

    def open_session(connection: WebSocket, address: str) -> RpcSession:
        return RpcSession(connection, node=node, feed=feed, budget=budgets.of(address))

    await server.serve(
        Site(api, service=service, budgets=budgets).rpc_app(),
        service=service,
        websockets=WebSockets([Endpoint(path, open_session) for path in WEBSOCKET_PATHS], service=service),
        listen=listen,
        task_status=task_status,
    )


async def serve_metrics(api: NodeApi, *, listen: str, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve metrics and health alone, otherwise as `serve`."""
    service = _service(api, listen=listen, cors_origins=())
    app = Site(api, service=service, budgets=Budgets()).metrics_app()
    await server.serve(app, service=service, listen=listen, task_status=task_status)


def _service(api: NodeApi, *, listen: str, cors_origins: Sequence[str]) -> Service:
    guard = make_guard(listen, cors_origins=cors_origins, server="node", setting="rpc.cors_origins of node.toml")
    return Service(guard=guard, limits=LIMITS, metrics=api.rpc_metrics, render=_render)


def _render(refusal: Refusal) -> RefusalBody:
    return RefusalBody("application/json", error_body(of_refusal(refusal)))
