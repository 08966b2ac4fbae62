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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic, perf_counter
from typing import Final

from msgspec.structs import replace

from benchmarks.nodes import Node, running_nodes
from benchmarks.population import VALIDATOR_KEYS, Population, make_homes
from benchmarks.report import Report
from benchmarks.stages import BLOCK_VOTES, Ledger
from daonode.cli.network.ports import HOST
from daonode.consensus.certificates import commit_certificate, genesis_certificate, quorum_certificate
from daonode.consensus.statements import Commit, Statement, Vote, signing_bytes
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitCertificate,
    Header,
    QuorumCertificate,
    payload_digest,
)
from daonode.genesis.document import GenesisDocument
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.node.config import load_config, write_config
from daonode.node.home import Home
from daonode.node.storage import open_stores
from daonode.primitives.codec import encode
from daonode.primitives.ids import Signature
from daonode.primitives.signatures import sign
from daonode.replica.archive import StateAtTip
from daonode.replica.bootstrap import make_chain
from daonode.replica.committing import commit_writes
from daonode.replica.layout import block_key

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
        writer = _Writer(document, ledger)
        registry = document.registry
        writer.block([each.raw for each in population.proposals(registry, form.rounds)])
        for round_number in range(form.rounds):
            votes = population.votes(registry, range(form.accounts), round_number=round_number)
            for start in range(0, len(votes), BLOCK_VOTES):
                writer.block([each.raw for each in votes[start : start + BLOCK_VOTES]])
        return ledger.version.height
    finally:
        stores.close()


@dataclass(slots=True)
class _Writer:
    """Makes committed blocks as four validators would have, without the validators."""

    document: GenesisDocument
    ledger: Ledger
    header: Header = field(init=False)
    qc: QuorumCertificate = field(init=False)

    def __post_init__(self) -> None:
        self.header = self.ledger.chain.initial.header
        self.qc = genesis_certificate(self.header)

    def block(self, raws: Sequence[bytes]) -> None:
        """Build and write a block."""
        info = self.ledger.info()
        built = self.ledger.chain.application.build(self.ledger.version, info, raws)
        assert not built.skipped, built.skipped
        assert all(receipt.code == 0 for receipt in built.result.receipts), "every vote counts"
        header = self._header(info, built.payload, built.result)
        stores, result = self.ledger.stores, built.result
        block = Block(header=header, payload=built.payload, qc=self.qc, tc=None)
        stores.blocks.write([(block_key(header.id()), encode(block))], sync=False)
        stores.state.write(commit_writes(header, result, self._finality(header)), sync=False)
        version = self.ledger.version.child(result, height=info.height, time_ms=info.time_ms)
        state = StateAtTip(stores.state)
        version.settle(state=state, nodes=state)
        self.ledger.version = version
        vote = Vote(
            chain_id=header.chain_id, epoch=0, round=header.round, block_id=header.id(), qc_round=header.round - 1
        )
        self.qc = quorum_certificate(
            self._signatures(vote), epoch=0, round_=header.round, block_id=header.id(), qc_round=header.round - 1
        )
        self.header = header

    def _header(self, info: BlockInfo, payload: bytes, result: BlockResult) -> Header:
        digest = self.ledger.chain.validators.digest()
        return Header(
            version=HEADER_VERSION,
            chain_id=info.chain_id,
            epoch=0,
            height=info.height,
            round=info.height,
            time_ms=info.time_ms,
            proposer=info.proposer,
            parent_id=self.header.id(),
            qc_digest=self.qc.digest(),
            tc_digest=EMPTY_DIGEST,
            payload_digest=payload_digest(payload),
            state_root=result.state_root,
            receipts_root=result.receipts_root,
            validators_digest=digest,
            next_validators_digest=digest,
            failed_proposers=(),
        )

    def _finality(self, header: Header) -> CommitCertificate:
        commit = Commit(chain_id=header.chain_id, epoch=0, round=header.round, block_id=header.id())
        return commit_certificate(self._signatures(commit), epoch=0, round_=header.round, block_id=header.id())

    def _signatures(self, statement: Statement) -> list[tuple[int, Signature]]:
        message = signing_bytes(statement)
        seeds = {keys.id: keys.consensus_seed for keys in VALIDATOR_KEYS}
        validators = self.ledger.chain.validators.validators
        return [(index, sign(seeds[each.id], message)) for index, each in enumerate(validators)]
