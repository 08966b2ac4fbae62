"""The nodes that are followed, one at a time: which is next, and which is never asked again.

Who lies once is not asked again. Who cannot be reached, or has nothing new, gives way to the next; when all have failed
in a row there is a pause, which grows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
import trio

from daonode.client.answers import Blocks
from daonode.client.epochs import Epochs
from daonode.client.errors import BadAnswer, ClientError, RpcError, Unreachable
from daonode.indexer.errors import NodeLied, NoNodeLeft
from daonode.indexer.metrics import IndexerMetrics

WAIT_MS: Final = 3_000
"""How long a node holds an answer back while there is no next block; then the next node is asked."""
MAX_BLOCKS: Final = 256
"""Blocks that are asked for at a time at most: as many as a node gives."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 10.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class BlockSource(Protocol):
    """Somebody who gives blocks, to be believed in nothing; `HttpSource` is one."""

    async def blocks(self, *, above: int, limit: int, wait_ms: int) -> Blocks:
        """Committed blocks above a height; none after `wait_ms` without any. Raises `ClientError`."""
        ...

    async def epochs(self, *, from_epoch: int) -> Epochs:
        """What leads from the set of an epoch to later ones. Raises `ClientError`."""
        ...


@dataclass(slots=True)
class Node:
    """A node by its name, which is its URL. `lie` is what it said that is not so."""

    name: str
    source: BlockSource
    lie: NodeLied | None = None
    is_behind: bool = False


@dataclass(slots=True)
class Nodes:
    """All nodes that an operator named."""

    nodes: Sequence[Node]
    metrics: IndexerMetrics
    _place: int = 0
    _failures: int = 0
    _idle: int | None = field(default=None)
    """The height at which the node before the present one had nothing new."""

    def __post_init__(self) -> None:
        self.metrics.note_nodes(len(self.nodes))

    @property
    def current(self) -> Node:
        """The node that is asked next.

        Raises:
            NoNodeLeft: all lie.
        """
        for _ in self.nodes:
            node = self.nodes[self._place % len(self.nodes)]
            if node.lie is None:
                return node
            self._place += 1
        raise NoNodeLeft(self._all_lie())

    async def ask(self, *, above: int, limit: int = MAX_BLOCKS) -> tuple[Node, Blocks]:
        """The next blocks above a height, at most so many, and who gave them; asks until there are some.

        Raises:
            NoNodeLeft: no node is left to be asked.
        """
        while True:
            node = self.current
            answer = await self._try(node, partial(node.source.blocks, above=above, limit=limit, wait_ms=WAIT_MS))
            if answer is not None:
                self.metrics.note_node(max(answer.height, above))
                self._note_who_is_behind(node, answer, above=above)
                if answer.blocks:
                    return node, answer
                self._place += 1

    async def ask_for_epochs(self, node: Node, *, from_epoch: int) -> Epochs | None:
        """What leads on from the set of an epoch, by the node that needs it believed; None where it does not answer."""
        return await self._try(node, partial(node.source.epochs, from_epoch=from_epoch))

    def give_up(self, node: Node, lie: NodeLied) -> None:
        """Never ask a node again that has said what is not so."""
        node.lie = lie
        log.error("a node lies and is not asked again", node=node.name, kind=lie.kind, reason=str(lie))
        self.metrics.note_error(f"lie_{lie.kind}", node=node.name)
        self.metrics.note_nodes(sum(each.lie is None for each in self.nodes))
        self._place += 1

    async def _try(self, node: Node, call: Callable[[], Awaitable[T]]) -> T | None:
        """One answer; None where it failed, after a pause where all have."""
        try:
            with self.metrics.timing("fetch"):
                answer = await call()
            self._failures = 0
            return answer
        except (Unreachable, RpcError, BadAnswer) as error:
            kind = _kind_of(error)
            log.warning("a node cannot be followed", node=node.name, reason=str(error))
            self.metrics.note_error(kind, node=node.name)
        self._place += 1
        self._failures += 1
        honest = sum(each.lie is None for each in self.nodes)
        rounds, rest = divmod(self._failures, honest)
        if not rest:
            await trio.sleep(min(FIRST_PAUSE_S * 2 ** min(rounds - 1, 10), LONGEST_PAUSE_S))
        return None

    def _note_who_is_behind(self, node: Node, answer: Blocks, *, above: int) -> None:
        """Say once of a node that it has not what another one has, and once that it has it again."""
        if answer.blocks and self._idle == above:
            before = self.nodes[(self._place - 1) % len(self.nodes)]
            if before is not node and not before.is_behind:
                before.is_behind = True
                log.warning("a node is behind another", node=before.name, height=above, other=node.name)
                self.metrics.note_error("behind", node=before.name)
        if answer.blocks:
            node.is_behind = False
        self._idle = None if answer.blocks else above

    def _all_lie(self) -> str:
        lies = "; ".join(f"{node.name}: {node.lie}" for node in self.nodes)
        return f"every node says what is not so, or the store is of another chain: {lies}"


def _kind_of(error: ClientError) -> str:
    if isinstance(error, Unreachable):
        return "unreachable"
    return "refused" if isinstance(error, RpcError) else "bad_answer"
