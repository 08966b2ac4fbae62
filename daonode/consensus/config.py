"""The parameters of consensus: from the genesis document, the same for all, but for the pacing of one's own blocks."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.primitives.ids import ChainId, Hash


@dataclass(frozen=True, slots=True)
class ConsensusConfig:
    """Durations are milliseconds.

    `empty_payload_digest` is the `payload_digest` of the payload without transactions: the core parses none.
    `broadcast_votes_up_to`: votes go to everyone in sets up to this size, in larger ones to the current leader and the
    next ones.
    """

    chain_id: ChainId
    empty_payload_digest: Hash
    timeout_base_ms: int = 1_000
    max_timeout_ms: int = 60_000
    min_block_interval_ms: int = 50
    max_drift_ms: int = 10_000
    broadcast_votes_up_to: int = 32

    def __post_init__(self) -> None:
        assert 0 < self.timeout_base_ms <= self.max_timeout_ms, "timeouts must be positive, the base not above the cap"
        assert self.min_block_interval_ms >= 0, "the block interval cannot be negative"
        assert self.max_drift_ms > 0, "clocks differ: the drift bound must be positive"
