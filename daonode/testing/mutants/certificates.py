"""Rules 4 and 5 and the counting of votes, with one condition removed, in the core and in the verifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from daonode.consensus import committing, verification
from daonode.consensus.collector import Ballots, Collector
from daonode.consensus.messages import CommitVoteMessage, TimeoutMessage, VoteMessage
from daonode.consensus.statements import Statement
from daonode.consensus.tree import Node
from daonode.consensus.types import QuorumCertificate, TimeoutCertificate, ValidatorSet
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import Signature
from daonode.testing.mutants.mutant import Mutant, patched, replacing

_check_tc = Verifier.check_tc
_check_quorum = Verifier._check_quorum


def _always(*_: object) -> bool:
    return True


def _two_thirds(self: ValidatorSet, power: int) -> bool:
    return 3 * power >= 2 * self.total_power


def _any_child(*, parent: Node, child: Node) -> bool:
    return child.certificate is not None and child.header.round > parent.header.round


def _no_pairs(_signers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return ()


def _take_qc_as_valid(_qc: QuorumCertificate) -> None:
    """The check of a QC that finds nothing."""


def _check_tc_alone(self: Verifier, tc: TimeoutCertificate) -> None:
    with patched(self, "check_qc", _take_qc_as_valid):
        _check_tc(self, tc)


def _check_signatures_alone(
    self: Verifier, signers: Sequence[int], statements: Sequence[Statement], signatures: Sequence[Signature]
) -> None:
    with patched(ValidatorSet, "is_quorum", _always):
        _check_quorum(self, signers, statements, signatures)


def _few(self: Collector, last: int, voters: list[int]) -> bool:
    """One more than the faulty are enough."""
    power = sum(self._powers[voter] for voter in voters)  # stands in for a method of the class
    members = self._validators  # stands in for a method of the class
    return members.exceeds_faulty(power) and not members.exceeds_faulty(power - self._powers[last])


def _counting_few(name: str) -> Callable[[], AbstractContextManager[None]]:
    """One kind of certificate is made of more than f statements instead of a quorum."""
    method = getattr(Collector, name)

    def add(self: Collector, message: object) -> object:
        with patched(Collector, "_completes_quorum", _few):
            return method(self, message)

    return replacing(Collector, name, add)


@contextmanager
def _counting_twice() -> Iterator[None]:
    """A repeated vote counts again: the ballots of a round are a list, not one a validator."""
    ballots: dict[tuple[object, int], list[VoteMessage | CommitVoteMessage | TimeoutMessage]] = {}

    def add(self: object, message: VoteMessage | CommitVoteMessage | TimeoutMessage) -> bool:
        ballots.setdefault((self, message.round), []).append(message)
        return True

    def of_round(self: object, round_: int) -> tuple[VoteMessage | CommitVoteMessage | TimeoutMessage, ...]:
        return tuple(ballots.get((self, round_), []))

    with patched(Ballots, "add", add), patched(Ballots, "of_round", of_round):
        yield


MUTANTS = (
    Mutant(
        "quorum-of-two-thirds",
        "a quorum is strictly more than two thirds",
        ("six",),
        replacing(ValidatorSet, "is_quorum", _two_thirds),
    ),
    Mutant("count-twice", "each validator counts once", ("unfair", "faults"), _counting_twice),
    Mutant("qc-of-few", "a QC is a quorum of votes", ("faults",), _counting_few("add_vote")),
    Mutant("tc-of-few", "rule 4: a quorum of timeouts", ("faults",), _counting_few("add_timeout")),
    Mutant("commit-of-few", "rule 5: a quorum of commit votes", ("faults",), _counting_few("add_commit_vote")),
    Mutant(
        "accept-few",
        "a certificate that is received has a quorum",
        ("forger",),
        replacing(Verifier, "_check_quorum", _check_signatures_alone),
    ),
    Mutant(
        "accept-twice",
        "a certificate that is received has each signer once",
        ("forger",),
        replacing(verification, "pairwise", _no_pairs),
    ),
    Mutant(
        "accept-old-qc-in-tc",
        "rule 4: the QC of a TC is of exactly the round max h_i",
        ("forger",),
        replacing(verification, "is_highest_stated_qc", _always),
    ),
    Mutant(
        "accept-forged-qc-in-tc",
        "rule 4: the QC of a TC is a full one",
        ("forger",),
        replacing(Verifier, "check_tc", _check_tc_alone),
    ),
    Mutant(
        "commit-any-child",
        "rule 5: consecutive rounds, where a node commits",
        ("faults", "unfair"),
        replacing(committing, "is_two_chain", _any_child),
    ),
    Mutant(
        "accept-any-child",
        "rule 5: consecutive rounds, in a proof that is received",
        ("forging-server",),
        replacing(verification, "is_consecutive", _always),
    ),
)
