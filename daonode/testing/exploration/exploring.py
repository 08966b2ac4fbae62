"""Goes through all states, one depth after the other. Start here.

Every step adds a signature, so a state has one depth, and only the states of one depth are kept. What a signer answers
depends on its own state and on the certificates that exist; both are few, and each pair is judged once. The signers are
alike, and so are copies of a block, so neither's order counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from daonode.consensus import committing, verification
from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.types import TimeoutCertificate
from daonode.testing.exploration.blocks import GENESIS, all_blocks, in_mask, make_set, timeout_certificates
from daonode.testing.exploration.signers import NEVER, FaultFound, Signers

BITS = 20
"""A state is the numbers of its three signers, ascending, each of so many bits."""
MASK = (1 << BITS) - 1
MAX_ANSWERS = 2_000_000
"""Answers of signers that a long series of walks remembers."""


@dataclass(slots=True)
class Found:
    """What an exploration has come to. `fault` is None when nothing is broken."""

    states: int = 0
    """States, or walks."""
    depth: int = 0
    """The most signatures of the three together."""
    signers: int = 0
    """The states that a single signer can be in."""
    is_complete: bool = False
    fault: str | None = None


class Exploration:
    """All states up to `rounds`, with `copies` blocks on a parent in a round."""

    def __init__(self, *, rounds: int, copies: int = 1) -> None:
        self._rounds, self._copies = rounds, copies
        self._blocks = all_blocks(rounds=rounds, copies=copies)
        self._signers = Signers(self._blocks, rounds=rounds)
        self._tcs: dict[tuple[tuple[int, ...], ...], tuple[int, ...]] = {}
        self._shown: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self._requests: list[tuple[tuple[SignRequest, int], ...]] = []
        self._answers: dict[int, tuple[int, ...]] = {}
        self._judged: dict[tuple[int, int], None] = {}
        _require_that_two_and_the_liar_are_a_quorum()

    def run(self, *, max_states: int | None = None) -> Found:
        """Go through all states, or through so many; the first fault ends it."""
        found = Found()
        first = self._signers.first
        level = {first << 2 * BITS | first << BITS | first}
        try:
            while level and (max_states is None or found.states < max_states):
                found.states += len(level)
                level = self._next_level(level)
                found.depth += bool(level)
            found.is_complete = not level
        except FaultFound as fault:
            found.fault = str(fault)
        found.signers = len(self._signers)
        return found

    def walk(self, random: Random, *, walks: int) -> Found:
        """Go from the first state to an end so many times, by chance: for more rounds than can be gone through."""
        found = Found()
        try:
            for _ in range(walks):
                found.states += 1
                found.depth = max(found.depth, self._walk_once(random))
                if len(self._answers) > MAX_ANSWERS:
                    self._answers.clear()
        except FaultFound as fault:
            found.fault = str(fault)
        found.signers = len(self._signers)
        return found

    def _walk_once(self, random: Random) -> int:
        """From the first state until nobody signs any more; how many signatures there are then."""
        state, depth = [self._signers.first] * 3, 0
        while True:
            certified, opened = self._judge_state(*state)
            shown = self._show(certified, opened, *state)
            steps = [(place, new) for place, asked in enumerate(state) for new in self._answer(asked, shown)]
            if not steps:
                return depth
            place, new = random.choice(steps)
            state[place] = new
            depth += 1

    def _next_level(self, level: set[int]) -> set[int]:
        """Judge the states of one depth; all states with one signature more."""
        after = set[int]()
        for state in level:
            first, second, third = state >> 2 * BITS, state >> BITS & MASK, state & MASK
            certified, opened = self._judge_state(first, second, third)
            shown = self._show(certified, opened, first, second, third)
            for asked, low, high in ((first, second, third), (second, first, third), (third, first, second)):
                for new in self._answer(asked, shown):
                    if new <= low:
                        after.add(new << 2 * BITS | low << BITS | high)
                    elif new <= high:
                        after.add(low << 2 * BITS | new << BITS | high)
                    else:
                        after.add(low << 2 * BITS | high << BITS | new)
        return after

    def _show(self, certified: int, opened: int, first: int, second: int, third: int) -> int:
        """The number of what can be shown to signers when these are the three."""
        timeouts = self._signers.timeouts
        stated = timeouts[first], timeouts[second], timeouts[third]
        tcs = self._tcs.get(stated)
        if tcs is None:
            # Two of the three make a TC with the liar. The lower what it states, the more it allows.
            tcs = self._tcs[stated] = tuple(sorted(rounds)[1] for rounds in zip(*stated, strict=True))
        key = certified, opened, tcs
        shown = self._shown.get(key)
        if shown is None:
            shown = self._shown[key] = len(self._requests)
            requests = self._think_of_requests(certified, opened, tcs)
            self._requests.append(tuple((each, self._signers.number_of_request(each)) for each in requests))
        return shown

    def _think_of_requests(self, certified_mask: int, opened: int, stated: tuple[int, ...]) -> Iterator[SignRequest]:
        certified = in_mask(certified_mask, self._blocks)
        tcs: list[TimeoutCertificate | None] = [None]
        for round_, lowest in enumerate(stated):
            if lowest != NEVER:
                tcs.extend(timeout_certificates(round_, lowest, certified))
        for block in self._blocks[GENESIS + 1 :]:
            # Copies are alike: a further one is proposed only once the one before it has a vote.
            is_due = block.copy == 0 or opened >> block.number - 1 & 1
            if is_due and certified_mask >> block.parent & 1:
                for tc in tcs:
                    yield VoteRequest(header=block.header, qc=self._blocks[block.parent].qc, tc=tc)
        for block in certified:
            # Nothing follows the last round: nothing can be beside what it commits, or on what its TC opens.
            if 0 < block.round < self._rounds:
                yield CommitRequest(qc=block.qc)
            for round_ in range(1, self._rounds):
                for tc in tcs:
                    yield TimeoutRequest(round=round_, high_qc=block.qc, tc=tc)

    def _answer(self, asked: int, shown: int) -> tuple[int, ...]:
        """What a signer can become by one more signature, when this can be shown to it."""
        answer = self._answers.get(shown << BITS | asked)
        if answer is None:
            found = {self._signers.ask(asked, request, number): None for request, number in self._requests[shown]}
            found.pop(asked, None)
            answer = self._answers[shown << BITS | asked] = tuple(found)
        return answer

    def _judge_state(self, first: int, second: int, third: int) -> tuple[int, int]:
        """Judge what these signers have signed; the certified blocks, and those that have a vote."""
        votes, commits = self._signers.votes, self._signers.commits
        one, two, three = votes[first], votes[second], votes[third]
        certified = one & two | one & three | two & three | 1 << GENESIS
        opened = one | two | three if self._copies > 1 else 0
        one, two, three = commits[first], commits[second], commits[third]
        committed = one & two | one & three | two & three
        if (certified, committed) not in self._judged:
            self._judge(certified, committed, (first, second, third))
        return certified, opened

    def _judge(self, certified_mask: int, commit_voted: int, signers: tuple[int, int, int]) -> None:
        """I2 and I4. Committed is what a quorum has signed for, and by rule 5 the parent of a certified block."""
        certified = in_mask(certified_mask, self._blocks)
        rounds = [block.round for block in certified]
        if len({*rounds}) < len(rounds):
            self._fail("I2: two blocks of one round are certified", signers)
        committed = list(in_mask(commit_voted, self._blocks))
        for child in certified[1:]:
            parent = self._blocks[child.parent]
            if verification.is_consecutive(child.as_child) or committing.is_two_chain(
                parent=parent.node, child=child.node
            ):
                committed.append(parent)
        for final in committed:
            for later in certified:
                if later.round >= final.round and not later.ancestors >> final.number & 1:
                    text = f"I4: round {later.round} certifies a block beside the final one of round {final.round}"
                    self._fail(text, signers)
        self._judged[certified_mask, commit_voted] = None

    def _fail(self, text: str, signers: tuple[int, int, int]) -> None:
        histories = "; ".join(f"v{place}: {self._signers.history(number)}" for place, number in enumerate(signers))
        raise FaultFound(f"{text}. {histories}")


def _require_that_two_and_the_liar_are_a_quorum() -> None:
    """The masks count two of three honest signers; that is what the product's own count must come to."""
    validators = make_set()
    assert validators.is_quorum(3), "two honest signers and the Byzantine one are a quorum"
    assert not validators.is_quorum(2), "one honest signer and the Byzantine one are none"
