"""What an indexer counts, in the Prometheus text format: how far it is, how far behind, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, time
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from daonode.httpd.metrics import ServerMetrics

Stage = Literal["fetch", "verify", "project", "apply"]
ERRORS: Final = "daonode_indexer_errors"
"""By kind: what a node answered that is not the chain's (`lie_`), and why one could not be followed."""


class IndexerMetrics:
    """The metrics of one indexer."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.server = ServerMetrics(self.registry, prefix="daonode_indexer")
        self._height = self._gauge("height", "The last height whose rows are all there.")
        self._node_height = self._gauge("node_height", "The height of the node that is followed.")
        self._lag_blocks = self._gauge("lag_blocks", "Blocks between the two.")
        self._lag_seconds = self._gauge(
            "lag_seconds", "Age of the last indexed block by its block time; 0 at the tip, however idle the chain is."
        )
        self._nodes = self._gauge("nodes", "Nodes that are not found lying.")
        self._blocks = Counter("daonode_indexer_blocks", "Blocks whose rows were written.", registry=self.registry)
        self._rows = Counter("daonode_indexer_rows", "Rows written or removed.", registry=self.registry)
        self._errors = Counter(
            ERRORS, "What a node answered that is not the chain's, or why it could not be followed, by kind and node.",
            ["kind", "node"], registry=self.registry,
        )  # fmt: skip
        self._seconds = Counter(
            "daonode_indexer_seconds", "Time by stage; that of fetching is mostly waiting.", ["stage"],
            registry=self.registry,
        )  # fmt: skip
        self._last = (0, 0, 0)

    def note_head(self, *, height: int, time_ms: int) -> None:
        """Take how far the store is."""
        self._last = (height, time_ms, self._last[2])

    def note_node(self, height: int) -> None:
        """Take how far the node is that is followed."""
        self._last = (self._last[0], self._last[1], height)

    def note_nodes(self, count: int) -> None:
        """Take how many nodes may be followed."""
        self._nodes.set(count)

    def note_written(self, *, blocks: int, rows: int) -> None:
        """Take what was written."""
        self._blocks.inc(blocks)
        self._rows.inc(rows)

    def note_error(self, kind: str, *, node: str) -> None:
        """Take what went wrong with a node; both are our own words, or the operator's."""
        self._errors.labels(kind, node).inc()

    @contextmanager
    def timing(self, stage: Stage) -> Iterator[None]:
        """Count the time of the block."""
        began = perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(stage).inc(perf_counter() - began)

    def render(self) -> bytes:
        """All metrics as text."""
        height, time_ms, node_height = self._last
        behind = max(node_height - height, 0)
        self._height.set(height)
        self._node_height.set(node_height)
        self._lag_blocks.set(behind)
        self._lag_seconds.set(max(time() - time_ms / 1_000, 0) if behind else 0)
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"daonode_indexer_{name}", text, registry=self.registry)
