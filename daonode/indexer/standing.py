"""How an index stands, seen from outside: its stores, the nodes, and what a running indexer has counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from daonode.client.errors import ClientError
from daonode.client.rpc import RpcClient
from daonode.indexer.destinations import kind_of
from daonode.indexer.metrics import ERRORS
from daonode.indexer.settings import IndexerConfig
from daonode.primitives.json_form import Json
from daonode.primitives.times import format_time
from daonode.stores.errors import StoreError

TIMEOUT_S: Final = 3.0
MAX_METRICS_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A store or a node; without a height there is a problem, or nothing yet."""

    name: str
    height: int | None = None
    time: str | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Json]:
        """As it is shown."""
        return {"name": self.name, "height": self.height, "time": self.time, "problem": self.problem}


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything together. `errors` are counts by kind and node, None where no indexer runs with these settings."""

    stores: Sequence[Place]
    nodes: Sequence[Place]
    errors: Sequence[tuple[str, str, int]] | None

    @property
    def lag_blocks(self) -> int | None:
        """How far the first store is behind the farthest node; None where either is not known."""
        heights = [node.height for node in self.nodes if node.height is not None]
        height = self.stores[0].height
        return max(max(heights) - height, 0) if heights and height is not None else None

    def to_json(self) -> dict[str, Json]:
        """As it is shown."""
        errors: list[Json] = [{"kind": kind, "node": node, "count": count} for kind, node, count in self.errors or ()]
        return {
            "running": self.errors is not None,
            "lag_blocks": self.lag_blocks,
            "stores": [store.to_json() for store in self.stores],
            "nodes": [node.to_json() for node in self.nodes],
            "errors": errors,
        }


def read_standing(config: IndexerConfig, stores: Sequence[str]) -> Standing:
    """Ask the stores, the nodes and the running indexer; who does not answer has a problem, or does not run.

    Raises:
        ConfigError: a store is named wrongly.
    """
    return Standing(
        stores=[_store(text) for text in stores],
        nodes=[_node(url) for url in config.indexer.rpc],
        errors=_errors(config.indexer.metrics_listen),
    )


def _store(text: str) -> Place:
    kind, place = kind_of(text)
    try:
        head = kind.head(place)
    except StoreError as error:
        return Place(text, problem=str(error))
    if head is None:
        return Place(text, problem="it is empty")
    return Place(text, height=head.height, time=format_time(head.time_ms))


def _node(url: str) -> Place:
    try:
        status = RpcClient(url, timeout_s=TIMEOUT_S).status()
    except ClientError as error:
        return Place(url, problem=str(error))
    return Place(url, height=status.height, time=format_time(status.time_ms))


def _errors(listen: str) -> list[tuple[str, str, int]] | None:
    if not listen:
        return None
    connection = HTTPConnection(listen, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read(MAX_METRICS_BYTES).decode(errors="replace")
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    if ERRORS not in families:
        return None
    return [
        (sample.labels["kind"], sample.labels["node"], int(sample.value))
        for sample in families[ERRORS].samples
        if sample.name.endswith("_total")
    ]
