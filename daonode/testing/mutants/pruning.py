"""What a node that prunes may delete, with one bound removed."""

from __future__ import annotations

from daonode.replica.committing import Pruning, Writes
from daonode.replica.layout import RECEIPTS_PREFIX, height_key
from daonode.testing.broken import WINDOW
from daonode.testing.mutants.mutant import Mutant, replacing

_writes = Pruning.writes


def _prune_one_more(self: Pruning, *, tip_height: int, written_height: int, made_obsolete: int) -> Writes:
    return _writes(self, tip_height=tip_height + 1, written_height=written_height, made_obsolete=made_obsolete)


def _prune_results(self: Pruning, *, tip_height: int, written_height: int, made_obsolete: int) -> Writes:
    """With the nodes of the tree go the results of the oldest height that is kept."""
    writes = _writes(self, tip_height=tip_height, written_height=written_height, made_obsolete=made_obsolete)
    results = height_key(RECEIPTS_PREFIX, max(0, tip_height - self._kept_versions))
    return (*writes, (results, None))


MUTANTS = (
    Mutant(
        "prune-one-more",
        "nothing is pruned that a kept height needs",
        ("faults",),
        replacing(Pruning, "writes", _prune_one_more),
        WINDOW,
    ),
    Mutant(
        "prune-results",
        "nothing but nodes of the tree is pruned",
        ("faults",),
        replacing(Pruning, "writes", _prune_results),
        WINDOW,
    ),
)
