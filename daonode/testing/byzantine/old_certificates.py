"""A voter that sends certificates of the epoch before as if they were of this one. Honest nodes refuse them."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from daonode.consensus.messages import SyncInfo, VoteMessage
from daonode.consensus.types import QuorumCertificate
from daonode.replica.effects import Broadcast, Effect
from daonode.replica.events import Event
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class OldCertificates(Actor):
    """Remembers the best QC of each epoch, which may be for a block after its end, and puts it into its own votes."""

    best: dict[int, QuorumCertificate] = field(default_factory=dict)

    def step(self, event: Event) -> None:
        """Learn what its replica learns."""
        Actor.step(self, event)
        self._learn()

    def carry_out(self, effect: Effect) -> None:
        """Do what is due, and say every vote again on an old certificate."""
        self._learn()
        self.carry_out_honestly(effect)
        old = self.best.get(self.epoch - 1)
        if isinstance(effect, Broadcast) and isinstance(effect.message, VoteMessage) and old is not None:
            sync = SyncInfo(high_qc=old, tc=None, commit=None)
            self.say(replace(effect.message, sync=sync), self.others)

    def _learn(self) -> None:
        qc = self.sync.high_qc
        if qc.signers:
            self.best[qc.epoch] = qc
