"""A validator that sends too much: votes for blocks that nobody has, old transactions, requests for everything."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256

from msgspec.structs import replace

from daonode.consensus.messages import VoteMessage
from daonode.primitives.ids import BlockId
from daonode.replica.effects import Broadcast, Effect
from daonode.replica.events import Event, MessageReceived
from daonode.replica.messages import BlockRequest, TransactionsMessage
from daonode.testing.byzantine.actor import Actor

COPIES = 5
TRANSACTIONS_KEPT = 32


@dataclass(slots=True)
class Flooder(Actor):
    """Repeats and multiplies whatever it has to say."""

    transactions: deque[bytes] = field(default_factory=lambda: deque(maxlen=TRANSACTIONS_KEPT))

    def step(self, event: Event) -> None:
        """Keep every transaction to send it again once it is long committed."""
        if isinstance(event, MessageReceived) and isinstance(event.message, TransactionsMessage):
            self.transactions.extend(event.message.transactions)
        Actor.step(self, event)

    def carry_out(self, effect: Effect) -> None:
        """Send what is due, many times, and more beside it."""
        self.carry_out_honestly(effect)
        if not isinstance(effect, Broadcast):
            return
        for copy in range(COPIES):
            self.say(effect.message, self.others)
            if isinstance(effect.message, VoteMessage):
                nothing = BlockId(sha256(b"%d of %d" % (copy, effect.message.round)).digest())
                self.say(BlockRequest(above_height=copy, tip=nothing), self.others)
                self.say(self.vote_on(replace(effect.message, block_id=nothing)), self.others)
        if self.transactions:
            self.say(TransactionsMessage(transactions=tuple(self.transactions)), self.others)
