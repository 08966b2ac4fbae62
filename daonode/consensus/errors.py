"""The errors of this package, split by who is at fault. Every error carries the numbers that it judged by.

`SafetyViolation`: this validator was asked to sign what the rules forbid; normal after a timeout, a restart or a
proposal that breaks the rules, and never a reason to stop. `PeerError`: a peer sent what no honest validator sends.
"""

from __future__ import annotations

from enum import Enum


class ConsensusError(Exception):
    """The root of every error of `daonode.consensus`."""


class Clause(Enum):
    """The clauses of the rules in `safety.py`, by the words that an operator reads."""

    EPOCH = "the statement belongs to another epoch"
    PROPOSE_NEWER_ROUND = "a proposal needs a round above the last one proposed in"
    VOTE_NEWER_ROUND = "a vote needs a round above the last one voted or timed out in"
    VOTE_JUSTIFIED_ROUND = "a block's round must follow its QC, or a TC that its QC is not older than"
    TIMEOUT_NOT_BEFORE_VOTE = "a timeout needs a round not below the last one voted in"
    TIMEOUT_UNCERTIFIED_ROUND = "a timeout needs a QC of an earlier round"
    TIMEOUT_NOT_BELOW_LOCK = "a timeout needs a QC not below the lock"
    TIMEOUT_JUSTIFIED_ROUND = "a timeout's round must follow its QC or a TC"
    TIMEOUT_SAME_STATEMENT = "this round has been timed out already, naming another QC"
    COMMIT_NOT_AFTER_TIMEOUT = "a commit vote needs a round above the last one timed out in"
    COMMIT_NEWER_ROUND = "a commit vote needs a round not below the last one committed in, and one block a round"


class SafetyViolation(ConsensusError):
    """The rules forbid a signature: `clause` says which, `round` is what was asked and `bound` what it met."""

    def __init__(self, *, clause: Clause, round_: int, bound: int) -> None:
        super().__init__(f"{clause.value}: asked for {round_}, the bound is {bound}")
        self.clause = clause
        self.round = round_
        self.bound = bound


class PeerError(ConsensusError):
    """A message or certificate that no honest peer sends; `reason` says what was wrong and what would be right."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongEpoch(PeerError):
    """A certificate or message belongs to another epoch than this validator's."""

    def __init__(self, *, expected: int, got: int) -> None:
        super().__init__(reason=f"expected epoch {expected}, got {got}")
        self.expected = expected
        self.got = got


class UnknownSigner(PeerError):
    """An index is outside the validator set of `size` members."""

    def __init__(self, *, index: int, size: int) -> None:
        super().__init__(reason=f"signer {index} is none of the {size} validators")
        self.index = index
        self.size = size


class NoQuorum(PeerError):
    """The signers have `power` of `total`, and more than two thirds are needed."""

    def __init__(self, *, power: int, total: int) -> None:
        super().__init__(reason=f"expected more than two thirds of the power {total}, got {power}")
        self.power = power
        self.total = total


class BadSignature(PeerError):
    """A signature does not verify for the statement and the key of validator `index`."""

    def __init__(self, *, index: int, statement: str) -> None:
        super().__init__(reason=f"the signature of validator {index} does not fit its {statement} statement")
        self.index = index
        self.statement = statement


class Malformed(PeerError):
    """Fields contradict each other, or digests do not match what they bind."""
