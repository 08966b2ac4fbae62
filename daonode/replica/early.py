"""Consensus messages of the next epoch that come before this one is over here: kept for a moment, then judged.

Whoever commits the last block of an epoch first goes on at once. Bounded: the last message of each kind of each peer,
`MAX_EARLY_MESSAGES` in all; what is lost here is said again once a round has passed.
"""

from __future__ import annotations

from daonode.consensus.errors import PeerError
from daonode.consensus.messages import ConsensusMessage
from daonode.consensus.verification import Verifier
from daonode.replica.effects import PeerFault
from daonode.replica.events import PeerId

MAX_EARLY_MESSAGES = 64


class EarlyMessages:
    """Messages that nobody has judged yet, in the order of their arrival."""

    def __init__(self) -> None:
        self._kept: dict[tuple[PeerId, type[ConsensusMessage]], ConsensusMessage] = {}

    def keep(self, peer: PeerId, message: ConsensusMessage) -> None:
        """Keep a message instead of the last of its kind from its sender."""
        key = (peer, type(message))
        self._kept.pop(key, None)
        if len(self._kept) < MAX_EARLY_MESSAGES:
            self._kept[key] = message

    def take(self, verifier: Verifier) -> tuple[list[tuple[PeerId, ConsensusMessage]], list[PeerFault]]:
        """All that are kept and valid, with their senders, and what is wrong with the rest; they are forgotten here."""
        valid: list[tuple[PeerId, ConsensusMessage]] = []
        faults: list[PeerFault] = []
        for (peer, _), message in self._kept.items():
            try:
                verifier.check_message(message)
            except PeerError as error:
                faults.append(PeerFault(peer, str(error)))
            else:
                valid.append((peer, message))
        self._kept.clear()
        return valid, faults
