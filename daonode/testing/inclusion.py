"""The oracle's eye on inclusion (I11): what an honest node has been given is in a block after few honest leaders.

A transaction takes a *place*: a lane of a sender, and a sequence in it. Two of one place exclude each other, so what
counts is that the place is taken. It can be taken by a block whose ancestors have taken all before it in the lane.

The rule: of the committed blocks that could take a place, that have room, and that were built in the calm by an honest
leader who had been given a transaction for it, at most f leave it free. A leader has been given what came to it in a
message since it started, and in the calm what a client gave to any honest node some time before, for that is passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from daonode.consensus.types import Block, Header
from daonode.ledger.transactions import TxBody
from daonode.testing.broken import DURABLE, INCLUSION, InvariantBroken
from daonode.testing.electorate import bodies_of, body_of, header_id
from daonode.testing.world import World

SPREAD_MS = 100
"""In the calm everyone has what a client has sent to one node after so long: far longer than any link takes."""
ROOM = 3
"""A block with fewer transactions has room, unless rounds failed before it: then leaders make theirs smaller, down to
a single one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction stands in the order of its sender."""

    sender: bytes
    lane: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.lane}:{self.sequence} of {self.sender.hex()[:8]}"


@dataclass(slots=True)
class Given:
    """A place that transactions were given for: since when each node has one, and how many blocks have left it free."""

    since_ms: dict[int, int] = field(default_factory=dict)
    left_free: int = 0


class Inclusion:
    """Watches what is given to honest nodes and what they commit."""

    def __init__(self, world: World, *, byzantine: tuple[int, ...], max_job_ms: int = 0) -> None:
        self._leaders = {validator: node for node, validator in enumerate(world.validators) if node not in byzantine}
        self._most_left_free = (len(world.validators) - 1) // 3
        self._max_job_ms = max_job_ms
        """So long before it is written a block may have been begun."""
        self._calm_ms: int | None = None
        self._given: dict[Place, Given] = {}
        self._built: dict[bytes, tuple[int, Block]] = {}
        """When a block was written first, which its leader does before anyone else has it."""
        self._next: dict[tuple[bytes, int], int] = {}
        """The first sequence of each lane that is free, where it is not 0."""
        self._tip_round = world.chain.initial.header.round
        self._decoder = msgspec.msgpack.Decoder(TxBody)

    def on_calm(self, *, now_ms: int) -> None:
        """All faults have ended."""
        self._calm_ms = now_ms

    def on_restart(self, node: int) -> None:
        """A node has forgotten all that it was given."""
        for given in self._given.values():
            given.since_ms.pop(node, None)

    def on_given(self, nodes: Iterable[int], transactions: Iterable[bytes], *, now_ms: int) -> None:
        """Honest nodes have these transactions now, or will have them at that time."""
        for raw in transactions:
            place = self._place(body_of(raw))
            if place.sequence >= self._next.get((place.sender, place.lane), 0):
                since_ms = self._given.setdefault(place, Given()).since_ms
                for node in nodes:
                    since_ms[node] = min(now_ms, since_ms.get(node, now_ms))

    def on_block(self, block: Block, *, now_ms: int) -> None:
        """An honest node has made a block durable."""
        self._built.setdefault(header_id(block.header), (now_ms, block))

    def on_committed(self, block_id: bytes) -> None:
        """A height is committed by the first node.

        Raises:
            InvariantBroken: the block leaves a place free that it should have taken, and is not the first.
        """
        if block_id not in self._built:
            raise InvariantBroken(DURABLE, f"{block_id.hex()[:8]} is committed, and no honest node has made it durable")
        built_ms, block = self._built.pop(block_id)
        taken = [self._place(body) for body in bodies_of(block)]
        leader = self._leaders.get(block.header.proposer)
        is_calm = self._calm_ms is not None and self._calm_ms + self._max_job_ms < built_ms
        if is_calm and leader is not None and self._has_room(block.header, len(taken)):
            self._judge(block.header, leader, taken, built_ms=built_ms)
        self._tip_round = block.header.round
        for place in taken:
            self._next[place.sender, place.lane] = place.sequence + 1
        self._given = {place: given for place, given in self._given.items() if not self._is_taken(place)}

    def finish(self) -> None:
        """The run is over, and nothing waits anywhere: whatever could be taken has been.

        Raises:
            InvariantBroken: a transaction was lost.
        """
        for place, given in self._given.items():
            if given.since_ms and self._is_due(place):
                raise InvariantBroken(INCLUSION, f"at the end there is no transaction {place} in any block")

    def _judge(self, header: Header, leader: int, taken: list[Place], *, built_ms: int) -> None:
        for place, given in self._given.items():
            has_it = leader in given.since_ms and given.since_ms[leader] < built_ms
            if not has_it or place in taken or not self._is_due(place):
                continue
            given.left_free += 1
            if given.left_free > self._most_left_free:
                text = f"node {leader} leaves {place} free at height {header.height}, after {given.left_free - 1} more"
                raise InvariantBroken(INCLUSION, text)

    def _has_room(self, header: Header, count: int) -> bool:
        return count < (ROOM if header.round == self._tip_round + 1 else 1)

    def _is_due(self, place: Place) -> bool:
        return place.sequence == self._next.get((place.sender, place.lane), 0)

    def _is_taken(self, place: Place) -> bool:
        return place.sequence < self._next.get((place.sender, place.lane), 0)

    def _place(self, body: bytes) -> Place:
        decoded = self._decoder.decode(body)
        return Place(decoded.sender, decoded.lane, decoded.sequence)
