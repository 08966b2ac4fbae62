"""What has been received and not yet taken: bounded, fair between peers, consensus first.

Order of service: connection events, then the lanes as `Lane` declares them, and within a lane one frame of each peer in
turn. After `MAX_STREAK_FRAMES` frames of one lane in a row, one waiting frame of another lane is served, so that a
flood on the first lane delays the others and does not silence them.

A full queue makes its reader wait, which closes yamux's window, which makes the sender's queue drop: the sender of a
flood pays for it. Events cannot be refused, so they are merged: at most three wait for each peer.
"""

from collections import deque

import trio

from daonode.node.transport.identity import PeerId
from daonode.node.transport.types import (
    LANE_LIMITS,
    Inbound,
    Lane,
    PeerConnected,
    PeerDisconnected,
    PeerMisbehaved,
    Received,
)

MAX_STREAK_FRAMES = 64


class _PeerQueue:
    """Frames of one peer on one lane."""

    def __init__(self) -> None:
        self.frames: deque[Inbound] = deque()
        self.queued_bytes = 0
        self.drained = trio.Event()


class _PeerEvents:
    """Events of one peer that wait, merged so that any number of reconnections leaves at most three."""

    def __init__(self) -> None:
        self.is_reported_connected = False
        self.misbehaved: PeerMisbehaved | None = None
        self.disconnected: PeerDisconnected | None = None
        self.connected: PeerConnected | None = None

    def is_silent(self) -> bool:
        return not (self.is_reported_connected or self.misbehaved or self.disconnected or self.connected)

    def next(self) -> PeerConnected | PeerDisconnected | PeerMisbehaved | None:
        if self.misbehaved is not None:
            misbehaved, self.misbehaved = self.misbehaved, None
            return misbehaved
        if self.disconnected is not None:
            disconnected, self.disconnected = self.disconnected, None
            self.is_reported_connected = False
            return disconnected
        connected, self.connected = self.connected, None
        if connected is not None:
            self.is_reported_connected = True
        return connected


class Inbox:
    """Received frames and events of all peers. Any number of tasks put; of each lane, one takes."""

    def __init__(self) -> None:
        self._queues: dict[Lane, dict[PeerId, _PeerQueue]] = {lane: {} for lane in Lane}
        self._turns: dict[Lane, deque[PeerId]] = {lane: deque() for lane in Lane}
        self._events: dict[PeerId, _PeerEvents] = {}
        self._event_turns: deque[PeerId] = deque()
        self._filled = trio.Event()
        self._streak_lane = Lane.CONSENSUS
        self._streak_frames = 0
        self._others_start = 0

    async def put(self, item: Inbound) -> None:
        """Add a frame, waiting while this peer's queue on this lane is full."""
        limits = LANE_LIMITS[item.lane]
        queue = self._queues[item.lane].setdefault(item.peer, _PeerQueue())
        while queue.frames and (
            len(queue.frames) >= limits.inbound_queue_frames
            or queue.queued_bytes + len(item.data) > limits.inbound_queue_bytes
        ):
            queue.drained = trio.Event()
            await queue.drained.wait()
        # The queue may have run empty and left the table while this task waited.
        self._queues[item.lane][item.peer] = queue
        if not queue.frames:
            self._turns[item.lane].append(item.peer)
        queue.frames.append(item)
        queue.queued_bytes += len(item.data)
        self._filled.set()

    def put_event(self, event: PeerConnected | PeerDisconnected | PeerMisbehaved) -> None:
        """Add an event, merging it with those of the same peer that nobody has taken yet."""
        waiting = self._events.setdefault(event.peer, _PeerEvents())
        match event:
            case PeerConnected():
                waiting.connected = event
            case PeerDisconnected():
                waiting.connected = None
                if waiting.is_reported_connected:
                    waiting.disconnected = event
            case PeerMisbehaved():
                waiting.misbehaved = event
        if waiting.is_silent():
            # Nobody heard of this connection and nobody will: a passing stranger leaves nothing behind.
            self._forget(event.peer)
            return
        if event.peer not in self._event_turns:
            self._event_turns.append(event.peer)
        self._filled.set()

    async def take(self, lanes: tuple[Lane, ...] = tuple(Lane)) -> Received:
        """Wait for and return the item of these lanes that is to be served next; events come to whoever takes first."""
        # Nothing may be awaited after an item has left its queue: a cancellation there would lose it.
        await trio.lowlevel.checkpoint()
        while True:
            event = self._take_event()
            if event is not None:
                return event
            for lane in self._lanes_in_turn():
                if lane in lanes and self._turns[lane]:
                    return self._take_frame(lane)
            if self._filled.is_set():
                # Takers of other lanes may wait for the event that stands: it is replaced only once it has come.
                self._filled = trio.Event()
            await self._filled.wait()

    def _take_event(self) -> PeerConnected | PeerDisconnected | PeerMisbehaved | None:
        while self._event_turns:
            waiting = self._events[self._event_turns[0]]
            event = waiting.next()
            if event is not None:
                return event
            peer = self._event_turns.popleft()
            if waiting.is_silent():
                self._forget(peer)
        return None

    def _forget(self, peer: PeerId) -> None:
        del self._events[peer]
        if peer in self._event_turns:
            self._event_turns.remove(peer)

    def _lanes_in_turn(self) -> list[Lane]:
        lanes = list(Lane)
        if self._streak_frames < MAX_STREAK_FRAMES:
            return lanes
        others = [lane for lane in lanes if lane is not self._streak_lane]
        self._others_start = (self._others_start + 1) % len(others)
        return [*others[self._others_start :], *others[: self._others_start], self._streak_lane]

    def _take_frame(self, lane: Lane) -> Inbound:
        if lane is not self._streak_lane:
            self._streak_lane = lane
            self._streak_frames = 0
        self._streak_frames += 1
        peer = self._turns[lane].popleft()
        queue = self._queues[lane][peer]
        item = queue.frames.popleft()
        queue.queued_bytes -= len(item.data)
        if queue.frames:
            self._turns[lane].append(peer)
        else:
            del self._queues[lane][peer]
        queue.drained.set()
        return item
