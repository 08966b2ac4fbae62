"""Thresholds to the unit: quorum rounds up, ties fail, curves fall, and a crossing is found to the millisecond."""

import pytest
from msgspec.structs import replace

from daonode.modules.governance.rules import is_passing, meets_threshold, passing_since, quorum_power, status_at
from daonode.modules.governance.types import Curve, Proposal, ProposalId, ProposalNumber, Tally
from daonode.primitives.ids import Address, Hash
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs
from tests.unit.modules.governance.dao import TOKENS

LINEAR = Curve(kind="linear", start=Bps(10_000), end=Bps(0))


def proposal(*, power: int = 1_000, **rules: object) -> Proposal:
    return Proposal(
        id=ProposalId(bytes(32)),
        number=ProposalNumber(1),
        proposer=Address(bytes(32)),
        track=replace(TOKENS, **rules),
        kind="standard",
        title="",
        text_hash=Hash(bytes(32)),
        enactment=DurationMs(0),
        snapshot_height=1,
        electorate_power=power,
        phase="deciding",
        deposit=Amount(0),
        submitted_at=TimeMs(0),
        decision_starts=TimeMs(1_000),
        decision_ends=TimeMs(101_000),
    )


def passes(subject: Proposal, *, yes: int = 0, no: int = 0, abstain: int = 0, elapsed_ms: int = 0) -> bool:
    return is_passing(subject, Tally(yes=yes, no=no, abstain=abstain), elapsed_ms=elapsed_ms)


def test_quorum_rounds_up() -> None:
    subject = proposal(power=1_001)
    assert quorum_power(subject.track, 1_001) == 201
    assert not passes(subject, yes=200)
    assert passes(subject, yes=201)


def test_an_electorate_without_power_decides_nothing() -> None:
    assert not passes(proposal(power=0, quorum=Bps(0)))
    assert not meets_threshold(0, 0, curve=Curve(kind="constant", start=Bps(0), end=Bps(0)), elapsed_ms=0, period_ms=1)


def test_a_tie_fails_and_one_more_passes() -> None:
    assert not passes(proposal(), yes=300, no=300)
    assert passes(proposal(), yes=301, no=300)


def test_a_threshold_of_two_thirds_is_exact() -> None:
    subject = proposal(power=30_000, quorum=Bps(0), approval=Curve(kind="constant", start=Bps(6_667), end=Bps(6_667)))
    assert not passes(subject, yes=6_666, no=3_334)
    assert passes(subject, yes=6_667, no=3_333)


def test_unanimity_can_be_asked_for() -> None:
    subject = proposal(approval=Curve(kind="constant", start=Bps(10_000), end=Bps(10_000)))
    assert passes(subject, yes=500)
    assert not passes(subject, yes=500, no=1)


@pytest.mark.parametrize(("elapsed_ms", "expected"), [(0, False), (69_999, False), (70_000, True), (200_000, True)])
def test_a_linear_support_threshold_is_crossed_when_it_has_fallen_far_enough(elapsed_ms: int, expected: bool) -> None:
    assert passes(proposal(support=LINEAR), yes=300, elapsed_ms=elapsed_ms) is expected


def test_the_moment_of_crossing_is_found_without_a_ballot_at_it() -> None:
    subject = proposal(support=LINEAR)
    assert passing_since(subject, Tally(yes=300), now_ms=70_999) is None
    assert passing_since(subject, Tally(yes=300), now_ms=71_000) == 71_000
    assert passing_since(subject, Tally(yes=300), now_ms=99_999) == 71_000


def test_a_crossing_late_in_the_decision_is_confirmed_after_it() -> None:
    subject = proposal(support=LINEAR)
    late = Tally(yes=201)
    assert status_at(subject, late, now_ms=100_000) == "confirming"
    assert status_at(subject, late, now_ms=101_000) == "succeeded"
    later = proposal(support=LINEAR, quorum=Bps(0))
    assert status_at(later, Tally(yes=100), now_ms=101_000) == "confirming"
    assert status_at(later, Tally(yes=100), now_ms=110_999) == "confirming"
    assert status_at(later, Tally(yes=100), now_ms=111_000) == "succeeded"
