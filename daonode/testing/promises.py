"""What each validator has promised: its safety state never falls (I3), and no two of its statements convict it (I6)."""

from __future__ import annotations

from daonode.consensus.safety import SafetyState
from daonode.testing.broken import DURABLE, MONOTONE, NOT_SLASHABLE, InvariantBroken
from daonode.testing.electorate import Said

ROUNDS = (
    "last_voted_round",
    "locked_round",
    "highest_timeout_round",
    "last_proposed_round",
)
"""The fields of a safety state that are numbers and never fall within an epoch."""


class Promises:
    """One validator's signed statements, and the last safety state that its signer has persisted."""

    def __init__(self, validator: int, safety: SafetyState) -> None:
        self._validator = validator
        self._safety = safety
        self._said: dict[int, dict[Said, None]] = {}
        """By epoch; no statement of one convicts its author together with one of another."""

    def add(self, said: Said) -> bool:
        """Take a statement that the validator has signed; whether it is new.

        Raises:
            InvariantBroken: with one that it has signed before, it proves that the validator broke the rules.
        """
        said_before = self._said.setdefault(said.epoch, {})
        if said in said_before:
            return False
        for other in said_before:
            if is_damning(said, other) or is_damning(other, said):
                raise InvariantBroken(NOT_SLASHABLE, f"validator {self._validator} has signed {other} and {said}")
        said_before[said] = None
        return True

    def persist(self, safety: SafetyState) -> None:
        """Take the state that the signer has made durable."""
        if safety.epoch < self._safety.epoch:
            raise InvariantBroken(
                MONOTONE, f"validator {self._validator}: epoch falls from {self._safety.epoch} to {safety.epoch}"
            )
        if safety.epoch > self._safety.epoch:
            self._safety = safety
            return
        self._require_opening(safety)
        before = self._numbers(self._safety)
        after = self._numbers(safety)
        for name, value in after.items():
            if value < before[name]:
                raise InvariantBroken(
                    MONOTONE, f"validator {self._validator}: {name} falls from {before[name]} to {value}"
                )
        self._safety = safety

    @property
    def epoch(self) -> int:
        """The epoch of the state that was persisted last."""
        return self._safety.epoch

    def restart(self, safety: SafetyState) -> None:
        """The validator starts again with this state."""
        if safety != self._safety:
            raise InvariantBroken(MONOTONE, f"validator {self._validator} starts with another state than it persisted")

    def _require_opening(self, safety: SafetyState) -> None:
        """What opened a round that was given up is as durable: after a crash of all, somebody must be able to go on."""
        newest = max(safety.high_qc.round, -1 if safety.highest_tc is None else safety.highest_tc.round)
        if safety.last_timeout is not None and safety.last_timeout.statement.round > newest + 1:
            given_up = safety.last_timeout.statement.round
            text = f"validator {self._validator} gives up round {given_up}, and its state knows what opens {newest + 1}"
            raise InvariantBroken(DURABLE, text)

    def _numbers(self, safety: SafetyState) -> dict[str, int]:
        numbers: dict[str, int] = {name: getattr(safety, name) for name in ROUNDS}
        numbers["high_qc"] = safety.high_qc.round
        numbers["highest_tc"] = -1 if safety.highest_tc is None else safety.highest_tc.round
        for name, last in (
            ("last_vote", safety.last_vote),
            ("last_timeout", safety.last_timeout),
            ("last_commit_vote", safety.last_commit_vote),
            ("last_proposal", safety.last_proposal),
        ):
            numbers[name] = -1 if last is None else last.statement.round
        return numbers


def is_damning(said: Said, other: Said) -> bool:
    """Whether no honest validator signs both in an epoch: twice in a round, or a timeout that denies a promise."""
    if said.kind == other.kind:
        return said.kind != "timeout" and said.round == other.round and said != other
    if other.kind != "timeout" or other.round < said.round:
        return False
    assert other.qc_round is not None, "a timeout names a QC's round"
    if said.kind == "commit":
        return other.qc_round < said.round
    return said.kind == "vote" and said.qc_round is not None and other.qc_round < said.qc_round
