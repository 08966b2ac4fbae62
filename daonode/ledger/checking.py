"""Everything that is checked of a transaction before any of it runs, cheapest first.

`decode_transaction` looks at the bytes alone, `check_admission` also at chain, parameters and time, and
`verify_signatures` does the cryptography, which may run on another thread. What the sender's account allows is the
authenticator's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from daonode.ledger.errors import (
    Expired,
    FeeTooLow,
    InvalidEncoding,
    InvalidSignature,
    LimitExceeded,
    OutOfGas,
    WrongChain,
)
from daonode.ledger.gas import intrinsic_gas
from daonode.ledger.params import LedgerParams
from daonode.ledger.transactions import (
    MAX_LANES,
    MAX_MEMO_BYTES,
    MAX_MESSAGES,
    MAX_SIGNATURES,
    MAX_TRANSACTION_BYTES,
    Transaction,
    TxBody,
    TxSignature,
    tx_id,
)
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.generations import Generations
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import ChainId, Hash, PublicKey, TxId
from daonode.primitives.signatures import verify

TX_VERSION: Final = 1
MAX_VERIFIED: Final = 16_384
"""How many verified transactions each of the cache's two generations holds: 32 bytes and a dictionary's slot each."""
MAX_DECODED: Final = 2_048
"""How many decoded transactions each generation of their cache holds; about four kilobytes each at most."""
MAX_DECODED_BYTES: Final = 1_024
"""Longer transactions are not remembered: votes and transfers are far below."""


@dataclass(frozen=True, slots=True)
class CheckedTransaction:
    """A transaction whose form is right. `raw` is what was sent, `digest` the hash of it, signatures included."""

    raw: bytes
    id: TxId
    digest: Hash
    body: TxBody
    signatures: tuple[TxSignature, ...]

    @property
    def signers(self) -> tuple[PublicKey, ...]:
        """The keys that signed, ascending."""
        return tuple(signature.public_key for signature in self.signatures)

    @property
    def intrinsic_gas(self) -> int:
        """What it uses before its first message runs."""
        return intrinsic_gas(byte_count=len(self.raw), signature_count=len(self.signatures))


def decode_transaction(raw: bytes) -> CheckedTransaction:
    """Take a transaction apart and check its form.

    Raises:
        LimitExceeded: it is too long, or has too many of something.
        InvalidEncoding: it is not the canonical form of a transaction.
        InvalidSignature: its signatures are not in the order of their keys, each key once.
    """
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise LimitExceeded(f"a transaction has at most {MAX_TRANSACTION_BYTES} bytes, got {len(raw)}")
    try:
        transaction = decode(raw, Transaction)
        body = decode(transaction.body, TxBody)
    except DecodeError as error:
        raise InvalidEncoding(f"not a transaction: {error.reason}") from error
    _check_body(body)
    if not 1 <= len(transaction.signatures) <= MAX_SIGNATURES:
        raise LimitExceeded(f"expected 1 to {MAX_SIGNATURES} signatures, got {len(transaction.signatures)}")
    for lower, upper in pairwise(transaction.signatures):
        if lower.public_key >= upper.public_key:
            raise InvalidSignature("signatures must stand in ascending order of their keys, each key once")
    return CheckedTransaction(
        raw=raw, id=tx_id(transaction.body), digest=sha256(raw), body=body, signatures=transaction.signatures
    )


def _check_body(body: TxBody) -> None:
    if body.version != TX_VERSION:
        raise InvalidEncoding(f"expected transaction version {TX_VERSION}, got {body.version}")
    if body.lane >= MAX_LANES:
        raise LimitExceeded(f"a lane is a number from 0 to {MAX_LANES - 1}, got {body.lane}")
    if not 1 <= len(body.messages) <= MAX_MESSAGES:
        raise LimitExceeded(f"expected 1 to {MAX_MESSAGES} messages, got {len(body.messages)}")
    if len(body.memo.encode()) > MAX_MEMO_BYTES:
        raise LimitExceeded(f"a memo has at most {MAX_MEMO_BYTES} bytes of UTF-8, got {len(body.memo.encode())}")


def check_admission(tx: CheckedTransaction, *, chain_id: ChainId, params: LedgerParams, time_ms: int) -> None:
    """Check that a block of this chain at `time_ms` may hold a transaction, as far as its sender's state is not needed.

    Raises:
        WrongChain, Expired: it is not for here and now.
        LimitExceeded, OutOfGas, FeeTooLow: its gas limit is above what one may claim, does not cover its own bytes and
            signatures, or its maximum fee does not cover its gas limit.
    """
    body = tx.body
    if body.chain_id != chain_id:
        raise WrongChain(f"signed for chain {body.chain_id[:48]!r}, this chain is {chain_id!r}")
    if time_ms > body.expires_at_ms:
        raise Expired(f"expired at {body.expires_at_ms} ms, the time is {time_ms} ms", hint="sign it again")
    if body.expires_at_ms > time_ms + params.expiry_window:
        raise Expired(
            f"expires at {body.expires_at_ms} ms, more than {params.expiry_window} ms after {time_ms} ms",
            hint="choose an earlier expiry",
        )
    if body.gas_limit > params.max_transaction_gas:
        raise LimitExceeded(f"a gas limit is at most {params.max_transaction_gas}, got {body.gas_limit}")
    if body.gas_limit < tx.intrinsic_gas:
        raise OutOfGas(f"the gas limit {body.gas_limit} is below {tx.intrinsic_gas}, the cost of bytes and signatures")
    fee = params.fee_of(body.gas_limit)
    if body.max_fee < fee:
        raise FeeTooLow(f"the maximum fee {body.max_fee} is below {fee}, the price of {body.gas_limit} gas")


def verify_signatures(tx: CheckedTransaction) -> None:
    """Verify every signature over the transaction's id; about 0.1 ms each. Touches nothing but its argument.

    Raises:
        InvalidSignature: one does not verify.
    """
    for signature in tx.signatures:
        if not verify(signature.public_key, tx.id, signature.signature):
            raise InvalidSignature(f"the signature by key {signature.public_key.hex()} does not verify")


class DecodedCache:
    """Remembers transactions that were taken apart, by their bytes: intake and execution see the same ones."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: Generations[bytes, CheckedTransaction] = Generations(MAX_DECODED)

    def decode(self, raw: bytes) -> CheckedTransaction:
        """Take a transaction apart as `decode_transaction` does, which raises the same errors."""
        known = self._known.get(raw, None)
        if known is not None:
            return known
        decoded = decode_transaction(raw)
        if len(raw) <= MAX_DECODED_BYTES:
            self._known.put(raw, decoded)
        return decoded


class VerifiedCache:
    """Remembers verified transactions by the hash of their full bytes, so that none is verified twice."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: Generations[Hash, Hash] = Generations(MAX_VERIFIED)

    def verify(self, tx: CheckedTransaction) -> None:
        """Verify the signatures unless these very bytes were verified before.

        Raises:
            InvalidSignature: one does not verify; that is not remembered.
        """
        if self._known.get(tx.digest, None) is None:
            verify_signatures(tx)
            self._known.put(tx.digest, tx.digest)
