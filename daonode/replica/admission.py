"""What waits for a block: the mempool judged against the state, and the evidence against validators.

What enters, what a block may take, what is passed on to peers, and what leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from daonode.ledger.application import Application
from daonode.ledger.block import Payload, Receipt
from daonode.ledger.building import SkippedTransaction
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.errors import TransactionError, WrongSequence
from daonode.primitives.codec import decode
from daonode.primitives.ids import BlockId
from daonode.replica.accusing import Accusations
from daonode.replica.effects import Broadcast, Effect, TransactionAdmitted, TransactionRefused
from daonode.replica.events import PeerId, Submission
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.mempool import Mempool
from daonode.replica.messages import (
    MAX_TRANSACTION_BYTES_A_MESSAGE,
    MAX_TRANSACTIONS_A_MESSAGE,
    EvidenceMessage,
    TransactionsMessage,
)

EXPIRY_SWEEP_MS = 5_000
"""Expired transactions are looked for at most this often, in block time."""


class Admission:
    """The mempool and the evidence of one replica. States are read from `executed`."""

    def __init__(
        self, application: Application, executed: ExecutedBlocks, mempool: Mempool, accusations: Accusations
    ) -> None:
        self.mempool = mempool
        self.accusations = accusations
        self._application = application
        self._executed = executed
        self._last_sweep_ms = 0
        self._revisions: tuple[int, int] | None = None
        """Those of mempool and executed blocks for which `_has_work` holds."""
        self._has_work = False

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
        effects.extend(Broadcast(message) for message in _messages(new))
        return effects

    def receive(self, peer: PeerId, transactions: tuple[CheckedTransaction, ...]) -> None:
        """Admit what a peer passed on; the rest is dropped, since its sender is answered by the node it was sent to."""
        for transaction in transactions:
            if transaction.id in self.mempool:
                continue
            try:
                self._admit(transaction, source=peer)
            except TransactionError:
                continue

    def candidates(self, parent_id: BlockId) -> Iterator[bytes]:
        """What a block on `parent_id` may take, encoded, in order: what the blocks that lead there do not have yet."""
        included = self._executed.included_on(parent_id)
        for transaction in self.mempool.candidates():
            if transaction.id not in included:
                yield transaction.raw

    def has_work(self) -> bool:
        """Whether something waits that no uncommitted block has taken; transactions are looked at after a change."""
        revisions = (self.mempool.revision, self._executed.revision)
        if revisions != self._revisions:
            self._revisions = revisions
            self._has_work = any(not self._executed.includes(each.id) for each in self.mempool.candidates())
        return self._has_work or self.accusations.has_work()

    def waiting_messages(self, *, now_ms: int) -> tuple[TransactionsMessage | EvidenceMessage, ...]:
        """The first of what waits, for peers that may not know of it."""
        messages = (self._waiting_transactions(now_ms=now_ms), self.accusations.waiting_message())
        return tuple(message for message in messages if message is not None)

    def drop_skipped(self, skipped: tuple[SkippedTransaction, ...]) -> None:
        """Forget what cannot be included. A wrong sequence may become right: what is overtaken leaves in `settle`."""
        for each in skipped:
            if not isinstance(each.error, WrongSequence):
                self.mempool.remove(decode_transaction(each.raw).id)

    def settle(self, payload: bytes, receipts: tuple[Receipt, ...], *, time_ms: int) -> None:
        """A block has been committed: its transactions, and what they overtook, leave; so does what has expired."""
        # The receipt of the block itself stands last, where it has one: no transaction belongs to it.
        for raw, receipt in zip(decode(payload, Payload).transactions, receipts, strict=False):
            self.mempool.settle(self.mempool.get(receipt.tx_id) or decode_transaction(raw))
        self.accusations.settle()
        if time_ms - self._last_sweep_ms >= EXPIRY_SWEEP_MS:
            self._last_sweep_ms = time_ms
            self.mempool.expire(time_ms=time_ms)

    def _admit(self, transaction: CheckedTransaction, *, source: PeerId | None = None) -> None:
        expected = self._application.check_account(self._executed.root_version, transaction)
        self.mempool.admit(transaction, next_sequence=expected, source=source)

    def _waiting_transactions(self, *, now_ms: int) -> TransactionsMessage | None:
        """The first of the transactions; None when there are none.

        What no block can take any more is found out here, since no leader may be there to do so: a transaction that one
        node alone believes in would keep its timers running for good.
        """
        waiting: list[bytes] = []
        byte_count = 0
        for transaction in tuple(islice(self.mempool.candidates(), MAX_TRANSACTIONS_A_MESSAGE)):
            if not self._is_possible(transaction, now_ms=now_ms):
                self.mempool.remove(transaction.id)
                continue
            byte_count += len(transaction.raw)
            if byte_count > MAX_TRANSACTION_BYTES_A_MESSAGE:
                break
            waiting.append(transaction.raw)
        return TransactionsMessage(transactions=tuple(waiting)) if waiting else None

    def _is_possible(self, transaction: CheckedTransaction, *, now_ms: int) -> bool:
        """Whether a waiting transaction would still be admitted."""
        if transaction.body.expires_at_ms < now_ms:
            return False
        try:
            self._application.check_account(self._executed.root_version, transaction)
        except TransactionError:
            return False
        return True


def _messages(raws: list[bytes]) -> Iterator[TransactionsMessage]:
    """Transactions in as few messages as the bounds of one allow, in their order."""
    message: list[bytes] = []
    byte_count = 0
    for raw in raws:
        is_full = len(message) >= MAX_TRANSACTIONS_A_MESSAGE
        if is_full or (message and byte_count + len(raw) > MAX_TRANSACTION_BYTES_A_MESSAGE):
            yield TransactionsMessage(transactions=tuple(message))
            message, byte_count = [], 0
        message.append(raw)
        byte_count += len(raw)
    if message:
        yield TransactionsMessage(transactions=tuple(message))
