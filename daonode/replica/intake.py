"""From bytes to checked messages: decoding, structure and every signature, before anything reaches `Replica.step`.

Pure but for its caches of what was found valid, so a driver may run it on other threads; it must keep the order of what
one peer sent on one lane. Whatever the bytes, only `PeerError` (the sender's fault) leaves `check_message`, and only
`TransactionError` leaves `check_transaction`.
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.errors import Malformed
from daonode.consensus.types import CommitProof, TwoChain
from daonode.consensus.verification import Verifier
from daonode.ledger.application import Application
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.errors import InvalidEncoding, InvalidSignature, TransactionError, WrongChain
from daonode.ledger.params import MAX_BLOCK_BYTES
from daonode.ledger.state import StateReader
from daonode.primitives.codec import DecodeError, decode
from daonode.replica.messages import (
    MAX_BLOCKS_A_RESPONSE,
    MAX_TRANSACTIONS_A_MESSAGE,
    BlockRequest,
    BlockResponse,
    ChunkRequest,
    ChunkResponse,
    EvidenceMessage,
    Lane,
    ManifestRequest,
    ManifestResponse,
    Message,
    TransactionsMessage,
    epoch_of,
    lane_of,
)

MAX_MESSAGE_BYTES = MAX_BLOCK_BYTES + 1024 * 1024
"""The largest message on any lane: the largest block, with its certificates and those that travel with it."""

_DISHONEST = (InvalidEncoding, InvalidSignature, WrongChain)
"""What no state, time or parameter of an honest peer explains."""


@dataclass(frozen=True, slots=True)
class CheckedMessage:
    """A message that an honest peer could have sent; `transactions` are the valid ones of a `TransactionsMessage`.

    What is of another epoch than the one that the node is in has its form, and no more is known of it.
    """

    message: Message
    transactions: tuple[CheckedTransaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """Checks for one chain; `state` is the committed state, for the ledger's parameters."""

    verifier: Verifier
    application: Application
    state: StateReader

    def check_message(self, lane: Lane, data: bytes, *, now_ms: int) -> CheckedMessage:
        """Decode and check what a peer sent on a lane.

        Raises:
            PeerError: no honest peer sends this.
        """
        try:
            message: Message = decode(data, Message, max_bytes=MAX_MESSAGE_BYTES)
        except DecodeError as error:
            raise Malformed(reason=str(error)) from error
        if lane_of(message) is not lane:
            raise Malformed(reason=f"a {type(message).__name__} does not travel on the {lane.value} lane")
        match message:
            case TransactionsMessage():
                return CheckedMessage(message, self._valid_transactions(message, now_ms=now_ms))
            case EvidenceMessage():
                # Judged by the state, where it may convict somebody (`accusing.py`).
                return CheckedMessage(message)
            case BlockRequest() | ManifestRequest() | ChunkRequest() | ManifestResponse() | ChunkResponse():
                # What is in a snapshot is judged by whoever has asked for it (`joining.py`); others ignore it.
                return CheckedMessage(message)
            case BlockResponse():
                if len(message.blocks) > MAX_BLOCKS_A_RESPONSE:
                    raise Malformed(reason=f"{len(message.blocks)} blocks, at most {MAX_BLOCKS_A_RESPONSE} are allowed")
                # An answer may come after its epoch is over; it is of no use to anyone then.
                if message.proof is not None and _proof_epoch(message.proof) == self.verifier.epoch:
                    self.verifier.check_proof(message.proof)
                return CheckedMessage(message)
            case _:
                if epoch_of(message) == self.verifier.epoch:
                    self.verifier.check_message(message)
                return CheckedMessage(message)

    def check_transaction(self, raw: bytes, *, now_ms: int) -> CheckedTransaction:
        """Check everything about a transaction but its sender's account.

        Raises:
            TransactionError: it cannot be included.
        """
        transaction = self.application.check(self.state, raw, now_ms)
        self.application.verify_signatures(transaction)
        return transaction

    def _valid_transactions(self, message: TransactionsMessage, *, now_ms: int) -> tuple[CheckedTransaction, ...]:
        """Those that pass. A peer may honestly hold what is not to be included here and now, but nothing else."""
        if len(message.transactions) > MAX_TRANSACTIONS_A_MESSAGE:
            raise Malformed(
                reason=f"{len(message.transactions)} transactions, at most {MAX_TRANSACTIONS_A_MESSAGE} are allowed"
            )
        valid: list[CheckedTransaction] = []
        for raw in message.transactions:
            try:
                valid.append(self.check_transaction(raw, now_ms=now_ms))
            except TransactionError as error:
                if isinstance(error, _DISHONEST) or not _has_form(raw):
                    raise Malformed(reason=f"a transaction that no honest peer passes on: {error}") from error
        return tuple(valid)


def _proof_epoch(proof: CommitProof) -> int:
    return proof.qc.epoch if isinstance(proof, TwoChain) else proof.epoch


def _has_form(raw: bytes) -> bool:
    """Whether the bytes are a transaction whatever the chain, its parameters and the time."""
    try:
        decode_transaction(raw)
    except TransactionError:
        return False
    return True
