"""Sending a transaction and learning what became of it: four outcomes, each told apart from the others.

committed and succeeded: returned. Committed and failed: `ExecutionFailed`. In no block and never will be: `Rejected`.
Time over after it was sent: `OutcomeUnknown`, and only then. The id is known before sending, so that a lost answer is
followed by asking, never by sending again with another sequence.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Final

from daonode.client.answers import TransactionAnswer
from daonode.client.errors import (
    REJECTED_CODE,
    ClientError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unanswered,
    Unavailable,
    Unreachable,
)
from daonode.client.rpc import MAX_WAIT_MS, RpcClient
from daonode.client.transactions import SignedTransaction
from daonode.ledger.errors import Expired, WrongSequence
from daonode.primitives.ids import TxId

DEFAULT_COMMIT_TIMEOUT_S: Final = 30.0
PAUSE_S: Final = 0.1
"""Between two questions for a transaction that the node does not know yet, or while it cannot be reached."""


class ExecutionFailed(ClientError):
    """A transaction is committed and failed: it paid its fee and changed nothing else. `answer` has its receipt."""

    def __init__(self, message: str, *, code: int, answer: TransactionAnswer) -> None:
        super().__init__(message)
        self.code = code
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that waiting goes by: seconds from any start, and a pause. Tests give their own."""

    now_s: Callable[[], float]
    pause_s: Callable[[float], object]


SYSTEM_CLOCK: Final = Clock(now_s=time.monotonic, pause_s=Event().wait)


def submit(rpc: RpcClient, transaction: SignedTransaction) -> TxId:
    """Send a transaction and return its id once a node has taken it, without waiting for a block.

    Raises:
        Rejected: it was refused. Sending again what is committed already is no error.
        OutcomeUnknown: the node did not answer.
        Unreachable: no node could be reached, so nothing was sent.
    """
    try:
        return rpc.send_transaction(transaction.raw)
    except Unanswered as error:
        raise OutcomeUnknown(f"sent, but {error}", tx_id=transaction.id) from error
    except Rejected as error:
        if error.reason != WrongSequence.reason or not _is_known(rpc, transaction.id):
            raise
        return transaction.id


def submit_and_wait(
    rpc: RpcClient,
    transaction: SignedTransaction,
    *,
    expires_at_ms: int | None = None,
    timeout_s: float = DEFAULT_COMMIT_TIMEOUT_S,
    clock: Clock = SYSTEM_CLOCK,
) -> TransactionAnswer:
    """Send a transaction and return it with its receipt once it is committed and has succeeded.

    With `expires_at_ms` the wait also ends when the chain's time has passed that without it.

    Raises:
        Rejected, Unreachable: as `submit`; or it expired before a block took it.
        ExecutionFailed: it is committed, and its messages failed.
        OutcomeUnknown: `timeout_s` is over.
    """
    deadline_s = clock.now_s() + timeout_s
    # Without an answer it may have arrived nevertheless: whether it did shows below.
    with suppress(OutcomeUnknown):
        submit(rpc, transaction)
    remaining_s = max(deadline_s - clock.now_s(), 0.0)
    return wait_for_commit(rpc, transaction.id, expires_at_ms=expires_at_ms, timeout_s=remaining_s, clock=clock)


def wait_for_commit(
    rpc: RpcClient,
    tx_id: TxId,
    *,
    expires_at_ms: int | None = None,
    timeout_s: float = DEFAULT_COMMIT_TIMEOUT_S,
    clock: Clock = SYSTEM_CLOCK,
) -> TransactionAnswer:
    """Wait for a transaction that was sent; returns and raises as `submit_and_wait`."""
    deadline_s = clock.now_s() + timeout_s
    while True:
        remaining_ms = max(int((deadline_s - clock.now_s()) * 1_000), 0)
        try:
            answer = rpc.transaction(tx_id, wait_ms=min(remaining_ms, MAX_WAIT_MS))
            if answer.is_committed:
                return _succeeded(answer)
        except NotFound:
            _check_not_expired(rpc, tx_id, expires_at_ms)
        except (Unreachable, Unavailable):
            # The node may be restarting; the transaction may be in a block that another has made meanwhile.
            pass
        if clock.now_s() >= deadline_s:
            raise OutcomeUnknown(f"no block has transaction 0x{tx_id.hex()} after {timeout_s:g} s", tx_id=tx_id)
        clock.pause_s(PAUSE_S)


def _succeeded(answer: TransactionAnswer) -> TransactionAnswer:
    receipt = answer.receipt
    assert receipt is not None, "a committed transaction has a receipt"
    if receipt.code:
        raise ExecutionFailed(
            f"executed in block {answer.height} and failed with code {receipt.code}: {receipt.error}",
            code=receipt.code,
            answer=answer,
        )
    return answer


def _check_not_expired(rpc: RpcClient, tx_id: TxId, expires_at_ms: int | None) -> None:
    """Raise `Rejected` where the committed time has passed the expiry: no later block may hold the transaction."""
    if expires_at_ms is None:
        return
    try:
        if rpc.status().time_ms <= expires_at_ms or _is_known(rpc, tx_id):
            return
    except (Unreachable, Unavailable):
        return
    raise Rejected(
        f"transaction 0x{tx_id.hex()} expired before a block took it",
        code=REJECTED_CODE,
        reason=Expired.reason,
        hint="build and sign it again",
        retryable=False,
        data={"code": Expired.code, "reason": Expired.reason},
    )


def _is_known(rpc: RpcClient, tx_id: TxId) -> bool:
    try:
        rpc.transaction(tx_id)
    except NotFound:
        return False
    return True
