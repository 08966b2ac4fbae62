"""Following what is new: everything once, in order, whoever reads when."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
import trio
import trio.testing

from daonode.gateway import live as live_module
from daonode.gateway.live import (
    ADDED_BLOCKS,
    CAST_VOTES,
    END_INDEX,
    STATUS_CHANGES,
    WATCH_S,
    Interest,
    Live,
)
from daonode.primitives.positions import Position
from daonode.stores.access import Head
from daonode.stores.errors import StoreUnavailable
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import Row
from daonode.stores.tables import BLOCKS, MOVES
from tests.unit.gateway.graphql.population import HEIGHT, block, changes, founded_store, move, proposal_id, vote_block

PATIENCE_S = 20.0
NOW = Position(HEIGHT, END_INDEX)


@asynccontextmanager
async def watching(store: MemoryStore) -> AsyncIterator[Live]:
    live = Live(store)
    async with trio.open_nursery() as nursery:
        await nursery.start(live.run)
        yield live
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that the watcher brings about."""
    with trio.fail_after(PATIENCE_S):
        while not condition():
            await trio.sleep(WATCH_S / 10)


async def take(live: Live, interest: Interest, after: Position, count: int) -> list[Row]:
    """The next rows, and no more than come with them."""
    rows: list[Row] = []
    with trio.fail_after(PATIENCE_S):
        async with aclosing(live.follow(interest, after)) as found:
            async for some in found:
                rows += some
                if len(rows) >= count:
                    break
    return rows


def positions(interest: Interest, rows: Sequence[Row]) -> list[str]:
    return [str(interest.log.position(row)) for row in rows]


async def test_history_and_what_comes_have_no_seam() -> None:
    store = founded_store()
    interest = Interest(CAST_VOTES)
    async with watching(store) as live:
        for height in range(HEIGHT + 1, HEIGHT + 4):
            store.apply(vote_block(height, [0, 1]))
        everything = await take(live, interest, Position(0, 0), 11)
        expected = ["2:0", "2:3", "3:1", "3:4", "4:2", "11:0", "11:1", "12:0", "12:1", "13:0", "13:1"]
        assert positions(interest, everything) == expected
        for place, position in enumerate(everything[:-1]):
            rest = await take(live, interest, interest.log.position(position), len(everything) - place - 1)
            assert positions(interest, rest) == expected[place + 1 :]


async def test_what_comes_while_somebody_follows_is_told_once() -> None:
    store = founded_store()
    interest = Interest(ADDED_BLOCKS)
    seen: list[str] = []

    async def follow(live: Live) -> None:
        async with aclosing(live.follow(interest, NOW)) as found:
            async for rows in found:
                seen.extend(positions(interest, rows))

    async with watching(store) as live, trio.open_nursery() as nursery:
        nursery.start_soon(follow, live)
        await trio.testing.wait_all_tasks_blocked()
        for height in range(HEIGHT + 1, HEIGHT + 6):
            store.apply(vote_block(height, []))
            await until(lambda told=height - HEIGHT: len(seen) >= told)
        nursery.cancel_scope.cancel()
    assert seen == [f"{height}:0" for height in range(HEIGHT + 1, HEIGHT + 6)]


async def test_interests_are_filtered_alike_in_memory_and_in_the_store() -> None:
    store = founded_store()
    async with watching(store) as live:
        store.apply(changes(11, [(BLOCKS, block(11)), (MOVES, move(2, "deciding", "rejected", height=11, position=0))]))
        for where, expected in (
            ({}, ["1:0", "5:2", "6:0", "11:0"]),
            ({"proposal": proposal_id(2)}, ["6:0", "11:0"]),
            ({"after": "rejected"}, ["11:0"]),
        ):
            interest = Interest(STATUS_CHANGES, where)
            assert positions(interest, await take(live, interest, Position(0, 0), len(expected))) == expected
            assert positions(interest, await take(live, interest, Position(10, END_INDEX), 1)) == ["11:0"]


async def test_more_than_is_kept_in_memory_comes_out_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MAX_RECENT_ROWS", 6)
    monkeypatch.setattr(live_module, "MAX_ROWS_A_READ", 2)
    store = founded_store()
    interest = Interest(CAST_VOTES)
    async with watching(store) as live:
        after = NOW
        expected = []
        for height in range(HEIGHT + 1, HEIGHT + 8):
            voters = list(range(height % 5))
            store.apply(vote_block(height, voters))
            expected += [f"{height}:{voter}" for voter in voters]
            if height % 3 == 0:
                await take(live, Interest(ADDED_BLOCKS), Position(height - 1, END_INDEX), 1)
        assert positions(interest, await take(live, interest, after, len(expected))) == expected


async def test_a_store_that_is_away_for_a_while_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Flaky(MemoryStore):
        is_away = False
        failures = 0

        def head(self) -> Head | None:
            if self.is_away:
                self.failures += 1
                raise StoreUnavailable("cannot be used", store="here")
            return super().head()

    store = Flaky()
    store.apply(vote_block(1, []))
    interest = Interest(ADDED_BLOCKS)
    async with watching(store) as live:
        after = Position(1, END_INDEX)
        store.is_away = True
        await until(lambda: store.failures >= 3)
        store.is_away = False
        store.apply(vote_block(2, []))
        assert positions(interest, await take(live, interest, after, 1)) == ["2:0"]
    assert capsys.readouterr().out.count("the index cannot be read") == 1
