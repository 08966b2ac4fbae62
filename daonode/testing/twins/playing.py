"""One round of a scenario: from what everyone keeps, through all that is said on both sides, to what they keep then."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import assert_never

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.events import PendingWorkChanged, Started, Timer, TimerFired
from daonode.consensus.messages import ConsensusMessage, SyncMessage
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote
from daonode.consensus.types import Block, Header, proof_round
from daonode.consensus.verification import event_of
from daonode.primitives.ids import BlockId, ValidatorId
from daonode.testing import electorate
from daonode.testing.broken import NOT_SLASHABLE, PROGRESS, InvariantBroken
from daonode.testing.electorate import Said
from daonode.testing.twins.machines import NOW_MS, Machine, Memory, first_memory, forgetful, make_set
from daonode.testing.twins.moves import Cast, Move

MAX_DELIVERIES = 5_000
"""The most messages of one round; a round that has more does not end by itself."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a scenario has come to: what each machine keeps, what the honest have signed, and all blocks ever made."""

    moves: tuple[Move, ...]
    memories: tuple[Memory, ...]
    said: tuple[tuple[int, Said], ...]
    headers: tuple[Header, ...]

    def fingerprint(self) -> Hashable:
        """Equal for two states from which everything goes on alike."""
        return tuple(map(_fingerprint, self.memories)), frozenset(self.said)


def first_state(cast: Cast) -> State:
    """Nobody has signed anything."""
    validators = make_set(cast.validators)
    memories = tuple(first_memory(validators, member) for member in cast.machines)
    return State((), memories, (), ())


class Round:
    """One round, while it is played."""

    def __init__(self, cast: Cast, state: State, move: Move) -> None:
        self._cast, self._state, self._move = cast, state, move
        self._said = list(state.said)
        self._headers = {header.id(): header for header in state.headers}
        self._machines = [
            Machine(place, member, memory, leader=move.leader, around=self)
            for place, (member, memory) in enumerate(zip(cast.machines, state.memories, strict=True))
        ]

    def play(self) -> State:
        """Everyone starts and greets; the leader proposes; who has come no further gives the round up.

        Raises:
            InvariantBroken: an honest machine halts, or convicts another honest one.
        """
        for machine in self._machines:
            machine.step(Started(NOW_MS))
            machine.outbox.append((SyncMessage(machine.core.sync_info), None))
        self._talk()
        rounds = [machine.core.round for machine in self._machines]
        for machine in self._machines:
            machine.step(PendingWorkChanged(NOW_MS, pending=True))
        self._talk()
        for machine, round_ in zip(self._machines, rounds, strict=True):
            if machine.core.round == round_:
                machine.step(TimerFired(NOW_MS, Timer.ROUND, round_))
        self._talk()
        memories = tuple(
            machine.memory if machine.place in self._cast.honest else forgetful(machine.memory)
            for machine in self._machines
        )
        return State((*self._state.moves, self._move), memories, tuple(self._said), tuple(self._headers.values()))

    # The round as its machines see it (`machines.Surroundings`).

    def find(self, place: int, block_id: BlockId, *, above_height: int) -> tuple[Block, ...]:
        """The blocks that lead to one, from whoever on the machine's side has them."""
        for other in self._beside(place):
            stored = {block.header.id(): block for block in other.chain} | other.blocks
            path: list[Block] = []
            block = stored.get(block_id)
            while block is not None and block.header.height > above_height:
                path.append(block)
                block = stored.get(block.header.parent_id)
            if path:
                return tuple(reversed(path))
        return ()

    def on_signed(self, place: int, statement: Statement) -> None:
        """A machine has signed something new; what twins sign is not held against them."""
        if place in self._cast.honest:
            self._said.append((place, _said(statement)))

    def on_evidence(self, place: int, evidence: ReportEvidence) -> None:
        """Only twins may be convicted."""
        offender = evidence.offender[0]
        if offender in self._cast.honest:
            raise InvariantBroken(NOT_SLASHABLE, f"machine {place} has evidence against {offender}, which is honest")

    def _beside(self, place: int) -> list[Machine]:
        side = self._move.sides[place]
        return [other for other in self._machines if other.place != place and self._move.sides[other.place] == side]

    def _talk(self) -> None:
        """Deliver in the order of sending until nothing more is said."""
        waiting: deque[tuple[Machine, ConsensusMessage, ValidatorId | None]] = deque()
        deliveries = 0
        self._collect(waiting)
        while waiting:
            sender, message, to = waiting.popleft()
            for receiver in self._beside(sender.place):
                if to is None or receiver.id == to:
                    deliveries += 1
                    receiver.step(event_of(message, sender=sender.id, now_ms=NOW_MS))
            self._collect(waiting)
            if deliveries > MAX_DELIVERIES:
                raise InvariantBroken(PROGRESS, f"a round does not end after {deliveries} messages")

    def _collect(self, waiting: deque[tuple[Machine, ConsensusMessage, ValidatorId | None]]) -> None:
        for machine in self._machines:
            waiting.extend((machine, message, to) for message, to in machine.outbox)
            machine.outbox.clear()
            for block_id, block in machine.blocks.items():
                self._headers.setdefault(block_id, block.header)


def _said(statement: Statement) -> Said:
    match statement:
        case Propose():
            return electorate.propose(statement.round, statement.block_id)
        case Vote():
            return electorate.vote(statement.round, statement.block_id, statement.qc_round)
        case Commit():
            return electorate.commit(statement.round, statement.block_id)
        case Timeout():
            return electorate.timeout(statement.round, statement.high_qc_round)
        case _:
            assert_never(statement)


def _fingerprint(memory: Memory) -> Hashable:
    """What of a memory decides how it goes on: of certificates what they say, and not who has signed them."""
    safety, tc = memory.safety, memory.safety.highest_tc
    lasts = (safety.last_proposal, safety.last_vote, safety.last_commit_vote, safety.last_timeout)
    return (
        memory.chain[-1].header.id(),
        None if memory.proof is None else proof_round(memory.proof),
        tuple(block.header.id() for block in memory.blocks),
        safety.last_voted_round,
        safety.locked_round,
        safety.highest_timeout_round,
        safety.last_proposed_round,
        safety.high_qc.block_id,
        None if tc is None else (tc.round, tc.max_high_qc_round, tc.high_qc.block_id),
        tuple(None if last is None else last.statement for last in lasts),
    )
