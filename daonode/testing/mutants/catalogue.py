"""All mutants by name."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.testing.mutants import (
    certificates,
    epochs,
    inclusion,
    persistence,
    pruning,
    rules,
    snapshots,
    syncing,
)
from daonode.testing.mutants.mutant import Mutant

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        *rules.MUTANTS,
        *certificates.MUTANTS,
        *epochs.MUTANTS,
        *inclusion.MUTANTS,
        *persistence.MUTANTS,
        *pruning.MUTANTS,
        *snapshots.MUTANTS,
        *syncing.MUTANTS,
    )
}
