"""What calls cost, in the units that an address's budget holds: about a tenth of a millisecond of work each."""

from __future__ import annotations

from typing import Final

from daonode.node.rpc.errors import RpcError, TooMuch

READ: Final = 1
"""A value in memory or one read of a database."""
SEND: Final = 2
"""A signature to verify."""
WORK: Final = 10
"""Execution, proofs, whole blocks, walks through the state."""


def too_dear(*, retry_after_s: float) -> RpcError:
    """The refusal of a request that a budget cannot pay now."""
    retry_after_ms = max(1, round(retry_after_s * 1_000))
    return TooMuch(
        "this address asks for more than its share",
        reason="rate_limited",
        hint=f"try again in {retry_after_ms} ms",
        retryable=True,
        details={"retry_after_ms": retry_after_ms},
    )
