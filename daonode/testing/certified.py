"""What has been, or could have been, certified in a run: I2 and I4, by the oracle's own count of votes.

A quorum whose signatures are all out counts whether or not anyone has put the certificate together, and a Byzantine
validator counts as one that has signed everything. So a broken rule shows as soon as the harm is possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from daonode.consensus.types import Header
from daonode.testing.broken import EXTENDS, ONE_QC, InvariantBroken
from daonode.testing.electorate import closes_epoch, header_id

MAX_WAITING = 10_000
"""Checks that wait for a block that nobody has shown yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block's place in the tree."""

    parent_id: bytes
    round: int


class Quorums(Protocol):
    """Who decides."""

    def is_quorum(self, nodes: Iterable[int], epoch: int = 0, /) -> bool:
        """Whether the nodes, each counted once, have strictly more than two thirds of an epoch's power."""


class Certified:
    """QCs, commits and blocks of one epoch. `byzantine` are the nodes that may sign anything.

    `genesis` is the header of the block that the epoch begins on.
    """

    def __init__(self, electorate: Quorums, *, genesis: Header, byzantine: tuple[int, ...], epoch: int = 0) -> None:
        self._electorate = electorate
        self._epoch = epoch
        self._ends: dict[bytes, None] = {}
        """The blocks that close the epoch: its last, on whichever fork, and those after it."""
        self._byzantine = byzantine
        self._genesis_id = header_id(genesis)
        self._blocks: dict[bytes, Place] = {}
        self._voters: dict[tuple[int, bytes, int], dict[int, None]] = {}
        self._committers: dict[tuple[int, bytes], dict[int, None]] = {}
        self._qcs: dict[int, bytes] = {genesis.round: self._genesis_id}
        self._commits: dict[int, bytes] = {genesis.round: self._genesis_id}
        self._waiting: dict[tuple[int, bytes, int, bytes], None] = {}

    def add_block(self, header: Header) -> None:
        """A block that someone has shown."""
        block_id = header_id(header)
        if block_id in self._blocks:
            return
        self._blocks[block_id] = Place(bytes(header.parent_id), header.round)
        if closes_epoch(header):
            self._ends[block_id] = None
        for waiting in list(self._waiting):
            del self._waiting[waiting]
            self._require_extension(*waiting)
        self._look_for_two_chains(header.round)

    @property
    def can_be_over(self) -> bool:
        """Whether the last block of the epoch is, or can be, committed."""
        return any(block_id in self._ends for block_id in self._commits.values())

    def add_vote(self, signer: int, *, round_: int, block_id: bytes, qc_round: int) -> None:
        """An honest validator has signed a vote."""
        voters = self._voters.setdefault((round_, block_id, qc_round), {})
        voters[signer] = None
        if self._electorate.is_quorum((*voters, *self._byzantine), self._epoch):
            self.add_qc(round_, block_id)

    def add_commit_vote(self, signer: int, *, round_: int, block_id: bytes) -> None:
        """An honest validator has signed a commit vote."""
        committers = self._committers.setdefault((round_, block_id), {})
        committers[signer] = None
        if self._electorate.is_quorum((*committers, *self._byzantine), self._epoch):
            self.add_commit(round_, block_id)

    def add_qc(self, round_: int, block_id: bytes) -> None:
        """A block is, or can be, certified."""
        known = self._qcs.setdefault(round_, block_id)
        if known != block_id:
            raise InvariantBroken(ONE_QC, f"round {round_} certifies {known.hex()[:8]} and {block_id.hex()[:8]}")
        # What is committed extends what was committed before, so the last commit below stands for all of them.
        below = max(committed for committed in self._commits if committed <= round_)
        self._require_extension(round_, block_id, below, self._commits[below])
        self._look_for_two_chains(round_)

    def add_commit(self, round_: int, block_id: bytes) -> None:
        """A block is, or can be, committed."""
        if self._commits.get(round_) == block_id:
            return
        if round_ in self._commits:
            raise InvariantBroken(EXTENDS, f"two blocks of round {round_} can be committed")
        self._commits[round_] = block_id
        for later, certified in sorted(self._qcs.items()):
            if later >= round_:
                self._require_extension(later, certified, round_, block_id)
        below = max(committed for committed in self._commits if committed < round_)
        self._require_extension(round_, block_id, below, self._commits[below])

    def _look_for_two_chains(self, round_: int) -> None:
        """`QC(B0) <- QC(B1)` with consecutive rounds commits B0; the new QC or block may be either of the two."""
        for child_round in (round_, round_ + 1):
            child = self._qcs.get(child_round)
            parent = self._qcs.get(child_round - 1)
            if child is None or parent is None or child not in self._blocks:
                continue
            if self._blocks[child].parent_id == parent:
                self.add_commit(child_round - 1, parent)

    def _require_extension(self, round_: int, block_id: bytes, base_round: int, base_id: bytes) -> None:
        walked = block_id
        while walked != base_id:
            place = self._blocks.get(walked)
            if place is None:
                if walked == self._genesis_id:
                    break
                if len(self._waiting) < MAX_WAITING:
                    self._waiting[round_, block_id, base_round, base_id] = None
                return
            if place.round <= base_round:
                break
            walked = place.parent_id
        if walked != base_id:
            raise InvariantBroken(
                EXTENDS,
                f"the QC of round {round_} for {block_id.hex()[:8]} does not extend {base_id.hex()[:8]}, "
                f"which round {base_round} commits",
            )
