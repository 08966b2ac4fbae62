"""Errors of the ledger. `TransactionError` and its kin are the sender's fault and become a receipt or a rejection.

Codes are stable numbers, never reused: 1 to 999 belong to the ledger, then a thousand to each module (2000 accounts,
3000 governance, 4000 treasury, 5000 identity, 6000 contracts, 7000 validators; plug-ins from 10000).
"""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """Root of the ledger's errors."""


class InvalidBlock(LedgerError):
    """A payload that no honest proposer makes: malformed, above a limit, or with a transaction that cannot be included.

    `index` is the position of the first such transaction, or None when the payload as a whole is wrong.
    """

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message if index is None else f"transaction {index}: {message}")
        self.message = message
        self.index = index


class BlockFull(LedgerError):
    """A transaction does not fit beside those that the block has already; it may fit in the next one."""


class TransactionError(LedgerError):
    """A transaction that cannot be included or cannot succeed.

    Subclasses set `code` and `reason` (a stable snake_case word for programs); the text is for people: it says what was
    wrong, with the numbers, and `hint` says what would be right.
    """

    code: ClassVar[int] = 1
    reason: ClassVar[str] = "invalid_transaction"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidEncoding(TransactionError):
    """The bytes are not the canonical form of a transaction or of one of its messages."""

    code = 2
    reason = "invalid_encoding"


class WrongChain(TransactionError):
    """The transaction names another chain."""

    code = 3
    reason = "wrong_chain"


class Expired(TransactionError):
    """The expiry has passed, or lies further ahead than the chain's window."""

    code = 4
    reason = "expired"


class InvalidSignature(TransactionError):
    """A signature does not verify over the transaction's id."""

    code = 5
    reason = "invalid_signature"


class Unauthorised(TransactionError):
    """The valid signatures do not satisfy the sender's policy, or the caller may not do this."""

    code = 6
    reason = "unauthorised"


class WrongSequence(TransactionError):
    """The sequence is not the next one of its lane."""

    code = 7
    reason = "wrong_sequence"


class FeeTooLow(TransactionError):
    """`max_fee` does not cover the gas limit at the chain's price, or the sender's balance does not cover the fee."""

    code = 8
    reason = "fee_too_low"


class OutOfGas(TransactionError):
    """Execution needed more gas than the transaction allowed."""

    code = 9
    reason = "out_of_gas"


class UnknownMessage(TransactionError):
    """No module of this chain handles that message type."""

    code = 10
    reason = "unknown_message"


class LimitExceeded(TransactionError):
    """A size, count or depth is above its bound."""

    code = 11
    reason = "limit_exceeded"


class NotFound(TransactionError):
    """A record that the message or query names does not exist."""

    code = 12
    reason = "not_found"


class InvalidValue(TransactionError):
    """A number left its range, or a value has no encoding."""

    code = 13
    reason = "invalid_value"


class QueryError(LedgerError):
    """A query that names nothing, or whose arguments are not what it takes."""

    def __init__(self, message: str, *, hint: str = "", not_found: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.not_found = not_found
