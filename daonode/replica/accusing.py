"""Evidence that this node knows and no committed block carries: found here or told by peers, judged, and passed on.

Whoever learns of an offence passes it on once; leaders put it into their blocks. It leaves once its offence has been
punished, or counts no more. Bounded: one piece for each offence, `MAX_ACCUSATIONS` in all; what is lost beyond is found
again with the next offence.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from daonode.consensus.evidence import Evidence
from daonode.genesis.initial import ValidatorSource
from daonode.ledger.block import MAX_EVIDENCE
from daonode.ledger.errors import TransactionError
from daonode.primitives.codec import DecodeError, decode, encode
from daonode.primitives.ids import BlockId, ValidatorId
from daonode.replica.effects import Broadcast, Effect, PeerFault
from daonode.replica.events import PeerId
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.messages import MAX_EVIDENCE_A_MESSAGE, EvidenceMessage

MAX_ACCUSATIONS = 256

Offence = tuple[int, ValidatorId]


class Accusations:
    """The evidence of one replica. States are read from `executed`, and `source` judges by them."""

    def __init__(self, source: ValidatorSource, executed: ExecutedBlocks) -> None:
        self._source = source
        self._executed = executed
        self._waiting: dict[Offence, Evidence] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def receive(self, peer: PeerId, evidence: tuple[Evidence, ...]) -> list[Effect]:
        """Take what a peer has passed on. What convicts nobody is its fault, unless it counts no more."""
        effects: list[Effect] = []
        for each in evidence:
            try:
                effects.extend(self.take(each))
            except TransactionError as error:
                effects.append(PeerFault(peer, f"evidence that convicts nobody: {error}"))
        return effects

    def take(self, evidence: Evidence) -> tuple[Effect, ...]:
        """Keep evidence of an offence that is not known yet, and pass it on.

        Raises:
            TransactionError: it convicts nobody.
        """
        root = self._executed.root_version
        is_full = len(self._waiting) >= MAX_ACCUSATIONS
        if is_full or evidence.offence in self._waiting or not self._source.is_punishable(root, evidence):
            return ()
        self._source.check_evidence(root, evidence, chain_id=self._executed.root.chain_id)
        self._waiting[evidence.offence] = evidence
        return (Broadcast(EvidenceMessage(evidence=(evidence,))),)

    def candidates(self, parent_id: BlockId) -> tuple[bytes, ...]:
        """What a block on `parent_id` is to carry, encoded: what the state there does not know yet."""
        if not self._waiting:
            return ()
        state = self._executed.version(parent_id)
        useful = (each for each in self._waiting.values() if self._source.is_punishable(state, each))
        return tuple(encode(each) for each in islice(useful, MAX_EVIDENCE))

    def has_work(self) -> bool:
        """Whether there is an offence that no uncommitted block tells of."""
        if not self._waiting:
            return False
        told = frozenset(_offences(self._executed.evidence()))
        return any(offence not in told for offence in self._waiting)

    def settle(self) -> None:
        """A block has been committed: what has been punished, and what is too old, leaves."""
        root = self._executed.root_version
        for offence in [key for key, each in self._waiting.items() if not self._source.is_punishable(root, each)]:
            del self._waiting[offence]

    def waiting_message(self) -> EvidenceMessage | None:
        """The first of what waits, for peers that may not know of it; None when nothing does."""
        first = tuple(islice(self._waiting.values(), MAX_EVIDENCE_A_MESSAGE))
        return EvidenceMessage(evidence=first) if first else None


def _offences(evidence: Iterator[bytes]) -> Iterator[Offence]:
    for data in evidence:
        try:
            yield decode(data, Evidence).offence
        except DecodeError:
            # A leader may put anything there; it convicts nobody.
            continue
