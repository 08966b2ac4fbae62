"""What a validator signs. Each statement is domain-tagged and binds chain and epoch.

The signed bytes are `STATEMENT_TAG || encode([kind, chain_id, epoch, ...fields])`, so no two statements of any kind,
chain or epoch share them.
"""

from __future__ import annotations

from daonode.primitives.codec import U64, Record, encode
from daonode.primitives.hashing import STATEMENT_TAG
from daonode.primitives.ids import BlockId, ChainId


class Propose(Record, frozen=True, tag="propose"):
    """The proposer's own signature over its block of a round."""

    chain_id: ChainId
    epoch: U64
    round: U64
    block_id: BlockId


class Vote(Record, frozen=True, tag="vote"):
    """Support for a block; `qc_round` is the round of the certificate that the block carries."""

    chain_id: ChainId
    epoch: U64
    round: U64
    block_id: BlockId
    qc_round: U64


class Commit(Record, frozen=True, tag="commit"):
    """The statement that a certified block may be final; never made after a timeout of its round or a later one."""

    chain_id: ChainId
    epoch: U64
    round: U64
    block_id: BlockId


class Timeout(Record, frozen=True, tag="timeout"):
    """Giving up on a round; `high_qc_round` is the round of the best certificate that the signer has seen."""

    chain_id: ChainId
    epoch: U64
    round: U64
    high_qc_round: U64


Statement = Propose | Vote | Commit | Timeout


def signing_bytes(statement: Statement) -> bytes:
    """The bytes that are signed for `statement`."""
    return STATEMENT_TAG + encode(statement)
