"""Goes through all scenarios of so many rounds, or draws some. Start here.

Scenarios that begin alike share what they have in common: the rounds are gone through one after the other, and states
from which everything goes on alike are one. A round is played in one of the ways that are alike under the names that
everything before leaves open. (Within a round messages come in one order, so this is up to that order.)
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from random import Random

from daonode.testing.broken import InvariantBroken
from daonode.testing.twins.judging import judge
from daonode.testing.twins.moves import Cast, Move, all_moves, all_relabellings, unlike
from daonode.testing.twins.playing import Round, State, first_state


@dataclass(slots=True)
class Found:
    """What was gone through. `scenarios` is how many those rounds stand for; `fault` is None when nothing is broken."""

    scenarios: int = 0
    rounds: int = 0
    """Rounds that were played."""
    commits: int = 0
    """The most blocks that anyone has committed."""
    fault: str | None = None
    moves: tuple[Move, ...] = ()
    """The scenario of the fault."""


def explore(cast: Cast, *, rounds: int, max_played: int | None = None) -> Found:
    """Go through all scenarios of so many rounds, or stop after so many rounds played; the first fault ends it."""
    found, moves = Found(), all_moves(cast)
    level = [(first_state(cast), all_relabellings(cast))]
    for depth in range(1, rounds + 1):
        seen: dict[Hashable, None] = {}
        following = []
        for state, relabellings in level:
            for move in unlike(moves, relabellings):
                if max_played is not None and found.rounds >= max_played:
                    return found
                new = _play(cast, state, move, found)
                if new is None:
                    return found
                if depth == rounds:
                    continue
                fingerprint = new.fingerprint()
                if fingerprint not in seen:
                    seen[fingerprint] = None
                    following.append((new, tuple(each for each in relabellings if each.apply(move) == move)))
        level = following
    found.scenarios = len(moves) ** rounds
    return found


def sample(cast: Cast, random: Random, *, rounds: int, scenarios: int) -> Found:
    """Draw so many scenarios of so many rounds."""
    found, moves = Found(), all_moves(cast)
    for _ in range(scenarios):
        found.scenarios += 1
        state: State | None = first_state(cast)
        for _ in range(rounds):
            if state is None:
                return found
            state = _play(cast, state, random.choice(moves), found)
    return found


def _play(cast: Cast, state: State, move: Move, found: Found) -> State | None:
    """One more round; None, and the fault in `found`, when it breaks an invariant."""
    found.rounds += 1
    try:
        after = Round(cast, state, move).play()
        judge(cast, state, after)
    except InvariantBroken as broken:
        found.fault, found.moves = str(broken), (*state.moves, move)
        return None
    found.commits = max(found.commits, *(len(memory.chain) - 1 for memory in after.memories))
    return after
