"""A new node that joins a long chain by snapshot: from the start of its process until it stands at the tip.

The chain is made here, block by block, with real certificates. Three full nodes hold it and its snapshot, as processes;
none of them is a validator, so the chain stands still and the snapshot is of its tip.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic, perf_counter
from typing import Final

from msgspec.structs import replace

from benchmarks.nodes import Node, running_nodes
from benchmarks.population import VALIDATOR_KEYS, Population, make_homes
from benchmarks.report import Report
from benchmarks.stages import Ledger
from benchmarks.writing import ChainWriter
from daonode.client.errors import RpcError, Unreachable
from daonode.client.rpc import RpcClient
from daonode.node.config import SyncSection, load_config, write_config
from daonode.node.home import Home
from daonode.node.storage import open_stores
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import make_chain
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.snapshot_making import make_snapshot

VOTES_AN_ACCOUNT: Final = 16
LIMIT_SECONDS: Final = 300.0
POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class SyncForm:
    """How long the chain is; every block has one vote."""

    heights: int


def measure_sync(report: Report, form: SyncForm) -> None:
    """Make the chain and its snapshot, and let a node join."""
    with tempfile.TemporaryDirectory(prefix="daonode-bench-") as path:
        directory = Path(path)
        _make_homes(report, directory, form)
        with running_nodes(directory, profiled=None) as nodes:
            newcomer = nodes[-1]
            newcomer.process.terminate()
            newcomer.process.wait()
            _join(report, newcomer, height=form.heights)


def _make_homes(report: Report, directory: Path, form: SyncForm) -> None:
    """Three full nodes with the chain, and one without anything."""
    population = Population.of(-(-form.heights // VOTES_AN_ACCOUNT))
    document = population.document()
    make_homes(directory, document)
    homes = [Home(directory / keys.name) for keys in VALIDATOR_KEYS]
    for home in homes:
        home.validator_key.unlink()
    stores = open_stores(homes[0].path, chain_id=document.chain.chain_id)
    try:
        ledger = Ledger(make_chain(document), stores)
        writer = ChainWriter(ledger)
        writer.block([each.raw for each in population.proposals(document.registry, VOTES_AN_ACCOUNT)])
        for round_number in range(VOTES_AN_ACCOUNT):
            accounts = range(len(population.wallets))
            for vote in population.votes(document.registry, accounts, round_number=round_number):
                if ledger.version.height < form.heights:
                    writer.block([vote.raw])
        began = perf_counter()
        for writes in make_snapshot(Archive(stores.blocks, stores.state), stores.snapshots):
            stores.snapshots.write(writes, sync=False)
        report.add("snapshot_make_seconds", perf_counter() - began, "s")
        (manifest,) = SnapshotArchive(stores.snapshots).manifests()
        chunks = [SnapshotArchive(stores.snapshots).chunk(manifest.header.id(), i) for i in range(len(manifest.chunks))]
        report.add("snapshot_chunks", len(chunks), "chunks")
        report.add("snapshot_bytes", sum(len(chunk or b"") for chunk in chunks) / 2**20, "MiB")
    finally:
        stores.close()
    for home in homes[1:-1]:
        shutil.copytree(homes[0].data_directory, home.data_directory, dirs_exist_ok=True)


def _join(report: Report, newcomer: Node, *, height: int) -> None:
    home = newcomer.node.home
    shutil.rmtree(home.data_directory)
    config = load_config(home.node_toml, environment={})
    write_config(home.node_toml, replace(config, sync=SyncSection(snapshot=True)))
    command = [sys.executable, "-m", "daonode", "start", "--home", str(home.path)]
    began = perf_counter()
    with (home.path / "joining.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = monotonic() + LIMIT_SECONDS
        while _height(newcomer) < height:
            if process.poll() is not None or monotonic() > deadline:
                log_end = (home.path / "joining.log").read_text()[-2_000:]
                raise RuntimeError(f"the node does not join; the end of its log:\n{log_end}")
            Event().wait(POLL_SECONDS)
        report.add("snapshot_join_seconds", perf_counter() - began, "s")
        report.add("snapshot_join_cpu_seconds", Node(newcomer.node, process).cpu_seconds(), "s")
        report.add("snapshot_join_heights", height, "blocks")
    finally:
        process.terminate()
        process.wait()


def _height(node: Node) -> int:
    try:
        return RpcClient(f"http://{node.node.rpc}", timeout_s=1.0).status().height
    except (Unreachable, RpcError):
        return 0
