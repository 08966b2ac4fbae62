"""Who waits for an answer about a transaction: its admission to the mempool, or its commit.

When the node stops, everybody is let go with an answer that is true: what was never stepped is refused, and a commit
that did not come is told as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import trio

from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.node.api import Overloaded
from daonode.node.inbox import Inbox
from daonode.primitives.ids import TxId
from daonode.replica.events import Submission, Ticket

Answer = TxId | TransactionError


@dataclass(slots=True)
class _Waiter:
    answered: trio.Event = field(default_factory=trio.Event)
    answer: Answer | None = None


class Clients:
    """Hands transactions to the inbox and answers back. Bounded by the RPC server's open requests."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiters: dict[Ticket, _Waiter] = {}
        self._next_ticket = 0
        self._commits: dict[TxId, list[trio.Event]] = {}
        self._is_stopping = False

    async def submit(self, checked: Iterable[CheckedTransaction | TransactionError]) -> tuple[Answer, ...]:
        """Offer those that passed their check to the mempool: for each its id, or why it was refused."""
        waiters = [each if isinstance(each, TransactionError) else self._offer(each) for each in checked]
        return tuple([await _answer_of(waiter) for waiter in waiters])

    async def wait_for_commit(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        """Wait until a block with this transaction is committed; False when the time is over or the node stops."""
        committed = trio.Event()
        waiting = self._commits.setdefault(tx_id, [])
        waiting.append(committed)
        try:
            with trio.move_on_after(0 if self._is_stopping else timeout_ms / 1_000):
                await committed.wait()
            return committed.is_set() and not self._is_stopping
        finally:
            waiting.remove(committed)
            if not waiting:
                del self._commits[tx_id]

    def answer(self, ticket: Ticket, answer: Answer) -> None:
        """Tell a client what became of its submission."""
        waiter = self._waiters.pop(ticket, None)
        if waiter is not None:
            waiter.answer = answer
            waiter.answered.set()

    def on_committed(self, tx_ids: Iterable[TxId]) -> None:
        """Wake those who wait for these transactions."""
        for tx_id in tx_ids:
            for waiting in self._commits.get(tx_id, ()):
                waiting.set()

    def stop(self) -> None:
        """Let everybody go; no event is stepped any more."""
        self._is_stopping = True
        for submission in self._inbox.drain_submissions():
            self.answer(submission.ticket, _stopping())
        self.on_committed(tuple(self._commits))

    def _offer(self, transaction: CheckedTransaction) -> _Waiter | TransactionError:
        if self._is_stopping:
            return _stopping()
        ticket = Ticket(self._next_ticket)
        self._next_ticket += 1
        if not self._inbox.put_submission(Submission(transaction, ticket)):
            return Overloaded("this node is busy with other transactions", hint="try again in a moment")
        self._waiters[ticket] = _Waiter()
        return self._waiters[ticket]


def _stopping() -> Overloaded:
    return Overloaded("this node is stopping", hint="send it to another node")


async def _answer_of(waiter: _Waiter | TransactionError) -> Answer:
    if isinstance(waiter, TransactionError):
        return waiter
    await waiter.answered.wait()
    assert waiter.answer is not None, "the answer is set before the event"
    return waiter.answer
