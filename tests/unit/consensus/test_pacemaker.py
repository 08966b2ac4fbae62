"""Rounds and their durations."""

from __future__ import annotations

from daonode.consensus.pacemaker import round_after, timeout_ms
from tests.unit.consensus.chains import Maker


def test_the_round_follows_the_newest_certificate() -> None:
    maker = Maker()
    qc = maker.qc(maker.block(round_=1))
    assert round_after(maker.genesis_qc, None) == 1
    assert round_after(qc, None) == 2
    assert round_after(qc, maker.tc(4, qc, qc, qc)) == 5


def test_timeouts_grow_by_a_fifth_up_to_the_cap() -> None:
    durations = [timeout_ms(base_ms=1_000, cap_ms=60_000, rounds_without_commit=rounds) for rounds in range(5)]
    assert durations == [1_000, 1_200, 1_440, 1_728, 2_073]
    assert timeout_ms(base_ms=1_000, cap_ms=60_000, rounds_without_commit=10**9) == 60_000


def test_a_tiny_timeout_grows_too() -> None:
    assert timeout_ms(base_ms=1, cap_ms=10, rounds_without_commit=3) == 4
