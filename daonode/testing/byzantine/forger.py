"""A validator that sends certificates which do not prove what they say. Honest nodes refuse each one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from msgspec.structs import replace

from daonode.consensus.messages import SyncInfo, SyncMessage
from daonode.consensus.types import CommitCertificate, QuorumCertificate, TimeoutCertificate
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class Forger(Actor):
    """After each of its broadcasts sends one forged certificate of each kind that it can make."""

    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """Do what is due, then forge."""
        self.carry_out_honestly(effect)
        if isinstance(effect, Broadcast):
            self.turn += 1
            sync = self.sync
            forged = [*self._of_qc(sync.high_qc)]
            if sync.tc is not None:
                forged.extend(self._of_tc(sync.tc))
            if sync.commit is not None:
                forged.extend(self._of_commit(sync.commit, sync.high_qc))
            for lie in islice(forged, self.turn % 3, None, 3):
                self.say(SyncMessage(sync=lie), self.others)

    def _of_qc(self, qc: QuorumCertificate) -> list[SyncInfo]:
        """A QC of the next round by too few, by one voter counted as a quorum, and with signatures of another."""
        if not qc.signers:
            return []
        few = replace(qc, signers=qc.signers[:2], signatures=qc.signatures[:2])
        twice = replace(
            qc, signers=(*qc.signers[:-1], qc.signers[-2]), signatures=(*qc.signatures[:-1], qc.signatures[-2])
        )
        later = replace(qc, round=qc.round + 1)
        return [SyncInfo(high_qc=lie, tc=None, commit=None) for lie in (few, twice, later)]

    def _of_tc(self, tc: TimeoutCertificate) -> list[SyncInfo]:
        """A TC by too few, with a QC older than what its signers state, and with a QC that nobody signed."""
        lies = [
            replace(tc, signers=tc.signers[:2], high_qc_rounds=tc.high_qc_rounds[:2], signatures=tc.signatures[:2]),
            replace(tc, high_qc=replace(tc.high_qc, block_id=self.tree.root_id, signatures=tc.high_qc.signatures)),
        ]
        node = self.tree.get(tc.high_qc.block_id)
        if node is not None:
            lies.append(replace(tc, high_qc=node.block.qc))
        return [SyncInfo(high_qc=lie.high_qc, tc=lie, commit=None) for lie in lies]

    def _of_commit(self, commit: CommitCertificate, high_qc: QuorumCertificate) -> list[SyncInfo]:
        """A commit certificate by too few, and one for a round that was only certified."""
        few = replace(commit, signers=commit.signers[:2], signatures=commit.signatures[:2])
        later = replace(commit, round=high_qc.round, block_id=high_qc.block_id)
        return [SyncInfo(high_qc=high_qc, tc=None, commit=lie) for lie in (few, later) if lie != commit]
