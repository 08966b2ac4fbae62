"""Notices two statements of one validator that no honest validator signs together (docs/consensus.md, Evidence).

Bounded: the first statement of each kind and validator in each of the last `STATEMENTS_KEPT` rounds that it spoke in;
at most `REPORTS_KEPT` reports are remembered so as not to be repeated. Knows statements only; whoever calls has
verified the signatures.
"""

from __future__ import annotations

from collections import deque

from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote
from daonode.primitives.codec import Record
from daonode.primitives.ids import Signature, ValidatorId

STATEMENTS_KEPT = 16
REPORTS_KEPT = 256


class SignedStatement(Record, frozen=True):
    """What a validator has said to others, with its signature."""

    statement: Statement
    signature: Signature


class Evidence(Record, frozen=True):
    """Two statements of one validator that prove that it broke the rules. Field order is wire format."""

    validator: ValidatorId
    first: SignedStatement
    second: SignedStatement

    @property
    def offence(self) -> tuple[int, ValidatorId]:
        """The epoch of the statements, and who is accused: what a validator is punished for once."""
        return self.first.statement.epoch, self.validator


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


_RIVALS: dict[type[Statement], tuple[type[Statement], ...]] = {
    Propose: (),
    Vote: (Timeout,),
    Commit: (Timeout,),
    Timeout: (Vote, Commit),
}
"""Of which other kinds, in any round, a statement may break or be broken by a promise."""


class EvidenceWatch:
    """Remembers recent statements and returns each conflict once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[ValidatorId, type[Statement]], dict[int, SignedStatement]] = {}
        self._reported: deque[tuple[ValidatorId, Statement, Statement]] = deque(maxlen=REPORTS_KEPT)

    def add(self, validator: ValidatorId, statement: Statement, signature: Signature) -> tuple[Evidence, ...]:
        """Take a verified statement; what it proves together with those before."""
        kind, said = type(statement), SignedStatement(statement=statement, signature=signature)
        rounds = self._seen.setdefault((validator, kind), {})
        first = rounds.get(statement.round)
        if first is not None and first.statement == statement:
            return ()
        candidates = [] if first is None else [first]
        for rival in _RIVALS[kind]:
            candidates.extend(self._seen.get((validator, rival), {}).values())
        if first is None:
            if len(rounds) >= STATEMENTS_KEPT:
                del rounds[next(iter(rounds))]
            rounds[statement.round] = said
        return tuple(
            Evidence(validator=validator, first=kept, second=said)
            for kept in candidates
            if is_conflict(kept.statement, statement) and self._is_news(validator, kept.statement, statement)
        )

    def _is_news(self, validator: ValidatorId, first: Statement, second: Statement) -> bool:
        if (validator, first, second) in self._reported:
            return False
        self._reported.append((validator, first, second))
        return True
