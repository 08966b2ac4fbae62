"""A server of blocks that lies in every way about a range of them. Honest nodes refuse each one of its answers."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.types import EMPTY_DIGEST, Block, QuorumCertificate
from daonode.replica.effects import Effect, Send
from daonode.replica.messages import BlockResponse
from daonode.testing.byzantine.actor import Actor

ROUNDS_AHEAD = 7


@dataclass(slots=True)
class RangeLiar(Actor):
    """Serves blocks without a certificate, beside their proof, out of order, or with other contents, in turn."""

    turn: int = 0

    def carry_out(self, effect: Effect) -> None:
        """Do what is due, with other blocks."""
        if isinstance(effect, Send) and isinstance(effect.message, BlockResponse) and effect.message.blocks:
            self.turn += 1
            self.carry_out_honestly(Send(effect.peer, self._lies(effect.message)))
        else:
            self.carry_out_honestly(effect)

    def _lies(self, response: BlockResponse) -> BlockResponse:
        first, *rest = response.blocks
        forged = self._forge(first)
        lies = (
            # Leads to nothing that anyone has certified.
            replace(response, blocks=(forged,), proof=None, descendants=()),
            # Carries the proof of another block.
            replace(response, blocks=(forged,)),
            # The last proves itself, and what stands before it is none of its ancestors.
            replace(response, blocks=(forged, *rest)),
            # Each block is a right one, and has another's contents.
            replace(response, blocks=(replace(first, payload=first.payload + b"\x00"), *rest)),
            replace(response, blocks=(replace(first, qc=forged.qc), *rest)),
            replace(response, blocks=tuple(reversed(response.blocks))),
        )
        # Its drift is drawn, so each run begins with another lie.
        return lies[(self.turn + self.drift_ms) % len(lies)]

    def _forge(self, block: Block) -> Block:
        """A block on the same parent, with a certificate that nobody has signed."""
        qc = QuorumCertificate(
            epoch=block.qc.epoch,
            round=block.qc.round + ROUNDS_AHEAD,
            block_id=block.qc.block_id,
            qc_round=block.qc.round,
            signers=(0, 1, 2),
            signatures=(self.world.secrets[self.index].sign(b""),) * 3,
        )
        header = replace(block.header, round=qc.round + 1, qc_digest=qc.digest(), tc_digest=EMPTY_DIGEST)
        return Block(header=header, payload=block.payload, qc=qc, tc=None)
