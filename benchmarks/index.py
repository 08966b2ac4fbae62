"""The indexer over a chain that is full of votes: a real node that serves it, a real indexer that builds its store.

The chain is made here, block by block, with real certificates, and written as a validator writes it. Then a full node
is started on it alone, which serves it and cannot add to it, and `daonode indexer run` beside it. The time is that from
the start of the indexer's process to the rows of the last block, as its own metrics tell.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic, perf_counter
from typing import Final

from msgspec.structs import replace

from benchmarks.nodes import Node, running_nodes
from benchmarks.population import VALIDATOR_KEYS, Population, make_homes
from benchmarks.report import Report
from benchmarks.stages import BLOCK_VOTES, Ledger
from benchmarks.writing import ChainWriter
from daonode.cli.network.ports import HOST
from daonode.node.config import load_config, write_config
from daonode.node.home import Home
from daonode.node.storage import open_stores
from daonode.replica.bootstrap import make_chain

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
STALL_SECONDS: Final = 60.0
METRICS: Final = "daonode_indexer_"


@dataclass(frozen=True, slots=True)
class IndexForm:
    """How many accounts vote, each once on so many proposals."""

    accounts: int
    rounds: int

    @property
    def votes(self) -> int:
        """All votes."""
        return self.accounts * self.rounds


def measure_index(report: Report, form: IndexForm) -> None:
    """Build a store from the genesis block on."""
    with tempfile.TemporaryDirectory(prefix="daonode-bench-") as path:
        directory = Path(path)
        population = Population.of(form.accounts)
        height = _make_chain(directory, population, form)
        with running_nodes(directory, profiled=None) as (node,):
            _measure(report, node, height=height, votes=form.votes)


def _measure(report: Report, node: Node, *, height: int, votes: int) -> None:
    node_cpu_s = node.cpu_seconds()
    began = perf_counter()
    with _running_indexer(node) as indexer:
        figures = indexer.wait_for(height)
        seconds = perf_counter() - began
    report.add("index_rebuild_seconds", seconds, "s")
    report.add("index_votes_per_second", votes / seconds, "votes/s")
    report.add("index_cpu", figures["process_cpu_seconds_total"] / votes * 1e6, "us/vote")
    for stage in ("verify", "project", "apply"):
        spent = figures[f'{METRICS}seconds_total{{stage="{stage}"}}']
        report.add(f"index_{stage}", spent / votes * 1e6, "us/vote")
    report.add("index_node_cpu", (node.cpu_seconds() - node_cpu_s) / votes * 1e6, "us/vote")
    report.add("index_rows", figures[f"{METRICS}rows_total"] / votes, "rows/vote")
    report.add("index_memory", figures["process_resident_memory_bytes"] / 2**20, "MiB")
    store = node.node.home.data_directory / "index.sqlite"
    report.add("index_bytes", store.stat().st_size / votes, "bytes/vote")


@dataclass(frozen=True, slots=True)
class _Indexer:
    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, height: int) -> dict[str, float]:
        """Its metrics once it has indexed a height."""
        address, deadline = self._address(), monotonic() + STALL_SECONDS
        reached = 0.0
        while True:
            figures = _read_metrics(address)
            if figures[f"{METRICS}height"] >= height:
                return figures
            if figures[f"{METRICS}height"] > reached:
                reached, deadline = figures[f"{METRICS}height"], monotonic() + STALL_SECONDS
            self._check(deadline)
            Event().wait(POLL_SECONDS)

    def _address(self) -> str:
        deadline = monotonic() + START_SECONDS
        while not (lines := [line for line in self.log.read_text().splitlines() if '"event": "ready"' in line]):
            self._check(deadline)
            Event().wait(POLL_SECONDS)
        return str(json.loads(lines[0])["metrics"])

    def _check(self, deadline: float) -> None:
        if self.process.poll() is not None or monotonic() > deadline:
            raise RuntimeError(f"the indexer does not go on; the end of its log:\n{self.log.read_text()[-2_000:]}")


@contextmanager
def _running_indexer(node: Node) -> Iterator[_Indexer]:
    home = node.node.home.path
    command = [sys.executable, "-m", "daonode", "indexer", "run", "--home", str(home)]
    command += ["--rpc", f"http://{node.node.rpc}", "--metrics-listen", f"{HOST}:0", "--log-format", "json"]
    with (home / "indexer.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield _Indexer(process, home / "indexer.log")
    finally:
        process.terminate()
        process.wait()


def _read_metrics(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
    return {name: float(number) for name, _, number in pairs}


def _make_chain(directory: Path, population: Population, form: IndexForm) -> int:
    """Write the home of a full node with a chain of all votes, and return its height."""
    document = population.document()
    make_homes(directory, document)
    for keys in VALIDATOR_KEYS[1:]:
        shutil.rmtree(directory / keys.name)
    home = Home(directory / VALIDATOR_KEYS[0].name)
    home.validator_key.unlink()  # A full node: no validator starts on blocks without its signer's state.
    config = load_config(home.node_toml, environment={})
    alone = tuple(peer for peer in config.p2p.peers if peer.name == VALIDATOR_KEYS[0].name)
    write_config(home.node_toml, replace(config, p2p=replace(config.p2p, peers=alone)))
    stores = open_stores(home.path, chain_id=document.chain.chain_id)
    try:
        ledger = Ledger(make_chain(document), stores)
        writer = ChainWriter(ledger)
        registry = document.registry
        writer.block([each.raw for each in population.proposals(registry, form.rounds)])
        for round_number in range(form.rounds):
            votes = population.votes(registry, range(form.accounts), round_number=round_number)
            for start in range(0, len(votes), BLOCK_VOTES):
                writer.block([each.raw for each in votes[start : start + BLOCK_VOTES]])
        return ledger.version.height
    finally:
        stores.close()
