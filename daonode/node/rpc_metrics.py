"""What the RPC server counts: calls by method, connections, subscriptions, and what was refused."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from daonode.httpd.metrics import ServerMetrics

CALL_BUCKETS_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
SUCCEEDED: Final = "succeeded"
UNKNOWN_METHOD: Final = "unknown"
"""One name for whatever no method has, so that callers cannot add series."""


class RpcMetrics(ServerMetrics):
    """The RPC server's metrics, in the node's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry, prefix="daonode_rpc")
        self._calls = Counter(
            "daonode_rpc_calls",
            "Calls by method and outcome: succeeded, or the reason of the error.",
            ["method", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "daonode_rpc_seconds",
            "Time to answer a call, waiting included, by method.",
            ["method"],
            buckets=CALL_BUCKETS_SECONDS,
            registry=registry,
        )
        self.subscriptions = Gauge("daonode_rpc_subscriptions", "Subscriptions under way.", registry=registry)
        self.notifications = Counter("daonode_rpc_notifications", "Notifications sent.", registry=registry)

    def note_call(self, method: str, *, outcome: str, seconds: float) -> None:
        """Take an answered call."""
        self._calls.labels(method, outcome).inc()
        self._seconds.labels(method).observe(seconds)

    def note_unread(self, outcome: str) -> None:
        """Take a call that names no method or is none."""
        self._calls.labels(UNKNOWN_METHOD, outcome).inc()
