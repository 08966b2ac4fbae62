"""What waits to be stepped by the driver: bounded queues, the most urgent first, and none that silences another.

Signatures, executed blocks and timers come first, then messages of the consensus lane, then sync, clients' transactions
in batches and peers' transactions in turn. After `MAX_CONSENSUS_STREAK` messages of the consensus lane one of the
others is served, so that a flood there delays the others and does not starve them. Producers of a full queue wait; a
client's submission is refused instead. While a block is executed transactions are held: they come in any number, and
what they took of the time would be the block's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from daonode.replica.events import (
    JobEnded,
    MessageReceived,
    PeerConnected,
    PeerDisconnected,
    Signed,
    SignRefused,
    Submission,
)
from daonode.replica.messages import Lane

MAX_WAITING_MESSAGES = 256
"""Checked messages of each lane that wait to be stepped; the transport's own queues stand before these."""
MAX_WAITING_SUBMISSIONS = 4_096
MAX_SUBMISSIONS_A_STEP = 256
MAX_CONSENSUS_STREAK = 64
"""Messages of the consensus lane stepped in a row while others wait; far more than a round of 32 validators needs."""

Urgent = Signed | SignRefused | JobEnded | PeerConnected | PeerDisconnected
Taken = Urgent | str | MessageReceived | tuple[Submission, ...]
"""A text is the name of a timer that is due."""


class Inbox:
    """The driver's queues. `take` is for one task; `on_waited` hears how long each message has waited for it."""

    def __init__(self, on_waited: Callable[[Lane, float], None] = lambda lane, seconds: None) -> None:
        self._on_waited = on_waited
        self._urgent: deque[Urgent | str] = deque()
        self._messages: dict[Lane, deque[tuple[float, MessageReceived]]] = {lane: deque() for lane in Lane}
        self._submissions: deque[Submission] = deque()
        self._arrived = trio.Event()
        self._rested = trio.Event()
        self._released = trio.Event()
        self._released.set()
        self._room = {lane: trio.Event() for lane in Lane}
        self._streak = 0
        self._turns: deque[Callable[[], Taken | None]] = deque(
            (lambda: self._take_message(Lane.SYNC), self._take_submissions, self._take_gossip)
        )

    def put_urgent(self, item: Urgent | str) -> None:
        """Queue what must not wait; bounded by what the replica has asked for and the number of peers."""
        self._urgent.append(item)
        self._arrived.set()

    async def put_message(self, lane: Lane, message: MessageReceived, *, received_at: float | None = None) -> None:
        """Queue a checked message; waits while its lane is full, so that the transport holds the next one back.

        `received_at` is since when it waits, on trio's clock, from now unless given.
        """
        since = trio.current_time() if received_at is None else received_at
        queue = self._messages[lane]
        while len(queue) >= MAX_WAITING_MESSAGES:
            self._room[lane] = trio.Event()
            await self._room[lane].wait()
        queue.append((since, message))
        self._arrived.set()

    def put_submission(self, submission: Submission) -> bool:
        """Queue a client's transaction; False when there is no room."""
        if len(self._submissions) >= MAX_WAITING_SUBMISSIONS:
            return False
        self._submissions.append(submission)
        self._arrived.set()
        return True

    @contextmanager
    def holding_transactions(self) -> Iterator[None]:
        """Give out no transactions meanwhile."""
        self._released = trio.Event()
        try:
            yield
        finally:
            self._released.set()
            self._arrived.set()

    async def released(self) -> None:
        """Wait until transactions are not held: for those who would prepare more of them."""
        await self._released.wait()

    def drain_submissions(self) -> tuple[Submission, ...]:
        """Take back the submissions that nobody will step any more."""
        drained = tuple(self._submissions)
        self._submissions.clear()
        return drained

    def lengths(self) -> dict[str, int]:
        """How much waits in each queue, for metrics."""
        return {
            "urgent": len(self._urgent),
            **{lane.value: len(queue) for lane, queue in self._messages.items()},
            "submissions": len(self._submissions),
        }

    async def take(self) -> Taken:
        """The most urgent item; waits until there is one, and lets other tasks run in any case."""
        # Where items come faster than they are stepped, the tasks that receive and answer must have their turn too.
        await trio.lowlevel.checkpoint()
        while (item := self._next()) is None:
            self._arrived = trio.Event()
            self._rested.set()
            await self._arrived.wait()
            self._rested = trio.Event()
        return item

    async def rest(self) -> None:
        """Wait until nothing waits here and whoever takes is done with the last item."""
        await self._rested.wait()

    def _next(self) -> Taken | None:
        if self._urgent:
            return self._urgent.popleft()
        if self._streak < MAX_CONSENSUS_STREAK:
            message = self._take_message(Lane.CONSENSUS)
            if message is not None:
                self._streak += 1
                return message
        self._streak = 0
        for _ in range(len(self._turns)):
            item = self._turns[0]()
            self._turns.rotate(-1)
            if item is not None:
                return item
        return self._take_message(Lane.CONSENSUS)

    def _take_message(self, lane: Lane) -> MessageReceived | None:
        if not self._messages[lane]:
            return None
        self._room[lane].set()
        since, message = self._messages[lane].popleft()
        self._on_waited(lane, trio.current_time() - since)
        return message

    def _take_gossip(self) -> MessageReceived | None:
        return self._take_message(Lane.MEMPOOL) if self._released.is_set() else None

    def _take_submissions(self) -> tuple[Submission, ...] | None:
        if not self._released.is_set():
            return None
        count = min(len(self._submissions), MAX_SUBMISSIONS_A_STEP)
        return tuple(self._submissions.popleft() for _ in range(count)) or None
