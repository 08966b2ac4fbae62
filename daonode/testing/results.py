"""How a run went, and what it has been through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Coverage:
    """What a run has been through. Counters of many runs are added up."""

    commits: int = 0
    """The highest committed height."""
    faults: int = 0
    restarts: int = 0
    timeout_certificates: int = 0
    """Proposals that carry one."""
    lock_changes: int = 0
    forks: int = 0
    """Proposals beside another block of the same parent."""
    syncs: int = 0
    """Answers with blocks."""
    epochs: int = 0
    """Epochs that were over."""
    changed_sets: int = 0
    """Of them those after which others decide, or the same with other keys."""
    evidence: int = 0
    """Reports against Byzantine validators; against honest ones there are none."""
    lost_batches: int = 0
    """Writes that were not synced and that a crash took."""
    messages_lost: int = 0
    messages_cut: int = 0
    messages_duplicated: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How a run went: `failure` is None when every invariant held."""

    seed: int
    failure: str | None
    coverage: Coverage
    trace_hash: str
    trace: tuple[str, ...]
