"""All mutants by name."""

from __future__ import annotations

from collections.abc import Mapping

from daonode.testing.mutants import certificates, epochs, persistence, rules, snapshots, syncing
from daonode.testing.mutants.mutant import Mutant

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        *rules.MUTANTS,
        *certificates.MUTANTS,
        *epochs.MUTANTS,
        *persistence.MUTANTS,
        *snapshots.MUTANTS,
        *syncing.MUTANTS,
    )
}
