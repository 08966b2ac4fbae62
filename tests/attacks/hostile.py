"""What an attacker makes: statements and certificates signed with the keys that the attack presumes."""

from __future__ import annotations

from daonode.consensus.statements import Vote, signing_bytes
from daonode.consensus.types import QuorumCertificate
from daonode.primitives.ids import BlockId
from daonode.primitives.signatures import sign
from tests.unit.replica.network import CHAIN_ID, Network, Node

ABANDONED = BlockId(b"\x55" * 32)
"""A block that a quorum certified and that nobody ever committed."""


def index_of(network: Network, node: Node) -> int:
    """The place of a validator in the set."""
    return [each.id for each in network.chain.validators.validators].index(node.own)


def certify(network: Network, *signers: Node, round_: int, block_id: BlockId, qc_round: int) -> QuorumCertificate:
    """The certificate of a block for which these validators voted."""
    epoch = network.chain.genesis_qc.epoch
    statement = Vote(chain_id=CHAIN_ID, epoch=epoch, round=round_, block_id=block_id, qc_round=qc_round)
    ordered = sorted(signers, key=lambda node: index_of(network, node))
    return QuorumCertificate(
        epoch=epoch,
        round=round_,
        block_id=block_id,
        qc_round=qc_round,
        signers=tuple(index_of(network, node) for node in ordered),
        signatures=tuple(sign(node.seed, signing_bytes(statement)) for node in ordered),
    )
