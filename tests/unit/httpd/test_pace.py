"""How much may be used at once, and how much a second after that."""

from __future__ import annotations

import pytest

from daonode.httpd.pace import Pace


class Watch:
    """A clock, and a pace of ten a second that is measured by it; two seconds' worth is free."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pace = Pace(rate=10.0, burst_seconds=2.0, now=lambda: self.now)


def test_a_burst_is_free_and_what_follows_waits_for_its_turn() -> None:
    watch = Watch()
    assert [watch.pace.use(10) for _ in range(4)] == pytest.approx([0, 0, 1, 2])


def test_what_is_used_is_paid_off_with_time_and_no_more_than_a_burst_is_saved() -> None:
    watch = Watch()
    watch.pace.use(30)
    watch.now += 0.4
    assert watch.pace.seconds_left() == pytest.approx(0.6)
    watch.now += 1_000
    assert watch.pace.use(20) == 0
    assert watch.pace.use(1) == pytest.approx(0.1)


def test_over_a_long_time_no_more_than_the_rate_and_one_burst_gets_through() -> None:
    watch = Watch()
    used = 0
    while watch.now < 200.0:
        watch.now += watch.pace.use(1)
        used += 1
    assert used == pytest.approx(10 * (100 + 2), abs=2)
