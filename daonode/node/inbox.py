"""What waits to be stepped by the driver: bounded queues, the most urgent first.

Signatures and timers come before messages of the consensus lane, those before sync, and transactions last, in batches.
Producers of a full queue wait; a client's submission is refused instead.
"""

from __future__ import annotations

from collections import deque

import trio

from daonode.replica.events import MessageReceived, PeerConnected, PeerDisconnected, Signed, SignRefused, Submission
from daonode.replica.messages import Lane

MAX_WAITING_MESSAGES = 256
"""Checked messages of each lane that wait to be stepped; the transport's own queues stand before these."""
MAX_WAITING_SUBMISSIONS = 4_096
MAX_SUBMISSIONS_A_STEP = 256

Urgent = Signed | SignRefused | PeerConnected | PeerDisconnected
Taken = Urgent | str | MessageReceived | tuple[Submission, ...]
"""A text is the name of a timer that is due."""


class Inbox:
    """The driver's queues. `take` is for one task."""

    def __init__(self) -> None:
        self._urgent: deque[Urgent | str] = deque()
        self._messages: dict[Lane, deque[MessageReceived]] = {lane: deque() for lane in Lane}
        self._submissions: deque[Submission] = deque()
        self._arrived = trio.Event()
        self._room = {lane: trio.Event() for lane in Lane}

    def put_urgent(self, item: Urgent | str) -> None:
        """Queue what must not wait; bounded by what the replica has asked for and the number of peers."""
        self._urgent.append(item)
        self._arrived.set()

    async def put_message(self, lane: Lane, message: MessageReceived) -> None:
        """Queue a checked message; waits while its lane is full, so that the transport holds the next one back."""
        queue = self._messages[lane]
        while len(queue) >= MAX_WAITING_MESSAGES:
            self._room[lane] = trio.Event()
            await self._room[lane].wait()
        queue.append(message)
        self._arrived.set()

    def put_submission(self, submission: Submission) -> bool:
        """Queue a client's transaction; False when there is no room."""
        if len(self._submissions) >= MAX_WAITING_SUBMISSIONS:
            return False
        self._submissions.append(submission)
        self._arrived.set()
        return True

    def lengths(self) -> dict[str, int]:
        """How much waits in each queue, for metrics."""
        return {
            "urgent": len(self._urgent),
            **{lane.value: len(queue) for lane, queue in self._messages.items()},
            "submissions": len(self._submissions),
        }

    async def take(self) -> Taken:
        """The most urgent item; waits until there is one."""
        while (item := self._next()) is None:
            self._arrived = trio.Event()
            await self._arrived.wait()
        return item

    def _next(self) -> Taken | None:
        if self._urgent:
            return self._urgent.popleft()
        for lane in (Lane.CONSENSUS, Lane.SYNC):
            if self._messages[lane]:
                return self._take_message(lane)
        if self._submissions:
            count = min(len(self._submissions), MAX_SUBMISSIONS_A_STEP)
            return tuple(self._submissions.popleft() for _ in range(count))
        return self._take_message(Lane.MEMPOOL) if self._messages[Lane.MEMPOOL] else None

    def _take_message(self, lane: Lane) -> MessageReceived:
        self._room[lane].set()
        return self._messages[lane].popleft()
