"""The indexer process: opens everything, wires it, runs it until it is told to stop. Start here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daonode.genesis.document import GenesisDocument
from daonode.httpd import server
from daonode.httpd.asgi import guarded
from daonode.httpd.guard import make_guard
from daonode.httpd.refusal import Refusal, RefusalBody
from daonode.httpd.service import ServerLimits, Service
from daonode.indexer.destinations import load_projections, open_destination
from daonode.indexer.following import Follower
from daonode.indexer.metrics import IndexerMetrics
from daonode.indexer.nodes import Node, Nodes
from daonode.indexer.projection.projector import Projector
from daonode.indexer.settings import IndexerConfig
from daonode.indexer.source import HttpSource, make_http_client
from daonode.indexer.verifying import BlockVerifier, parse_checkpoint
from daonode.process.settings import LogSection
from daonode.process.signals import obeying_signals

if TYPE_CHECKING:
    from trio_typing import TaskStatus

LIMITS: Final = ServerLimits(body_bytes=1024, silence_s=60, connections=64)
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """An indexer that follows: from which height on, and where its metrics are, empty where they are turned off."""

    height: int
    metrics: str


async def run_indexer(
    config: IndexerConfig,
    document: GenesisDocument,
    *,
    stores: tuple[str, ...],
    on_ready: Callable[[Started], None],
    read_log: Callable[[], LogSection],
) -> None:
    """Follow until SIGTERM or SIGINT; `on_ready` is called once the stores are open and metrics are served.

    Raises:
        GenesisError: the document makes no chain.
        StoreError: a store cannot be opened or written.
        IndexerError: a store is another chain's, or no node is left to be believed.
        ConfigError: a store or a projection is named wrongly.
        OSError: the address of the metrics cannot be listened on.
    """
    section = config.indexer
    projector = Projector(document, further=load_projections(section.projections))
    checkpoint = parse_checkpoint(section.trust) if section.trust else None
    metrics = IndexerMetrics()
    with open_destination(stores, projector.tables) as destination:
        async with make_http_client() as http, obeying_signals(read_log) as nursery:
            follower = Follower(
                destination,
                verifier=BlockVerifier(document, checkpoint=checkpoint),
                projector=projector,
                nodes=Nodes([Node(url, HttpSource(url, http)) for url in section.rpc], metrics),
                metrics=metrics,
                checkpoint=checkpoint,
            )
            listening = ""
            if section.metrics_listen:
                listening = await nursery.start(_serve_metrics, metrics, section.metrics_listen)
            known = await nursery.start(follower.run)
            on_ready(Started(height=known.height, metrics=listening))


async def _serve_metrics(
    metrics: IndexerMetrics, listen: str, *, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    async def get_metrics(_: Request) -> Response:
        return Response(metrics.render(), media_type=METRICS_TYPE)

    guard = make_guard(listen, cors_origins=(), server="indexer", setting="")
    service = Service(guard=guard, limits=LIMITS, metrics=metrics.server, render=_render)
    app = guarded(Starlette(routes=[Route("/metrics", get_metrics, methods=["GET"])]), service)
    await server.serve(app, service=service, listen=listen, task_status=task_status)


def _render(refusal: Refusal) -> RefusalBody:
    return RefusalBody("text/plain; charset=utf-8", f"{refusal.message}\n".encode())
