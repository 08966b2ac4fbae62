"""How a run went, and what it has been through."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.messages import ProposalMessage
from daonode.replica.messages import BlockResponse, Message


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
    joins: int = 0
    """Nodes that began with a snapshot of others."""
    pruned: int = 0
    """Heights whose state an archive can prove at the end, and a node that prunes cannot any more."""
    evidence: int = 0
    """Reports against Byzantine validators; against honest ones there are none."""
    lost_batches: int = 0
    """Writes that were not synced and that a crash took."""
    torn_writes: int = 0
    """Batches that were written in part, found by their checksum at the next start."""
    outdated_states: int = 0
    """Starts that were refused because a disk had forgotten what it had synced, and the node's own blocks tell."""
    clock_steps: int = 0
    flaps: int = 0
    """Cuts that came back."""
    messages_lost: int = 0
    messages_cut: int = 0
    messages_duplicated: int = 0


class MessageCounter:
    """Counts what honest nodes have sent."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, bytes], int] = {}

    def count(self, message: Message, coverage: Coverage) -> None:
        """Note certificates of timeouts, forks and answers with blocks."""
        if isinstance(message, ProposalMessage):
            header = message.block.header
            coverage.timeout_certificates += header.tc_digest != bytes(32)
            coverage.forks += self._seen.setdefault((header.height, header.parent_id), header.round) != header.round
        elif isinstance(message, BlockResponse):
            coverage.syncs += bool(message.blocks)


@dataclass(frozen=True, slots=True)
class Result:
    """How a run went: `failure` is None when every invariant held."""

    seed: int
    failure: str | None
    coverage: Coverage
    trace_hash: str
    trace: tuple[str, ...]
