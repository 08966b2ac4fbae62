"""A gateway that is killed while it tells: whoever resumes at the next one loses and repeats nothing."""

from pathlib import Path
from typing import Final

import trio
from trio_websocket import ConnectionClosed

from daonode.stores.access import Writer
from daonode.stores.sqlite import open_writer
from tests.integration.gateway.graphql.served import connected
from tests.integration.gateway.graphql.test_socket import VOTES_QUERY
from tests.integration.gateway.process import GatewayProcess, gateway, make_home
from tests.unit.gateway.graphql.population import HEIGHT, vote_block

VOTERS: Final = range(4)
KILLS: Final = 3
BLOCKS_BETWEEN: Final = 12
PATIENCE_S: Final = 60.0


class Follower:
    """Follows votes over as many connections as it takes, and remembers every position that it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.since = f"{HEIGHT}:0"

    async def follow(self, running: GatewayProcess) -> None:
        """Take what one gateway tells, until it is no more."""
        try:
            async with connected(running) as client:
                await client.subscribe("v", VOTES_QUERY, since=self.since)
                while True:
                    told = (await client.next("v"))["voteCast"]
                    assert isinstance(told, dict)
                    self.since = str(told["position"])
                    self.told.append(self.since)
        except* ConnectionClosed:
            pass


async def test_resuming_at_the_next_gateway_loses_and_repeats_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    writer = open_writer(home / "data" / "index.sqlite")
    follower = Follower()
    height = HEIGHT
    try:
        for _ in range(KILLS):
            with gateway(home) as running:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(follower.follow, running)
                    height = await _write_until_told(writer, follower, height)
                    running.process.kill()
        with gateway(home) as running, trio.move_on_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(follower.follow, running)
                while len(follower.told) < (height - HEIGHT) * len(VOTERS):
                    await trio.sleep(0.01)
                nursery.cancel_scope.cancel()
    finally:
        writer.close()
    assert follower.told == [f"{each}:{voter}" for each in range(HEIGHT + 1, height + 1) for voter in VOTERS]


async def _write_until_told(writer: Writer, follower: Follower, height: int) -> int:
    """Write blocks as fast as can be while the follower is told of some; returns the height of the last."""
    before = len(follower.told)
    with trio.fail_after(PATIENCE_S):
        written = 0
        while written < BLOCKS_BETWEEN or len(follower.told) == before:
            height += 1
            written += 1
            writer.apply(vote_block(height, VOTERS))
            await trio.sleep(0.005)
    return height
