"""How long a quorum takes, as this node sees it: from a proposal to its certificate, and from there to the commit."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from daonode.primitives.ids import BlockId

MAX_OPEN_BLOCKS = 64
"""Blocks whose times are kept; with one more the oldest is forgotten, as one that is never certified must be."""


class QuorumStep(Enum):
    """What a quorum does with a block, one after the other."""

    CERTIFIED = "certified"
    COMMITTED = "committed"


class QuorumDelay:
    """Tells `observe` the seconds of each step. `now` tells monotonic seconds."""

    def __init__(self, now: Callable[[], float], observe: Callable[[QuorumStep, float], None]) -> None:
        self._now = now
        self._observe = observe
        self._proposed: dict[BlockId, float] = {}
        self._certified: dict[BlockId, float] = {}

    def on_proposed(self, block_id: BlockId) -> None:
        """A proposal was sent or received; the first time counts."""
        _keep(self._proposed, block_id, self._now())

    def on_certified(self, block_id: BlockId) -> None:
        """A certificate of a block is known; again does nothing."""
        proposed = self._proposed.pop(block_id, None)
        if proposed is not None:
            now = self._now()
            self._observe(QuorumStep.CERTIFIED, now - proposed)
            _keep(self._certified, block_id, now)

    def on_committed(self, block_id: BlockId) -> None:
        """A block is final and written."""
        certified = self._certified.pop(block_id, None)
        if certified is not None:
            self._observe(QuorumStep.COMMITTED, self._now() - certified)


def _keep(times: dict[BlockId, float], block_id: BlockId, time: float) -> None:
    times.setdefault(block_id, time)
    if len(times) > MAX_OPEN_BLOCKS:
        del times[next(iter(times))]
