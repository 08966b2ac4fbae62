"""A leader that proposes on old certificates, with and without a timeout certificate, and keeps new ones to itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from daonode.consensus.messages import ProposalMessage
from daonode.consensus.types import Block, Header, QuorumCertificate, TimeoutCertificate
from daonode.replica.effects import Broadcast, Effect
from daonode.testing.byzantine.actor import Actor

TCS_KEPT = 4


@dataclass(slots=True)
class StaleLeader(Actor):
    """Replaces its proposals by ones that extend an ancestor, with the newest, an older or no TC, in turn."""

    tcs: deque[TimeoutCertificate] = field(default_factory=lambda: deque(maxlen=TCS_KEPT))
    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """Propose on an old certificate where the newest is due."""
        if not isinstance(effect, Broadcast) or not isinstance(effect.message, ProposalMessage):
            self.carry_out_honestly(effect)
            return
        for tc in (effect.message.block.tc, self.sync.tc):
            if tc is not None and tc not in self.tcs:
                self.tcs.append(tc)
        self.turn += 1
        sent = False
        for depth, (parent, qc) in enumerate(self._ancestors(effect.message.block)):
            for tc in (None, *self.tcs):
                block = self.build_on(effect.message.block.header, parent=parent, qc=qc, tc=tc)
                if (depth + self.turn) % 2 == 0 and self._is_led(block.header):
                    self.say(self.proposal_of(block), self.others)
                    sent = True
        if not sent:
            self.carry_out_honestly(effect)

    def _ancestors(self, block: Block) -> tuple[tuple[Header, QuorumCertificate], ...]:
        """Ancestors of a block's parent that may still be extended, each with its QC."""
        found: list[tuple[Header, QuorumCertificate]] = []
        node = self.tree.get(block.header.parent_id)
        while node is not None and len(found) < 2:
            parent = self.tree.header_of(node.header.parent_id)
            if parent is None:
                break
            found.append((parent, node.block.qc))
            node = self.tree.get(node.header.parent_id)
        return tuple(found)

    def _is_led(self, header: Header) -> bool:
        return self.leaders.leader(header.round, extends=header.parent_id) == self.own
