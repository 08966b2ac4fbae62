"""Rules 1 to 3 with one clause removed, in the signer's `safety.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from msgspec.structs import replace

from daonode.consensus import safety, voting
from daonode.consensus.requests import CommitRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.safety import Decision, SafetyState
from daonode.consensus.types import QuorumCertificate, TimeoutCertificate
from daonode.signer import signing
from daonode.testing.mutants.mutant import Mutant, patched, replacing

_observe = safety.observe
_decide_vote = safety.decide_vote
_decide_timeout = safety.decide_timeout


def _always(*_: object) -> bool:
    return True


def _any_tc(round_: int, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> bool:
    return safety.is_right_after_qc(round_, qc) or safety.is_not_older_than_timeouts(qc, tc)


def _any_qc(round_: int, qc: QuorumCertificate, _tc: TimeoutCertificate | None) -> bool:
    return round_ > qc.round


def _any_qc_after_tc(round_: int, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> bool:
    return safety.is_right_after_qc(round_, qc) or safety.is_right_after_tc(round_, tc)


def _vote_without_memory(state: SafetyState, request: VoteRequest) -> Decision:
    decision = _decide_vote(state, request)
    return Decision(
        replace(decision.state, last_voted_round=state.last_voted_round),
        decision.statement,
        decision.stored,
        decision.qc,
    )


def _timeout_without_vote_memory(state: SafetyState, request: TimeoutRequest) -> Decision:
    decision = _decide_timeout(state, request)
    return Decision(
        replace(decision.state, last_voted_round=state.last_voted_round),
        decision.statement,
        decision.stored,
        decision.qc,
    )


def _unchanged(state: SafetyState, _round: int) -> SafetyState:
    return state


def _without_lock_on(kind: type[SignRequest]) -> Callable[[], AbstractContextManager[None]]:
    """Requests of one kind do not raise the lock."""

    def observe(state: SafetyState, request: SignRequest) -> SafetyState:
        seen = _observe(state, request)
        return replace(seen, locked_round=state.locked_round) if isinstance(request, kind) else seen

    @contextmanager
    def apply() -> Iterator[None]:
        with patched(safety, "observe", observe), patched(signing, "observe", observe):
            yield

    return apply


MUTANTS = (
    Mutant(
        "vote-any-time",
        "a block's time is within the drift bound of the clock of whoever votes for it",
        ("time-shifter",),
        replacing(voting, "is_timely", _always),
    ),
    Mutant(
        "propose-twice",
        "a proposal needs a round above the last one proposed in",
        ("faults",),
        replacing(safety, "is_newer_than_last_proposal", _always),
    ),
    Mutant(
        "vote-any-round",
        "rule 1: B.round > last_voted_round",
        ("reckless",),
        replacing(safety, "is_newer_than_last_vote", _always),
    ),
    Mutant(
        "vote-after-any-qc",
        "rule 1: B.round = qc.round + 1",
        ("stale-leader",),
        replacing(safety, "is_safe_to_extend", _any_qc),
    ),
    Mutant(
        "vote-after-any-tc",
        "rule 1: B.round = tc.round + 1",
        ("stale-leader",),
        replacing(safety, "is_safe_to_extend", _any_tc),
    ),
    Mutant(
        "vote-behind-tc",
        "rule 1: qc.round >= tc.max_high_qc_round",
        ("stale-leader",),
        replacing(safety, "is_safe_to_extend", _any_qc_after_tc),
    ),
    Mutant(
        "vote-forgotten",
        "rule 1: then last_voted_round = B.round",
        ("pestered", "equivocating-proposer"),
        replacing(safety, "decide_vote", _vote_without_memory),
    ),
    Mutant(
        "vote-without-lock",
        "rule 1: then locked_round = max(locked_round, qc.round)",
        ("reckless",),
        _without_lock_on(VoteRequest),
    ),
    Mutant(
        "timeout-below-lock",
        "rule 2: high_qc.round >= locked_round",
        ("pestered",),
        replacing(safety, "is_not_below_lock", _always),
    ),
    Mutant(
        "timeout-any-round",
        "rule 2: r = high_qc.round + 1 or r = tc.round + 1",
        ("pestered",),
        replacing(safety, "is_justified_timeout", _always),
    ),
    Mutant(
        "timeout-keeps-voting",
        "rule 2: then last_voted_round = r",
        ("unfair", "pestered"),
        replacing(safety, "decide_timeout", _timeout_without_vote_memory),
    ),
    Mutant(
        "timeout-forgotten",
        "rule 2: then highest_timeout_round = r",
        ("unfair", "pestered"),
        replacing(safety, "raise_highest_timeout_round", _unchanged),
    ),
    Mutant(
        "commit-without-lock",
        "rule 3: first locked_round = max(locked_round, B.round)",
        ("pestered",),
        _without_lock_on(CommitRequest),
    ),
    Mutant(
        "commit-after-timeout",
        "rule 3: B.round > highest_timeout_round",
        ("unfair", "pestered"),
        replacing(safety, "is_after_last_timeout", _always),
    ),
    Mutant(
        "timeout-before-vote",
        "rule 2: r >= last_voted_round",
        ("pestered",),
        replacing(safety, "is_not_before_last_vote", _always),
    ),
    Mutant(
        "timeout-certified-round",
        "rule 2: high_qc.round < r",
        ("pestered",),
        replacing(safety, "is_before_timeout", _always),
    ),
)
