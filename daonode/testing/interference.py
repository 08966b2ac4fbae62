"""A network that is unfair on purpose: each kind of message has its own chance of being lost or late, drawn a run.

Uniform bad weather hardly ever brings about what a removed rule would allow, for example that commit votes are all
signed and none arrives while proposals do. With a few drawn biases it happens within a few runs.
"""

from __future__ import annotations

from random import Random

from daonode.consensus.messages import CommitVoteMessage, ProposalMessage, SyncMessage, TimeoutMessage, VoteMessage
from daonode.replica.messages import Message

KINDS: tuple[type[Message], ...] = (ProposalMessage, VoteMessage, CommitVoteMessage, TimeoutMessage, SyncMessage)
KIND_NAMES = tuple(kind.__name__ for kind in KINDS)
LOSS_PERCENT = (0, 0, 10, 60, 95)
LATE_PERCENT = (0, 0, 10, 40)
MAX_LATE_MS = 1_500
ERA_MESSAGES = 400
"""After so many messages the biases are drawn anew."""


class Interference:
    """Decides what becomes of each message; the `muted` kinds never arrive.

    Kinds that `unfair_to` does not name are spared, and what is drawn for the others is the same.
    """

    def __init__(
        self,
        random: Random,
        *,
        node_count: int,
        muted: tuple[type[Message], ...] = (),
        unfair_to: tuple[str, ...] = KIND_NAMES,
    ) -> None:
        self._muted = muted
        self._unfair_to = unfair_to
        self._random = random
        self._node_count = node_count
        self._seen = 0
        self._fates: dict[tuple[type[Message], int], tuple[int, int]] = {}

    def change(self, message: Message, receiver: int, delays: tuple[int, ...]) -> tuple[int, ...]:
        """The delays of a message, given those that the network chose."""
        if self._seen % ERA_MESSAGES == 0:
            self._draw()
        self._seen += 1
        if isinstance(message, self._muted):
            return ()
        if type(message).__name__ not in self._unfair_to:
            return delays
        loss_percent, late_percent = self._fates.get((type(message), receiver), (0, 0))
        if self._random.randrange(100) < loss_percent:
            return ()
        if self._random.randrange(100) < late_percent:
            return tuple(self._random.randint(delay, MAX_LATE_MS) for delay in delays)
        return delays

    def _draw(self) -> None:
        """A bias for each kind of message, which spares one receiver more often than not."""
        chance = self._random
        self._fates.clear()
        for kind in KINDS:
            fate = chance.choice(LOSS_PERCENT), chance.choice(LATE_PERCENT)
            spared = chance.randrange(self._node_count + 1)
            for receiver in range(self._node_count):
                if receiver != spared:
                    self._fates[kind, receiver] = fate
