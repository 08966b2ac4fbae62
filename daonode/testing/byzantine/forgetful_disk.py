"""A validator that is honest over a signer's disk that is not: it says that a state is durable, and forgets it.

No order of effects helps against that, so it counts as Byzantine. What can be told is told: where its own blocks hold a
signature that the state knows nothing of, it does not start (`daonode.signer.remembering`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from daonode.consensus.safety import SafetyState
from daonode.testing.node import Node

STATES_KEPT = 24


@dataclass(slots=True)
class ForgetfulDisk(Node):
    """After a crash its signer has one of its earlier states."""

    is_byzantine: ClassVar[bool] = True

    states: deque[SafetyState] = field(default_factory=lambda: deque(maxlen=STATES_KEPT))

    def _persist_safety(self, safety: SafetyState) -> None:
        self.states.append(self.disk.safety)
        Node._persist_safety(self, safety)

    def crash(self, random: Random) -> None:
        """End, and lose the last syncs of the signer's state."""
        Node.crash(self, random)
        if self.states:
            self.disk.safety = random.choice(self.states)
