"""What a gateway counts: requests by path and outcome, clients that were refused, and how far its store is."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from daonode.httpd.metrics import ServerMetrics

BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
NO_ROUTE: Final = "none"
"""One name for whatever no route has, so that callers cannot add series."""


class GatewayMetrics:
    """The metrics of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.server = ServerMetrics(self.registry, prefix="daonode_gateway")
        self._requests = Counter(
            "daonode_gateway_requests",
            "Requests by route, tier of the client and status.",
            ["route", "tier", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "daonode_gateway_seconds",
            "Time to answer a request, by route.",
            ["route"],
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.height = Gauge("daonode_gateway_height", "The height of the store.", registry=self.registry)

    def note_request(self, route: str, *, tier: str, status: int, seconds: float) -> None:
        """Take an answered request."""
        self._requests.labels(route, tier, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def render(self) -> bytes:
        """All metrics as text."""
        return generate_latest(self.registry)
