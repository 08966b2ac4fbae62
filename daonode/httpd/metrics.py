"""What a server counts: open connections, and who was refused or ended."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class ServerMetrics:
    """The metrics of one server, named after the process that it serves."""

    def __init__(self, registry: CollectorRegistry, *, prefix: str) -> None:
        self.connections = Gauge(f"{prefix}_connections", "Open connections.", registry=registry)
        self.websockets = Gauge(f"{prefix}_websockets", "Open WebSocket connections.", registry=registry)
        self._refused = Counter(
            f"{prefix}_refused", "Connections and requests refused or ended, by reason.", ["reason"], registry=registry
        )

    def note_refusal(self, reason: str) -> None:
        """Take a connection or a request that was refused before it was read, or ended for what it did. The reason is
        one of our own words: what a client chooses would add a series each time."""
        self._refused.labels(reason).inc()
