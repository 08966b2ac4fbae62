"""Why something failed, as state and events keep it: a stable code and word, and never a text.

Texts come from code and from libraries and are worded anew in their next versions; validators that stored them would
no longer agree.
"""

from __future__ import annotations

from daonode.ledger.errors import InvalidValue, TransactionError
from daonode.primitives.codec import U32, Record
from daonode.primitives.errors import PrimitiveError


class Failure(Record, frozen=True):
    """The `code` and `reason` of the error that something failed with."""

    code: U32
    reason: str

    def describe(self) -> str:
        """Say it for people, such as `insufficient_balance (code 2000)`."""
        return f"{self.reason} (code {self.code})"


def failure_of(error: TransactionError | PrimitiveError) -> Failure:
    """Return what is kept of an error; one of the primitives is an `InvalidValue` to whoever sent the value."""
    known = error if isinstance(error, TransactionError) else InvalidValue
    return Failure(code=known.code, reason=known.reason)
