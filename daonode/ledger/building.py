"""Choosing a block's transactions while executing them, so that a proposer executes once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daonode.ledger.block import Payload
from daonode.ledger.errors import BlockFull, TransactionError
from daonode.ledger.execution import BlockExecution, ExecutedBlock
from daonode.primitives.codec import encode


@dataclass(frozen=True, slots=True)
class SkippedTransaction:
    """A candidate that cannot be included here. A later sequence may become right; the error's type tells."""

    raw: bytes
    error: TransactionError


def choose(
    execution: BlockExecution,
    candidates: Iterable[bytes],
    *,
    evidence: tuple[bytes, ...] = (),
    gas_target: int | None = None,
) -> tuple[bytes, ExecutedBlock, tuple[SkippedTransaction, ...]]:
    """Execute candidates in order until one does not fit; returns the encoded payload of those that were included.

    It ends at the first that does not fit instead of trying smaller ones: those may follow it in its lane. It also ends
    once transactions have used `gas_target`: a block should be executed well before its round is over.
    """
    included: list[bytes] = []
    skipped: list[SkippedTransaction] = []
    execution.begin()
    for raw in candidates:
        try:
            execution.apply(raw)
        except TransactionError as error:
            skipped.append(SkippedTransaction(raw=raw, error=error))
        except BlockFull:
            break
        else:
            included.append(raw)
            if gas_target is not None and execution.gas_used >= gas_target:
                break
    return encode(Payload(transactions=tuple(included), evidence=evidence)), execution.finish(), tuple(skipped)
