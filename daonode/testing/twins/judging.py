"""What must hold after each round of a scenario, by the simulation's oracle: I1 to I4 and I6."""

from __future__ import annotations

from collections.abc import Iterable

from daonode.testing.broken import AGREEMENT, InvariantBroken
from daonode.testing.certified import Certified
from daonode.testing.promises import Promises
from daonode.testing.twins.moves import Cast
from daonode.testing.twins.playing import State


class Quorums:
    """Validators of equal power in one epoch; the arithmetic is the oracle's own."""

    def __init__(self, cast: Cast) -> None:
        self._validators = cast.validators

    def is_quorum(self, nodes: Iterable[int], _epoch: int = 0) -> bool:
        """Whether the validators, each counted once, are strictly more than two thirds."""
        return 3 * len({*nodes}) > 2 * self._validators


def judge(cast: Cast, before: State, after: State) -> None:
    """Judge the last round of a scenario.

    Raises:
        InvariantBroken: it broke one.
    """
    genesis = after.memories[0].chain[0].header
    certified = Certified(Quorums(cast), genesis=genesis, byzantine=cast.liars)
    for header in after.headers:
        certified.add_block(header)
    promises = [Promises(honest, before.memories[honest].safety) for honest in cast.honest]
    for honest, said in after.said:
        promises[honest].add(said)
        if said.kind == "vote" and said.block_id is not None and said.qc_round is not None:
            certified.add_vote(honest, round_=said.round, block_id=said.block_id, qc_round=said.qc_round)
        elif said.kind == "commit" and said.block_id is not None:
            certified.add_commit_vote(honest, round_=said.round, block_id=said.block_id)
    for honest in cast.honest:
        promises[honest].persist(after.memories[honest].safety)
    _judge_agreement(cast, after)


def _judge_agreement(cast: Cast, state: State) -> None:
    chains = [[block.header.id() for block in state.memories[honest].chain] for honest in cast.honest]
    longest = max(chains, key=len)
    for honest, chain in enumerate(chains):
        if chain != longest[: len(chain)]:
            raise InvariantBroken(AGREEMENT, f"validator {honest} has committed another chain than the longest one")
