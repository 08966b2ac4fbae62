"""The oracle's eye on block time (I11): whoever votes for a block has its time within the drift bound of its own clock.

So the clocks of more than f honest validators are that near to the time of every certified block, and no proposer can
move it further.
"""

from __future__ import annotations

from daonode.consensus.types import Header
from daonode.testing.broken import BLOCK_TIME, InvariantBroken
from daonode.testing.electorate import Said


class BlockTimes:
    """The time of each block that was proposed; `max_drift_ms` is what the genesis document allows."""

    def __init__(self, *, max_drift_ms: int) -> None:
        self._max_drift_ms = max_drift_ms
        self._times_ms: dict[bytes, int] = {}

    def add(self, block_id: bytes, header: Header) -> None:
        """Learn of a proposal."""
        self._times_ms[block_id] = header.time_ms

    def judge_vote(self, node: int, said: Said, *, clock_ms: int) -> None:
        """An honest node votes when its own clock shows `clock_ms`."""
        assert said.block_id is not None, "a vote names a block"
        time_ms = self._times_ms.get(said.block_id)
        if time_ms is not None and abs(time_ms - clock_ms) > self._max_drift_ms:
            text = f"node {node} sends {said}, whose time is {time_ms - clock_ms:+} ms from its own clock"
            raise InvariantBroken(BLOCK_TIME, text)
