"""Transactions that wait for a block: admitted in order, bounded in every direction.

A transaction is admitted when its sequence is the lane's next one or at most `MAX_SEQUENCE_GAP` ahead of it. What a
block may contain is given by `candidates`: lane after lane, each from its next sequence without a gap. A lane of which
something was committed goes to the end of the line, so that nobody stands before everyone else for good. Whether a
transaction is valid against the state is the caller's question to the ledger; this file counts and orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.primitives.ids import Address, TxId
from daonode.replica.events import PeerId

MAX_TRANSACTIONS = 20_000
MAX_BYTES = 64 * 1024 * 1024
MAX_PER_SENDER = 64
MAX_PER_PEER = MAX_TRANSACTIONS // 2
"""The most that wait here because one peer passed them on: no single peer leaves others without room."""
MAX_SEQUENCE_GAP = 32
"""How far ahead of the lane's next sequence a transaction may be."""

LaneKey = tuple[Address, int]
KeyT = TypeVar("KeyT")


class MempoolFull(TransactionError):
    """The node holds as many transactions, or bytes, as it may; another node or a later time may take it."""

    code = 1001
    reason = "mempool_full"


class SenderLimit(TransactionError):
    """The sender already has as many waiting transactions as one sender may."""

    code = 1002
    reason = "sender_limit"


class AlreadyKnown(TransactionError):
    """The transaction, or another one with its sender, lane and sequence, is waiting already."""

    code = 1003
    reason = "already_known"


class SequenceGap(TransactionError):
    """The sequence is behind the lane's next one, or too far ahead of it."""

    code = 1004
    reason = "sequence_gap"


@dataclass(slots=True)
class Lane:
    """What waits in one lane of one sender: `next_sequence` is what the chain expects."""

    next_sequence: int
    waiting: dict[int, CheckedTransaction] = field(default_factory=dict)


class Mempool:
    """Waiting transactions, by lane and sequence."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._by_id: dict[TxId, CheckedTransaction] = {}
        self._per_sender: dict[Address, int] = {}
        self._from_peer: dict[TxId, PeerId] = {}
        self._per_peer: dict[PeerId, int] = {}
        self._total_bytes = 0
        self._revision = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, tx_id: TxId) -> bool:
        return tx_id in self._by_id

    @property
    def revision(self) -> int:
        """A number that changes whenever `candidates` may give something else."""
        return self._revision

    @property
    def total_bytes(self) -> int:
        """The encoded size of all that waits."""
        return self._total_bytes

    def get(self, tx_id: TxId) -> CheckedTransaction | None:
        """A waiting transaction, or None."""
        return self._by_id.get(tx_id)

    def next_sequence(self, sender: Address, lane: int) -> int | None:
        """The first sequence of a lane that is neither committed nor waiting; None where nothing of the lane waits."""
        known = self._lanes.get((sender, lane))
        if known is None:
            return None
        sequence = known.next_sequence
        while sequence in known.waiting:
            sequence += 1
        return sequence

    def admit(self, transaction: CheckedTransaction, *, next_sequence: int, source: PeerId | None = None) -> None:
        """Add a transaction whose lane the chain has at `next_sequence`; `source` is the peer that passed it on.

        Raises:
            AlreadyKnown, SequenceGap, SenderLimit, MempoolFull: it does not wait here now. Nothing has changed.
        """
        body = transaction.body
        lane = self._lanes.get((body.sender, body.lane))
        if lane is not None and body.sequence in lane.waiting:
            raise AlreadyKnown(
                f"a transaction with sequence {body.sequence} of lane {body.lane} is waiting already",
                hint=f"use sequence {self.next_sequence(body.sender, body.lane)}, or another lane",
            )
        if not next_sequence <= body.sequence <= next_sequence + MAX_SEQUENCE_GAP:
            raise SequenceGap(
                f"sequence {body.sequence} of lane {body.lane} cannot be next: the chain expects {next_sequence}",
                hint=f"use {next_sequence}",
            )
        if self._per_sender.get(body.sender, 0) >= MAX_PER_SENDER:
            raise SenderLimit(f"{MAX_PER_SENDER} transactions of this sender are waiting", hint="wait for a commit")
        if source is not None and self._per_peer.get(source, 0) >= MAX_PER_PEER:
            raise MempoolFull(f"{MAX_PER_PEER} transactions of this peer are waiting", hint="wait for a commit")
        if len(self._by_id) >= MAX_TRANSACTIONS or self._total_bytes + len(transaction.raw) > MAX_BYTES:
            raise MempoolFull(f"{len(self._by_id)} transactions are waiting", hint="try again in a moment")
        if lane is None:
            lane = self._lanes[body.sender, body.lane] = Lane(next_sequence)
        lane.next_sequence = next_sequence
        lane.waiting[body.sequence] = transaction
        self._by_id[transaction.id] = transaction
        self._per_sender[body.sender] = self._per_sender.get(body.sender, 0) + 1
        if source is not None:
            self._from_peer[transaction.id] = source
            self._per_peer[source] = self._per_peer.get(source, 0) + 1
        self._total_bytes += len(transaction.raw)
        self._revision += 1

    def candidates(self) -> Iterator[CheckedTransaction]:
        """Transactions that a block may take: lane after lane, each from its next sequence up to the first gap."""
        for lane in self._lanes.values():
            sequence = lane.next_sequence
            while (transaction := lane.waiting.get(sequence)) is not None:
                yield transaction
                sequence += 1

    def remove(self, tx_id: TxId) -> None:
        """Forget a transaction; one that is not here changes nothing."""
        transaction = self._by_id.pop(tx_id, None)
        if transaction is None:
            return
        sender = transaction.body.sender
        key = (sender, transaction.body.lane)
        del self._lanes[key].waiting[transaction.body.sequence]
        if not self._lanes[key].waiting:
            del self._lanes[key]
        _count_down(self._per_sender, sender)
        source = self._from_peer.pop(tx_id, None)
        if source is not None:
            _count_down(self._per_peer, source)
        self._total_bytes -= len(transaction.raw)
        self._revision += 1

    def settle(self, committed: CheckedTransaction) -> None:
        """A block has committed this transaction, so its lane goes on after it; what it overtook is forgotten."""
        body = committed.body
        key = (body.sender, body.lane)
        lane = self._lanes.pop(key, None)
        if lane is None:
            return
        self._lanes[key] = lane
        lane.next_sequence = body.sequence + 1
        self._revision += 1
        for sequence in [sequence for sequence in lane.waiting if sequence <= body.sequence]:
            self.remove(lane.waiting[sequence].id)

    def expire(self, *, time_ms: int) -> None:
        """Forget what no block at or after `time_ms` may contain. Looks at everything: call it once in a while."""
        for waiting in [each for each in self._by_id.values() if each.body.expires_at_ms <= time_ms]:
            self.remove(waiting.id)


def _count_down(counts: dict[KeyT, int], key: KeyT) -> None:
    """One less for a key; what is counted down to nothing is forgotten."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
