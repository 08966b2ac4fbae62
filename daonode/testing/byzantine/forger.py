"""A validator that sends certificates which do not prove what they say. Honest nodes refuse each one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from daonode.consensus.messages import SyncInfo, SyncMessage
from daonode.consensus.types import CommitCertificate, QuorumCertificate, TimeoutCertificate, TwoChain
from daonode.replica.effects import Broadcast, Effect, Send
from daonode.replica.messages import BlockResponse
from daonode.testing.byzantine.actor import Actor


@dataclass(slots=True)
class Forger(Actor):
    """Forges each certificate that it comes to hold, at once, and the proofs of the blocks that it serves."""

    last: SyncInfo | None = None

    def carry_out(self, effect: Effect) -> None:
        """Forge what is new, then do what is due, with other proofs."""
        if isinstance(effect, Broadcast) and self.sync != self.last:
            self._forge(self.sync)
        if isinstance(effect, Send) and isinstance(effect.message, BlockResponse):
            self.carry_out_honestly(replace_message(effect))
        else:
            self.carry_out_honestly(effect)

    def _forge(self, sync: SyncInfo) -> None:
        self.last = sync
        lies = [SyncInfo(high_qc=qc, tc=None, commit=None) for qc in self._of_qc(sync.high_qc)]
        if sync.tc is not None:
            lies.extend(SyncInfo(high_qc=sync.high_qc, tc=tc, commit=None) for tc in self._of_tc(sync.tc))
        if sync.commit is not None:
            commits = self._of_commit(sync.commit, sync.high_qc)
            lies.extend(SyncInfo(high_qc=sync.high_qc, tc=None, commit=commit) for commit in commits)
        for lie in lies:
            self.say(SyncMessage(sync=lie), self.others)

    def _of_qc(self, qc: QuorumCertificate) -> list[QuorumCertificate]:
        """By too few, by one voter counted twice, and of a round that nobody has voted in."""
        if not qc.signers:
            return []
        signers, signatures = qc.signers, qc.signatures
        return [
            replace(qc, signers=signers[:2], signatures=signatures[:2]),
            replace(qc, signers=(*signers[:-1], signers[-2]), signatures=(*signatures[:-1], signatures[-2])),
            replace(qc, round=qc.round + 1),
        ]

    def _of_tc(self, tc: TimeoutCertificate) -> list[TimeoutCertificate]:
        """By too few, with a QC that nobody signed, and with one older than what the signers state."""
        signers, rounds, signatures = tc.signers, tc.high_qc_rounds, tc.signatures
        lies = [
            replace(tc, signers=signers[:2], high_qc_rounds=rounds[:2], signatures=signatures[:2]),
            replace(tc, high_qc=replace(tc.high_qc, signatures=tuple(reversed(tc.high_qc.signatures)))),
        ]
        node = self.tree.get(tc.high_qc.block_id)
        if node is not None:
            lies.append(replace(tc, high_qc=node.block.qc))
        return [lie for lie in reversed(lies) if lie != tc]

    def _of_commit(self, commit: CommitCertificate, high_qc: QuorumCertificate) -> list[CommitCertificate]:
        """By too few, and for a block that was only certified."""
        lies = (
            replace(commit, signers=commit.signers[:2], signatures=commit.signatures[:2]),
            replace(commit, round=high_qc.round, block_id=high_qc.block_id),
        )
        return [lie for lie in lies if lie != commit]


def replace_message(effect: Send) -> Send:
    """The blocks that are served, up to one whose child does not follow it in the next round, with that as proof."""
    response = effect.message
    if not isinstance(response, BlockResponse) or response.proof is None:
        return effect
    for place, (parent, child) in enumerate(pairwise(response.blocks)):
        grandchildren = response.blocks[place + 2 : place + 3]
        if child.header.round != parent.header.round + 1 and grandchildren:
            proof = TwoChain(child=child.header, qc=grandchildren[0].qc)
            return Send(effect.peer, replace(response, blocks=response.blocks[: place + 1], proof=proof))
    return effect
