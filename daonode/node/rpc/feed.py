"""A topic as a stream of values after a position: out of the archive as far as it goes, then block by block.

There is no other source than the archive: a commit only says that there is more to read. So history and what comes
live have no seam at which something could be lost or told twice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Final

import trio

from daonode.httpd.budgets import Budget
from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import InvalidInput, RpcError, not_found
from daonode.node.rpc.events import EventReader
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.positions import read_position
from daonode.node.rpc.subscribing import SubscribeParameters
from daonode.node.rpc.topics import Item, Topic, make_topic
from daonode.primitives.positions import Position
from daonode.replica.archive import Archive

MAX_BLOCKS_A_READ: Final = 32
"""Blocks that are looked through at one time; far behind the tip, each such read costs the caller."""
MAX_ITEMS_A_READ: Final = 256
"""A read ends after the block with which it has so many values."""


@dataclass(frozen=True, slots=True)
class Start:
    """A topic, and the position after which it is told."""

    topic: Topic
    after: Position


@dataclass(frozen=True, slots=True)
class _Read:
    """What some blocks gave, up to and with `height`; an error where the next block is not kept."""

    items: tuple[Item, ...]
    height: int
    is_at_tip: bool
    error: RpcError | None = None


class Feed:
    """Reads topics for all connections of a server."""

    def __init__(self, node: RpcNode) -> None:
        self._node = node
        self._reader = EventReader(node.api.application.registry)

    async def start(self, parameters: SubscribeParameters) -> Start:
        """Check what a caller asks for.

        Raises:
            RpcError: a filter or the position is wrong, or what followed the position is no longer kept.
        """
        return await self._node.read(partial(self._start, parameters=parameters))

    async def follow(self, start: Start, *, budget: Budget) -> AsyncGenerator[Item, None]:
        """Every value after the start, in order, without end; reads beyond the tip are paid from the budget.

        Raises:
            NotFound: this node has deleted what comes next.
            Unavailable: it is stopping.
        """
        height, after = start.after.height, start.after
        while True:
            await self._node.api.wait_for_height(height)
            read = await self._node.read(partial(_read, topic=start.topic, first=height, after=after))
            for item in read.items:
                yield item
            if read.error is not None:
                raise read.error
            height = read.height + 1
            if not read.is_at_tip:
                await _pay(budget)

    def _start(self, archive: Archive, *, parameters: SubscribeParameters) -> Start:
        application = self._node.api.application
        topic = make_topic(archive, parameters, application=application, reader=self._reader)
        tip = archive.tip().height
        if parameters.since is None:
            return Start(topic, Position(tip, max(0, len(self._reader.events_at(archive, tip)) - 1)))
        after = read_position(parameters.since, path="params.since")
        if after.height > tip:
            raise InvalidInput(
                f"params.since: the position {after} is ahead of the chain",
                reason="position_ahead",
                hint=f"the chain is at height {tip}: is it the same chain, and has the node caught up?",
            )
        if archive.committed(after.height) is None:
            raise _not_kept(after.height)
        return Start(topic, after)


def _read(archive: Archive, *, topic: Topic, first: int, after: Position) -> _Read:
    tip = archive.tip().height
    items: list[Item] = []
    last = min(tip, first + MAX_BLOCKS_A_READ - 1)
    for height in range(first, last + 1):
        if archive.committed(height) is None:
            return _Read(tuple(items), height - 1, is_at_tip=False, error=_not_kept(height))
        items += [item for item in topic.items_at(archive, height) if item.position > after]
        if len(items) >= MAX_ITEMS_A_READ:
            last = height
            break
    return _Read(tuple(items), last, is_at_tip=last >= tip)


async def _pay(budget: Budget) -> None:
    wait_s = budget.spend(WORK)
    while wait_s > 0:
        await trio.sleep(wait_s)
        wait_s = budget.spend(WORK)


def _not_kept(height: int) -> RpcError:
    return not_found(
        f"this node does not keep the block at height {height} any more",
        hint="resume on a node that keeps all blocks, or begin anew from dao_getBlock without since",
    )
