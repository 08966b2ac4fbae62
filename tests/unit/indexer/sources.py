"""Nodes without a network: honest ones, and some that are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from daonode.client.answers import Blocks
from daonode.client.epochs import Epochs
from daonode.client.errors import ClientError
from tests.unit.client.small_chain import SmallChain
from tests.unit.indexer.dao_chain import blocks_of


@dataclass
class ChainSource:
    """A node that has a chain up to `height`; `bend` changes what it answers, `error` is what it fails with."""

    chain: SmallChain
    height: int = 10**9
    bend: Callable[[Blocks], Blocks] = lambda answer: answer
    error: ClientError | None = None
    most: int = 1_000
    asked: list[int] = field(default_factory=list)

    async def epochs(self, *, from_epoch: int) -> Epochs:
        await trio.lowlevel.checkpoint()
        return Epochs(epoch=0, changes=())

    async def blocks(self, *, above: int, limit: int, wait_ms: int) -> Blocks:
        self.asked.append(above)
        await trio.lowlevel.checkpoint()
        wanted = max(min(limit, self.most, self.height - above), 0)
        answer = blocks_of(self.chain, above=above, limit=wanted)
        with trio.move_on_after(wait_ms / 1_000):
            while not answer.blocks and self.error is None:
                await trio.sleep(0.005)
                answer = blocks_of(self.chain, above=above, limit=wanted)
        if self.error is not None:
            raise self.error
        return self.bend(answer) if answer.blocks else answer
