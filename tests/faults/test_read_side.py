"""Kill -9 of a node, the indexer and the gateway in turn under load: nothing is lost or told twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from daonode.stores.sqlite import open_reader
from daonode.stores.tables import BLOCKS, EVENTS, TRANSACTIONS
from tests.faults.load import Load, load_on
from tests.faults.network import Network, running_network, wait_until
from tests.integration.gateway.graphql.served import connected
from tests.integration.gateway.graphql.test_socket import BLOCKS_QUERY
from tests.integration.gateway.process import GatewayProcess, gateway
from tests.integration.indexer.processes import IndexerProcess, running

MORE: Final = 10
"""Commits that clients are told between two faults."""
TOLD_SECONDS: Final = 60.0
MAX_ROWS: Final = 100_000


class Watcher:
    """Follows blocks through whichever gateway runs, in a thread of its own, and keeps every height that it is told."""

    def __init__(self) -> None:
        self.heights: list[int] = []
        self.gateway: GatewayProcess | None = None
        self._since = "0:0"
        self._stopping = Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        trio.run(self._run)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            if self.gateway is not None:
                try:
                    await self._follow(self.gateway)
                except* (ConnectionClosed, HandshakeError, OSError):
                    pass
            await trio.sleep(0.02)

    async def _follow(self, running_gateway: GatewayProcess) -> None:
        async with connected(running_gateway) as client:
            await client.subscribe("b", BLOCKS_QUERY, since=self._since)
            while not self._stopping.is_set():
                told = (await client.next("b"))["blockAdded"]
                assert isinstance(told, dict)
                self._since = told["position"]
                self.heights.append(told["block"]["height"])


@contextmanager
def watching() -> Iterator[Watcher]:
    watcher = Watcher()
    thread = Thread(target=watcher.run)
    thread.start()
    try:
        yield watcher
    finally:
        watcher.stop()
        thread.join(TOLD_SECONDS)
    assert not thread.is_alive()


def wait_for_more(load: Load) -> None:
    goal = len(load.reported) + MORE
    wait_until(lambda: len(load.reported) >= goal, within_seconds=TOLD_SECONDS, what=f"{goal} commits are reported")


def wait_until_told(watcher: Watcher, height: int) -> None:
    wait_until(
        lambda: bool(watcher.heights) and watcher.heights[-1] >= height,
        within_seconds=TOLD_SECONDS,
        what=f"block {height} is told",
    )


@pytest.mark.timeout(240)
def test_kill_9_of_node_indexer_and_gateway_in_turn_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        network = stack.enter_context(running_network(tmp_path / "network"))
        home = network.nodes[0].node.home.path
        store = tmp_path / "index.sqlite"
        indexer = stack.enter_context(running(IndexerProcess(home, store, network.urls)))
        watcher = stack.enter_context(watching())
        with load_on(network.urls, network.nodes[0].node.home.keys_directory) as load:
            options = ("--store", str(store))
            with gateway(home, *options, name="first", rpc=network.urls[1]) as first:
                watcher.gateway = first
                wait_for_more(load)
                network.nodes[0].kill()
                wait_for_more(load)
                network.nodes[0].start()
                indexer.kill()
                wait_for_more(load)
                indexer.start()
                wait_for_more(load)
                wait_until_told(watcher, load.reported[-1].height)
                first.process.kill()
                wait_for_more(load)
            second = stack.enter_context(gateway(home, *options, name="second", rpc=network.urls[1]))
            watcher.gateway = second
            wait_for_more(load)
        last = max(each.height for each in load.reported)
        network.wait_until_level(last)
        indexer.wait_until_at(last)
        wait_until_told(watcher, last)
        assert watcher.heights == list(range(1, watcher.heights[-1] + 1))
        check_store(store, network, load, up_to=last)


def check_store(store: Path, network: Network, load: Load, *, up_to: int) -> None:
    """Every block, transaction and event of the chain stands in the store once, and what clients were told is there."""
    reader = open_reader(store)
    try:
        blocks = reader.page(BLOCKS, order=("height",), limit=MAX_ROWS)[: up_to + 1]
        assert [each.height for each in blocks] == list(range(up_to + 1))
        rpc = network.nodes[2].rpc
        for block in blocks:
            place = {"height": block.height}
            of_node = rpc.block(height=block.height)
            rows = reader.page(TRANSACTIONS, order=("height", "position"), where=place, limit=MAX_ROWS)
            assert ["0x" + each.tx_id.hex() for each in rows] == of_node["transactions"]
            events = reader.page(EVENTS, order=("height", "position"), where=place, limit=MAX_ROWS)
            assert [each.position for each in events] == list(range(block.events))
        for reported in load.reported:
            row = reader.get(TRANSACTIONS, reported.tx_id)
            assert row is not None
            assert row.height == reported.height
    finally:
        reader.close()
