"""What enters the mempool, what a block may take from it, and what leaves: the mempool judged against the state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from daonode.ledger.application import Application
from daonode.ledger.block import Payload, Receipt
from daonode.ledger.building import SkippedTransaction
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.errors import TransactionError, WrongSequence
from daonode.ledger.session import NO_TRANSACTION
from daonode.primitives.codec import decode
from daonode.replica.effects import Broadcast, Effect, TransactionAdmitted, TransactionRefused
from daonode.replica.events import Submission
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.mempool import Mempool
from daonode.replica.messages import MAX_TRANSACTIONS_A_MESSAGE, TransactionsMessage

EXPIRY_SWEEP_MS = 5_000
"""Expired transactions are looked for at most this often, in block time."""


class Admission:
    """The mempool of one replica. States are read from `executed`."""

    def __init__(self, application: Application, executed: ExecutedBlocks, mempool: Mempool) -> None:
        self.mempool = mempool
        self._application = application
        self._executed = executed
        self._last_sweep_ms = 0

    def submit(self, submissions: tuple[Submission, ...]) -> list[Effect]:
        """Admit or refuse clients' transactions, and pass on what is new. One that waits already is admitted again."""
        effects: list[Effect] = []
        new: list[bytes] = []
        for submission in submissions:
            transaction = submission.transaction
            try:
                if transaction.id not in self.mempool:
                    self._admit(transaction)
                    new.append(transaction.raw)
            except TransactionError as error:
                effects.append(TransactionRefused(submission.ticket, transaction.id, error))
            else:
                effects.append(TransactionAdmitted(submission.ticket, transaction.id))
        for start in range(0, len(new), MAX_TRANSACTIONS_A_MESSAGE):
            chunk = tuple(new[start : start + MAX_TRANSACTIONS_A_MESSAGE])
            effects.append(Broadcast(TransactionsMessage(transactions=chunk)))
        return effects

    def receive(self, transactions: tuple[CheckedTransaction, ...]) -> None:
        """Admit what a peer passed on; the rest is dropped, since its sender is answered by the node it was sent to."""
        for transaction in transactions:
            if transaction.id in self.mempool:
                continue
            try:
                self._admit(transaction)
            except TransactionError:
                continue

    def candidates(self) -> Iterator[bytes]:
        """What a block may take, encoded, in order."""
        for transaction in self.mempool.candidates():
            yield transaction.raw

    def has_work(self) -> bool:
        """Whether a transaction waits that no uncommitted block has taken."""
        return any(not self._executed.includes(transaction.id) for transaction in self.mempool.candidates())

    def waiting_message(self) -> TransactionsMessage | None:
        """The first of what waits, for peers that may not know of it; None when nothing does."""
        waiting = tuple(islice(self.candidates(), MAX_TRANSACTIONS_A_MESSAGE))
        return TransactionsMessage(transactions=waiting) if waiting else None

    def drop_skipped(self, skipped: tuple[SkippedTransaction, ...]) -> None:
        """Forget what cannot be included. A wrong sequence may become right: what is overtaken leaves in `settle`."""
        for each in skipped:
            if not isinstance(each.error, WrongSequence):
                self.mempool.remove(decode_transaction(each.raw).id)

    def settle(self, payload: bytes, receipts: tuple[Receipt, ...], *, time_ms: int) -> None:
        """A block has been committed: its transactions, and what they overtook, leave; so does what has expired."""
        raws = decode(payload, Payload).transactions
        for raw, receipt in zip(raws, receipts, strict=False):
            if receipt.tx_id != NO_TRANSACTION:
                self.mempool.settle(self.mempool.get(receipt.tx_id) or decode_transaction(raw))
        if time_ms - self._last_sweep_ms >= EXPIRY_SWEEP_MS:
            self._last_sweep_ms = time_ms
            self.mempool.expire(time_ms=time_ms)

    def _admit(self, transaction: CheckedTransaction) -> None:
        expected = self._application.check_account(self._executed.root_version, transaction)
        self.mempool.admit(transaction, next_sequence=expected)
