"""Timers on a clock that can be set forward and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from daonode.node.clock import Clock
from daonode.node.timers import Timers

START_MS = 1_000_000


class SetClock(Clock):
    """A clock that goes with trio's and is set by a test."""

    def __init__(self) -> None:
        super().__init__(None)
        self.shift_ms = START_MS - int(trio.current_time() * 1_000)

    def now_ms(self) -> int:
        return int(trio.current_time() * 1_000) + self.shift_ms


@asynccontextmanager
async def running(clock: Clock) -> AsyncIterator[tuple[Timers, list[str]]]:
    fired: list[str] = []
    timers = Timers(clock, fired.append)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(timers.run)
        yield timers, fired
        nursery.cancel_scope.cancel()


async def test_timers_fire_at_their_time_and_once(autojump_clock: trio.testing.MockClock) -> None:
    clock = SetClock()
    async with running(clock) as (timers, fired):
        timers.set("late", START_MS + 2_000)
        timers.set("early", START_MS + 1_000)
        await trio.sleep(0.9)
        assert fired == []
        await trio.sleep(0.2)
        assert fired == ["early"]
        await trio.sleep(10)
        assert fired == ["early", "late"]


async def test_setting_again_replaces_and_cancelling_forgets(autojump_clock: trio.testing.MockClock) -> None:
    clock = SetClock()
    async with running(clock) as (timers, fired):
        timers.set("moved", START_MS + 1_000)
        timers.set("moved", START_MS + 3_000)
        timers.set("cancelled", START_MS + 1_000)
        timers.cancel("cancelled")
        timers.cancel("unknown")
        await trio.sleep(2)
        assert fired == []
        await trio.sleep(2)
        assert fired == ["moved"]


async def test_a_time_that_has_passed_fires_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with running(SetClock()) as (timers, fired):
        timers.set("past", START_MS - 5_000)
        await trio.testing.wait_all_tasks_blocked()
        assert fired == ["past"]


async def test_a_clock_that_is_set_back_holds_up_no_timeout(autojump_clock: trio.testing.MockClock) -> None:
    clock = SetClock()
    async with running(clock) as (timers, fired):
        timers.set("timeout", START_MS + 1_000)
        clock.shift_ms -= 3_600_000
        await trio.sleep(1.5)
        assert fired == ["timeout"]
        await trio.sleep(3_600)
        assert fired == ["timeout", "timeout"], "it fires again at its time of day"


async def test_a_shared_offset_moves_timers(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    clock = Clock(offset)
    async with running(clock) as (timers, fired):
        timers.set("next week", clock.now_ms() + 7 * 86_400_000)
        await trio.sleep(1)
        assert fired == []
        offset.write_text(str(7 * 86_400_000 + 1_000))
        await trio.sleep(1)
        assert fired == ["next week"]


@pytest.mark.parametrize("content", ["", "12x", None])
def test_an_offset_file_that_is_missing_or_half_written_leaves_the_clock(tmp_path: Path, content: str | None) -> None:
    offset = tmp_path / "offset"
    if content is not None:
        offset.write_text(content)
    clock = Clock(offset)
    before_ms = clock.now_ms()
    offset.write_text("86400000")
    assert clock.now_ms() - before_ms >= 86_400_000
