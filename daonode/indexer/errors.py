"""What can go wrong while following a chain, by whose fault it is."""

from __future__ import annotations

from typing import Literal

LieKind = Literal["form", "parent", "proof", "payload", "receipts", "checkpoint", "chain", "epoch"]
"""What of an answer does not hold."""


class IndexerError(Exception):
    """Root of this package's errors."""


class NodeLied(IndexerError):
    """What a node answered is not the chain's. `kind` says which check failed, the text what did not match."""

    def __init__(self, message: str, *, kind: LieKind, height: int | None = None) -> None:
        place = "" if height is None else f"block {height}: "
        super().__init__(f"{place}{message}")
        self.kind: LieKind = kind
        self.height = height


class NoNodeLeft(IndexerError):
    """No node can be followed any more; the text names each and what is wrong with it."""


class StoreForeignChain(IndexerError):
    """A store holds another chain than the genesis document's, or another fork than the checkpoint's."""


class SinkBehind(IndexerError):
    """A further store lacks rows that the first one has, and that are not made a second time."""


class ProjectionMissing(IndexerError):
    """A projection that was named cannot be loaded."""
