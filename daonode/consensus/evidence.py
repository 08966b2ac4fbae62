"""Notices two statements of one validator that no honest validator signs together (consensus.md, Evidence).

Bounded: the last `STATEMENTS_KEPT` statements of each kind and validator; at most `REPORTS_KEPT` reports are remembered
so as not to be repeated. Knows statements only; whoever calls has verified the signatures.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote
from daonode.primitives.ids import Signature, ValidatorId

STATEMENTS_KEPT = 8
REPORTS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two signed statements that prove that their signer broke the rules."""

    offender: ValidatorId
    first: Statement
    first_signature: Signature
    second: Statement
    second_signature: Signature


def is_conflict(first: Statement, second: Statement) -> bool:
    """Whether one honest validator never signs both, in either order."""
    return _is_double(first, second) or _is_broken_promise(first, second) or _is_broken_promise(second, first)


def _is_double(first: Statement, second: Statement) -> bool:
    if isinstance(first, Timeout) or isinstance(second, Timeout):
        return False
    return type(first) is type(second) and first.round == second.round and first != second


def _is_broken_promise(statement: Statement, timeout: Statement) -> bool:
    """Whether a timeout names a QC older than what its signer had committed to, or voted on."""
    if not isinstance(timeout, Timeout) or timeout.round < statement.round:
        return False
    match statement:
        case Commit():
            return timeout.high_qc_round < statement.round
        case Vote():
            return timeout.high_qc_round < statement.qc_round
        case Propose() | Timeout():
            return False


class EvidenceWatch:
    """Remembers recent statements and returns each conflict once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[ValidatorId, type[Statement]], deque[tuple[Statement, Signature]]] = {}
        self._reported: deque[tuple[ValidatorId, Statement, Statement]] = deque(maxlen=REPORTS_KEPT)

    def add(self, validator: ValidatorId, statement: Statement, signature: Signature) -> tuple[Conflict, ...]:
        """Take a verified statement; the conflicts that it completes."""
        mine = self._seen.setdefault((validator, type(statement)), deque(maxlen=STATEMENTS_KEPT))
        if any(kept == statement for kept, _ in mine):
            return ()
        conflicts: list[Conflict] = []
        for kind in (Propose, Vote, Commit, Timeout):
            for kept, kept_signature in self._seen.get((validator, kind), ()):
                known = (validator, kept, statement)
                if is_conflict(kept, statement) and known not in self._reported:
                    self._reported.append(known)
                    conflicts.append(Conflict(validator, kept, kept_signature, statement, signature))
        mine.append((statement, signature))
        return tuple(conflicts)
