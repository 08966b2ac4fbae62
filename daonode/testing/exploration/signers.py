"""The honest signers: each state that one can be in, numbered, and what it becomes when it is asked.

A signer that refuses, or gives a signature again, stays the same. No rule reads `high_qc` and `highest_tc`: they are
left out of a state, for they would only make one state many.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus import safety
from daonode.consensus.errors import SafetyViolation
from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import SafetyState
from daonode.primitives.ids import PublicKey, Signature
from daonode.testing import electorate
from daonode.testing.electorate import Said
from daonode.testing.exploration.blocks import CHAIN_ID, EPOCH, GENESIS, ModelBlock, make_set
from daonode.testing.promises import ROUNDS, is_damning

NEVER = 1 << 10
"""Stands for the QC's round of a timeout that was not signed."""


class FaultFound(Exception):
    """The rules do not keep a promise: the text says which one, and who has signed what."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A safety state, and all that has been signed with it: masks over blocks, and for each round a timeout."""

    safety: SafetyState
    votes: int
    commits: int
    timeouts: tuple[int, ...]
    """For each round the round of the QC that its timeout names, or `NEVER`."""


class Signers:
    """All states of signers that were come upon. `votes`, `commits` and `timeouts` are by the number of a state."""

    def __init__(self, blocks: tuple[ModelBlock, ...], *, rounds: int) -> None:
        self._blocks = blocks
        self._block_numbers = {block.header.id(): block.number for block in blocks}
        self._signers: list[Signer] = []
        self._said: list[tuple[Said, ...]] = []
        self._numbers: dict[Signer, int] = {}
        self._decided: list[dict[int, int]] = []
        self._requests: dict[SignRequest, int] = {}
        self.votes: list[int] = []
        self.commits: list[int] = []
        self.timeouts: list[tuple[int, ...]] = []
        genesis_qc = blocks[GENESIS].qc
        state = safety.initial_safety_state(
            chain_id=CHAIN_ID, public_key=PublicKey(bytes(32)), genesis_qc=genesis_qc, validators=make_set()
        )
        self.first = self._number(Signer(state, votes=0, commits=0, timeouts=(NEVER,) * (rounds + 1)), ())

    def __len__(self) -> int:
        return len(self._signers)

    def history(self, number: int) -> str:
        """What a signer has signed, in its order."""
        return ", ".join(map(str, self._said[number])) or "nothing"

    def number_of_request(self, request: SignRequest) -> int:
        """A number for a request, the same for the same request."""
        return self._requests.setdefault(request, len(self._requests))

    def ask(self, number: int, request: SignRequest, request_number: int) -> int:
        """The signer after a request: itself when it has signed nothing new."""
        decided = self._decided[number]
        after = decided.get(request_number)
        if after is None:
            after = decided[request_number] = self._decide(number, request)
        return after

    def _decide(self, number: int, request: SignRequest) -> int:
        signer, said = self._signers[number], self._said[number]
        try:
            decision = safety.decide(signer.safety, request)
        except SafetyViolation:
            return number
        if decision.stored is not None:
            return number
        state = safety.remember(decision, Signature(bytes(64)))
        new, statement = self._after(signer, request)
        # What is signed again, though another signature was expected, adds nothing.
        if statement in said:
            return number
        _judge(said, statement, before=signer.safety, after=state)
        state = replace(state, high_qc=self._blocks[GENESIS].qc, highest_tc=None)
        return self._number(Signer(state, *new), (*said, statement))

    def _after(self, signer: Signer, request: SignRequest) -> tuple[tuple[int, int, tuple[int, ...]], Said]:
        """Votes, commits and timeouts once this has been signed, and what that is."""
        votes, commits, timeouts = signer.votes, signer.commits, signer.timeouts
        match request:
            case VoteRequest(header=header, qc=qc):
                said = electorate.vote(header.round, header.id(), qc.round, epoch=EPOCH)
                votes |= 1 << self._block_numbers[header.id()]
            case CommitRequest(qc=qc):
                said = electorate.commit(qc.round, qc.block_id, epoch=EPOCH)
                commits |= 1 << self._block_numbers[qc.block_id]
            case TimeoutRequest(round=round_, high_qc=qc):
                said = electorate.timeout(round_, qc.round, epoch=EPOCH)
                timeouts = (*timeouts[:round_], min(timeouts[round_], qc.round), *timeouts[round_ + 1 :])
            case _:
                raise AssertionError("here the Byzantine validator alone proposes")
        return (votes, commits, timeouts), said

    def _number(self, signer: Signer, said: tuple[Said, ...]) -> int:
        number = self._numbers.get(signer)
        if number is None:
            number = self._numbers[signer] = len(self._signers)
            self._signers.append(signer)
            self._said.append(said)
            self._decided.append({})
            self.votes.append(signer.votes)
            self.commits.append(signer.commits)
            self.timeouts.append(signer.timeouts)
        return number


def _judge(said: tuple[Said, ...], statement: Said, *, before: SafetyState, after: SafetyState) -> None:
    """I3 and I6, for one signer."""
    for name in ROUNDS:
        was, is_now = getattr(before, name), getattr(after, name)
        if is_now < was:
            raise FaultFound(f"I3: with {statement} {name} falls from {was} to {is_now}")
    for other in said:
        if is_damning(statement, other) or is_damning(other, statement):
            raise FaultFound(f"I6: a signer signs {', '.join(map(str, said))}, then {statement}")
