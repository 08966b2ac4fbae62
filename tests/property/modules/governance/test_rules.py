"""Thresholds against fractions, and crossings against trying every moment."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daonode.modules.governance.rules import is_passing, meets_threshold, outlook, passing_since
from daonode.modules.governance.types import Curve, Tally
from daonode.primitives.units import Bps, DurationMs, TimeMs
from tests.unit.modules.governance.test_rules import proposal

shares = st.integers(min_value=0, max_value=10_000)
powers = st.integers(min_value=0, max_value=2**64 - 1)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    start, end = sorted((draw(shares), draw(shares)), reverse=True)
    return Curve(kind="linear", start=Bps(start), end=Bps(end))


@given(part=powers, whole=powers, curve=curves(), elapsed_ms=st.integers(0, 10**12), period_ms=st.integers(1, 10**11))
def test_a_threshold_is_met_as_exact_fractions_say(
    part: int, whole: int, curve: Curve, elapsed_ms: int, period_ms: int
) -> None:
    progress = Fraction(min(elapsed_ms, period_ms), period_ms)
    wanted = Fraction(curve.start, 10_000) - Fraction(curve.start - curve.end, 10_000) * progress
    expected = whole > 0 and Fraction(part, whole or 1) >= wanted
    assert meets_threshold(part, whole, curve=curve, elapsed_ms=elapsed_ms, period_ms=period_ms) is expected


@given(
    tally=st.builds(Tally, yes=st.integers(0, 60), no=st.integers(0, 40), abstain=st.integers(0, 20)),
    approval=curves(),
    support=curves(),
    quorum=shares,
)
def test_a_crossing_is_the_first_moment_that_passes(tally: Tally, approval: Curve, support: Curve, quorum: int) -> None:
    period_ms = 50
    subject = replace(
        proposal(power=120, approval=approval, support=support, quorum=Bps(quorum), decision=DurationMs(period_ms)),
        decision_ends=TimeMs(1_000 + period_ms),
    )
    passing = [at for at in range(period_ms + 1) if is_passing(subject, tally, elapsed_ms=at)]
    assert passing == list(range(passing[0], period_ms + 1)) if passing else True
    since = passing_since(subject, tally, now_ms=1_000 + period_ms)
    assert since == (1_000 + passing[0] if passing else None)


@given(yes=st.integers(0, 60), no=st.integers(0, 60), since=st.none() | st.integers(1_000, 101_000), support=curves())
def test_a_decision_never_lasts_longer_than_its_period_and_confirmation(
    yes: int, no: int, since: int | None, support: Curve
) -> None:
    subject = proposal(power=120, support=support)
    passing = is_passing(subject, Tally(yes=yes, no=no), elapsed_ms=100_000)
    tally = Tally(yes=yes, no=no, passing_since=None if since is None or not passing else TimeMs(since))
    latest_ms = 101_000 + subject.track.confirm
    assert not outlook(subject, tally, now_ms=latest_ms).is_open
    assert outlook(subject, tally, now_ms=100_999).is_open
