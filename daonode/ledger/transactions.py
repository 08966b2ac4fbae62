"""The transaction format: what a sender signs, and what is sent.

The id and the signed bytes are both `SHA-256("daonode/tx/v1" || body)`, so a signature cannot change the id.
"""

from __future__ import annotations

from daonode.primitives.codec import U8, U64, Record
from daonode.primitives.hashing import TX_TAG, tagged_hash
from daonode.primitives.ids import Address, ChainId, PublicKey, Signature, TxId

MAX_TRANSACTION_BYTES = 65_536
"""The largest encoded transaction: a proposal's text of 16 KiB with its actions fits several times."""
MAX_MESSAGES = 16
MAX_SIGNATURES = 32
MAX_LANES = 16
MAX_MEMO_BYTES = 256


class Call(Record, frozen=True):
    """One message: `type` is `module.Name`, `body` the canonical encoding of that type's fields.

    The same shape serves a transaction's messages and a proposal's actions.
    """

    type: str
    body: bytes


class TxBody(Record, frozen=True):
    """What is signed. `version` is 1; `expires_at_ms` is block time in milliseconds; `max_fee` is in base units."""

    version: U8
    chain_id: ChainId
    sender: Address
    lane: U8
    sequence: U64
    expires_at_ms: U64
    gas_limit: U64
    max_fee: U64
    messages: tuple[Call, ...]
    memo: str


class TxSignature(Record, frozen=True):
    """One Ed25519 signature over the transaction's id."""

    public_key: PublicKey
    signature: Signature


class Transaction(Record, frozen=True):
    """What is sent: the encoded body and the signatures, ordered by public key, each key once."""

    body: bytes
    signatures: tuple[TxSignature, ...]


def tx_id(body: bytes) -> TxId:
    """The id of the transaction with this encoded body; also the message that its signatures sign."""
    return TxId(tagged_hash(TX_TAG, body))
