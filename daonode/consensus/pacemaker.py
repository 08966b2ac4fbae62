"""When a round has lasted too long. Integer arithmetic, so that everyone waits the same.

Round = max(QC round, TC round) + 1. The timeout grows by a fifth with each round since the last commit, up to a cap.
"""

from __future__ import annotations

from daonode.consensus.types import QuorumCertificate, TimeoutCertificate

GROWTH_NUMERATOR = 6
GROWTH_DENOMINATOR = 5

EMPTY_BLOCK_DIVISOR = 4
"""A leader waits this share of the base timeout for commit votes before it proposes an empty block to commit with."""


def round_after(high_qc: QuorumCertificate, tc: TimeoutCertificate | None) -> int:
    """The round that the newest certificates open."""
    return max(high_qc.round, tc.round if tc is not None else 0) + 1


def timeout_ms(*, base_ms: int, cap_ms: int, rounds_without_commit: int) -> int:
    """The duration of a round: `base_ms * 1.2**rounds_without_commit`, at most `cap_ms`."""
    duration_ms = min(base_ms, cap_ms)
    for _ in range(rounds_without_commit):
        if duration_ms >= cap_ms:
            return cap_ms
        # One more than the quotient, so that a tiny base grows too.
        duration_ms = min(cap_ms, max(duration_ms + 1, duration_ms * GROWTH_NUMERATOR // GROWTH_DENOMINATOR))
    return duration_ms
