"""The indexer against real nodes: killed at any moment, lied to, stopped; its store says what the chain says."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from daonode.stores.sqlite import open_reader
from daonode.stores.tables import BLOCKS, EVENTS, TABLES, TRANSACTIONS
from tests.faults.load import Load, load_on
from tests.faults.network import Network, run_daonode, running_network, wait_until
from tests.integration.indexer.processes import IndexerProcess, running, serving

SEED = 20
KILLS = 8
ALL = 10**7


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """One validator and its chain, with some transfers on it."""
    with running_network(tmp_path_factory.mktemp("indexed") / "net", validators=1) as network:
        with load_on(network.urls, network.nodes[0].node.home.keys_directory) as load:
            wait_until(lambda: len(load.reported) > 20, within_seconds=60, what="some transfers are committed")
        yield network


@pytest.fixture
def home(network: Network) -> Path:
    return network.nodes[0].node.home.path


def test_kill_at_any_moment_loses_nothing_and_repeats_nothing(network: Network, home: Path, tmp_path: Path) -> None:
    chosen = random.Random(SEED)
    killed = IndexerProcess(home, tmp_path / "killed.sqlite", network.urls)
    node = network.nodes[0]
    with load_on(network.urls, node.node.home.keys_directory) as load:
        heights: list[int] = []
        for number in range(KILLS):
            killed.start()
            Event().wait(chosen.uniform(0.3, 3.0))
            killed.kill()
            heights.append(killed.height())
            if number == KILLS // 2:
                node.kill()
                node.start()
                node.wait_until_ready()
    assert heights == sorted(heights)
    with running(killed), running(IndexerProcess(home, tmp_path / "fresh.sqlite", network.urls)) as fresh:
        tip = node.height()
        killed.wait_until_at(tip)
        fresh.wait_until_at(tip)
        assert killed.stop() == fresh.stop() == 0
    assert heights[-1] > heights[0], "it got on between the kills"
    assert_equal(killed.store, fresh.store)
    assert_complete(killed.store, load)


def assert_equal(one: Path, other: Path) -> None:
    """Every row of both stores is the same."""
    first, second = open_reader(one), open_reader(other)
    with contextlib.closing(first), contextlib.closing(second):
        assert first.head() == second.head()
        for table in TABLES:
            rows = [reader.page(table, order=table.key, limit=ALL) for reader in (first, second)]
            assert rows[0] == rows[1], table.name


def assert_complete(store: Path, load: Load) -> None:
    """Every block, event and reported transaction is there once, and each is where nodes said that it is."""
    reader = open_reader(store)
    with contextlib.closing(reader):
        blocks = reader.page(BLOCKS, order=("height",), limit=ALL)
        assert [block.height for block in blocks] == list(range(len(blocks)))
        events = reader.page(EVENTS, order=("height", "position"), limit=ALL)
        places = [(event.height, event.position) for event in events]
        assert places == [(block.height, place) for block in blocks for place in range(block.events)]
        assert load.reported
        for reported in load.reported:
            row = reader.get(TRANSACTIONS, reported.tx_id)
            assert row is not None
            assert row.height == reported.height
            assert blocks[row.height].id == reported.block_id


def without_an_event(result: dict[str, Any]) -> None:
    """Answer as if a receipt were another block's."""
    blocks = result.get("blocks") or []
    if len(blocks) > 1:
        blocks[0]["receipts"] = blocks[1]["receipts"]


def test_a_liar_is_named_and_an_honest_node_followed(network: Network, home: Path, tmp_path: Path) -> None:
    with serving(network.urls[0], without_an_event) as liar:
        indexer = IndexerProcess(home, tmp_path / "index.sqlite", [liar, *network.urls])
        with running(indexer):
            indexer.wait_until_at(network.nodes[0].height())
            (told,) = [line for line in indexer.said if line["event"] == "a node lies and is not asked again"]
            assert (told["node"], told["kind"]) == (liar, "receipts")
            assert "block 1: the receipts are not those that the header binds" in told["reason"]


def test_where_every_node_lies_it_ends_and_says_so(network: Network, home: Path, tmp_path: Path) -> None:
    with serving(network.urls[0], without_an_event) as liar:
        indexer = IndexerProcess(home, tmp_path / "index.sqlite", [liar])
        indexer.start()
        assert indexer.wait() == 6
        assert f"every node says what is not so, or the store is of another chain: {liar}: block 1" in indexer.text
        assert "Traceback" not in indexer.text
        assert indexer.height() == 0


def test_a_checkpoint_that_the_chain_has_not_ends_it(network: Network, home: Path, tmp_path: Path) -> None:
    trusted = f"3:0x{'ab' * 32}"
    indexer = IndexerProcess(home, tmp_path / "index.sqlite", network.urls, "--trust", trusted)
    indexer.start()
    assert indexer.wait() == 6
    assert "the checkpoint says 0xabab" in indexer.text


def test_status_and_reset_tell_where_it_is(network: Network, home: Path, tmp_path: Path) -> None:
    store = tmp_path / "index.sqlite"
    common = ("--home", str(home), "--store", f"sqlite:{store}", "--rpc", network.urls[0])
    before = run_daonode("indexer", "status", *common)
    assert before.returncode == 0
    assert "is not there: start the indexer" in before.stdout
    with running(IndexerProcess(home, store, network.urls)) as indexer:
        indexer.wait_until_at(network.nodes[0].height())
        refused = run_daonode("indexer", "reset", *common)
        assert refused.returncode == 2
        assert "is written by another indexer" in refused.stderr
        twice = run_daonode("indexer", "run", *common, "--metrics-listen", "")
        assert twice.returncode == 2
        assert "is written by another indexer" in twice.stderr
    shown = run_daonode("indexer", "status", *common)
    assert f"height {network.nodes[0].height()}" in shown.stdout
    assert "lag_blocks  0" in shown.stdout
    assert run_daonode("indexer", "reset", *common).returncode == 0
    assert indexer.head() is None
    with running(indexer):
        indexer.wait_until_at(network.nodes[0].height())


def test_what_cannot_be_used_is_said_in_words(network: Network, home: Path, tmp_path: Path) -> None:
    for options, complaint in (
        (("--store", "mysql:x"), "'mysql:x' names no store"),
        (("--store", f"sqlite:{tmp_path}/no/where"), "does its folder exist"),
        (("--trust", "12"), "is no checkpoint"),
        (("--rpc", "nowhere"), "http://host:port"),
        (("--projection", "no.such:Thing"), "cannot be loaded"),
        (("--metrics-listen", "203.0.113.1:1"), "203.0.113.1"),
    ):
        ended = run_daonode("indexer", "run", "--home", str(home), *options)
        assert ended.returncode == 2, (options, ended.stderr)
        assert complaint in ended.stderr, ended.stderr
        assert "Traceback" not in ended.stderr
