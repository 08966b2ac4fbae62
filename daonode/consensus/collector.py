"""Votes, commit votes and timeouts of recent rounds, until they are enough for a certificate.

Weighted; each validator counts once a round, by its first statement (a second, different one is evidence and is seen by
`evidence.py`). Bounded: `ROUNDS_KEPT` rounds, at most one entry a validator in each.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from daonode.consensus.certificates import commit_certificate, quorum_certificate, timeout_certificate
from daonode.consensus.messages import CommitVoteMessage, TimeoutMessage, VoteMessage
from daonode.consensus.types import CommitCertificate, QuorumCertificate, TimeoutCertificate, ValidatorSet

ROUNDS_KEPT = 16
"""Rounds of which statements are kept; the lowest go first."""

MessageT = TypeVar("MessageT", VoteMessage, CommitVoteMessage, TimeoutMessage)


class Ballots(Generic[MessageT]):
    """The first message of each validator in each of the newest rounds."""

    def __init__(self) -> None:
        self._rounds: dict[int, dict[int, MessageT]] = {}

    def add(self, message: MessageT) -> bool:
        """Keep the message. False when its voter has spoken in this round, or the round is too old to be kept."""
        ballots = self._rounds.get(message.round)
        if ballots is None:
            if len(self._rounds) >= ROUNDS_KEPT:
                lowest = min(self._rounds)
                if message.round < lowest:
                    return False
                del self._rounds[lowest]
            ballots = self._rounds[message.round] = {}
        if message.voter in ballots:
            return False
        ballots[message.voter] = message
        return True

    def of_round(self, round_: int) -> tuple[MessageT, ...]:
        """The messages of a round, in the order of their arrival."""
        return tuple(self._rounds.get(round_, {}).values())

    def forget_up_to(self, round_: int) -> None:
        """Drop the rounds that cannot matter any more."""
        for old in [kept for kept in self._rounds if kept <= round_]:
            del self._rounds[old]


class Collector:
    """Collects verified messages and returns each certificate once, with the message that completes it."""

    def __init__(self, validators: ValidatorSet) -> None:
        self._validators = validators
        self._powers = tuple(validator.power for validator in validators.validators)
        self._votes: Ballots[VoteMessage] = Ballots()
        self._commit_votes: Ballots[CommitVoteMessage] = Ballots()
        self._timeouts: Ballots[TimeoutMessage] = Ballots()

    def add_vote(self, message: VoteMessage) -> QuorumCertificate | None:
        """Count a vote; the QC when it completes a quorum for its block."""
        if not self._votes.add(message):
            return None
        alike = [
            (vote.voter, vote.signature)
            for vote in self._votes.of_round(message.round)
            if vote.block_id == message.block_id and vote.qc_round == message.qc_round
        ]
        if not self._completes_quorum(message.voter, [voter for voter, _ in alike]):
            return None
        return quorum_certificate(
            alike, epoch=message.epoch, round_=message.round, block_id=message.block_id, qc_round=message.qc_round
        )

    def add_commit_vote(self, message: CommitVoteMessage) -> CommitCertificate | None:
        """Count a commit vote; the certificate when it completes a quorum for its block."""
        if not self._commit_votes.add(message):
            return None
        alike = [
            (vote.voter, vote.signature)
            for vote in self._commit_votes.of_round(message.round)
            if vote.block_id == message.block_id
        ]
        if not self._completes_quorum(message.voter, [voter for voter, _ in alike]):
            return None
        return commit_certificate(alike, epoch=message.epoch, round_=message.round, block_id=message.block_id)

    def add_timeout(self, message: TimeoutMessage) -> TimeoutCertificate | None:
        """Count a timeout; the TC when it completes a quorum for its round."""
        if not self._timeouts.add(message):
            return None
        timeouts = self._timeouts.of_round(message.round)
        if not self._completes_quorum(message.voter, [timeout.voter for timeout in timeouts]):
            return None
        return timeout_certificate(
            [(timeout.voter, timeout.high_qc, timeout.signature) for timeout in timeouts],
            epoch=message.epoch,
            round_=message.round,
        )

    def timeout_power(self, round_: int) -> int:
        """The power of those who have given up on a round."""
        return sum(self._powers[timeout.voter] for timeout in self._timeouts.of_round(round_))

    def forget_committed(self, round_: int) -> None:
        """Drop what concerns committed rounds."""
        self._votes.forget_up_to(round_)
        self._commit_votes.forget_up_to(round_)
        self._timeouts.forget_up_to(round_)

    def _completes_quorum(self, last: int, voters: list[int]) -> bool:
        power = sum(self._powers[voter] for voter in voters)
        before = power - self._powers[last]
        return self._validators.is_quorum(power) and not self._validators.is_quorum(before)
