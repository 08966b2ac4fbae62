"""When a clock is called wrong: not for one old block, and not again and again."""

from __future__ import annotations

import pytest

from daonode.node.clock_watch import CONFIRM_BLOCKS, CONFIRM_SECONDS, WARN_INTERVAL_SECONDS, ClockWatch

DRIFT_MS = 10_000
HOUR_MS = 3_600_000


class Watched:
    """A watch and the time that it sees."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watch = ClockWatch(max_drift_ms=DRIFT_MS, now=lambda: self.now)

    def blocks(self, ahead_ms: int, *, count: int, seconds: float) -> int:
        """Commit so many blocks over a time; returns how often that gave a warning."""
        warnings = 0
        for _ in range(count):
            warnings += self.watch.note(ahead_ms)
            self.now += seconds / count
        return warnings


@pytest.mark.parametrize("ahead_ms", [HOUR_MS, -HOUR_MS, DRIFT_MS])
def test_a_clock_that_is_far_from_every_block_is_told_once_an_interval(ahead_ms: int) -> None:
    watched = Watched()
    assert watched.blocks(ahead_ms, count=600, seconds=WARN_INTERVAL_SECONDS) == 1
    assert watched.blocks(ahead_ms, count=600, seconds=WARN_INTERVAL_SECONDS) == 1


def test_a_clock_that_is_set_to_the_other_side_is_told_again() -> None:
    watched = Watched()
    for ahead_ms in (HOUR_MS, -HOUR_MS):
        assert watched.blocks(ahead_ms, count=10, seconds=2 * CONFIRM_SECONDS) == 1


@pytest.mark.parametrize("ahead_ms", [0, DRIFT_MS // 2, -DRIFT_MS // 2])
def test_a_clock_near_the_blocks_is_right(ahead_ms: int) -> None:
    assert Watched().blocks(ahead_ms, count=1_000, seconds=1_000) == 0


def test_old_blocks_that_come_all_at_once_say_nothing_of_the_clock() -> None:
    watched = Watched()
    assert watched.blocks(HOUR_MS, count=1_000, seconds=CONFIRM_SECONDS / 2) == 0
    assert watched.blocks(10, count=1, seconds=CONFIRM_SECONDS) == 0
    assert watched.blocks(HOUR_MS, count=1_000, seconds=CONFIRM_SECONDS / 2) == 0


def test_few_blocks_say_nothing_of_the_clock() -> None:
    assert Watched().blocks(HOUR_MS, count=CONFIRM_BLOCKS - 1, seconds=1_000) == 0


def test_blocks_on_both_sides_of_the_clock_say_nothing_of_it() -> None:
    watched = Watched()
    assert sum(watched.blocks(side * HOUR_MS, count=1, seconds=CONFIRM_SECONDS) for side in (1, -1) * 10) == 0
