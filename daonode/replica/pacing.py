"""How much a block that is built here may do: less after rounds that failed, slowly more again after that."""

from __future__ import annotations

from daonode.consensus.types import Header

MAX_HALVINGS = 5
"""How often the target of a block's gas is halved, once for each round that failed before it."""
RECOVERY_BLOCKS = 32
"""Committed blocks without a failed round before them that bring the target from nothing to its full size again."""


class Pacing:
    """The target of gas for the blocks of one replica; `most` is that of a chain where no round fails."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._target = most

    def target(self, *, failed_rounds: int) -> int:
        """The gas after which a block ends that so many failed rounds stand before."""
        return self._target >> min(failed_rounds, MAX_HALVINGS)

    def note(self, committed: Header) -> None:
        """Learn from a committed block how many rounds have failed before it."""
        if committed.failed_proposers:
            halvings = min(len(committed.failed_proposers), MAX_HALVINGS)
            self._target = max(self._target >> halvings, self._most >> MAX_HALVINGS)
        else:
            self._target = min(self._most, self._target + self._most // RECOVERY_BLOCKS)
