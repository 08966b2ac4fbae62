"""What a vote costs by part: one process, a real database, blocks of real votes.

CPU time of the whole process, so the database's own threads count too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Final, TypeVar

from benchmarks.load import batch_bodies
from benchmarks.population import CHAIN_ID, VALIDATOR_KEYS, Population
from benchmarks.report import Report
from daonode.client.transactions import SignedTransaction
from daonode.ledger import tree
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.checking import decode_transaction
from daonode.ledger.receipts import receipts_root
from daonode.ledger.tree import WarmNodes
from daonode.ledger.versions import StateVersion, WarmValues
from daonode.node.rpc.method import BODY_LIMITS
from daonode.node.storage import Stores, open_stores
from daonode.primitives.codec import decode, encode
from daonode.primitives.strict_json import parse_json
from daonode.replica.archive import StateAtTip
from daonode.replica.bootstrap import NewChain, make_chain
from daonode.replica.committing import commit_writes
from daonode.replica.messages import TransactionsMessage

T = TypeVar("T")
BLOCK_VOTES: Final = 250
STAGE_ACCOUNTS: Final = 2_000
US: Final = 1e6


@dataclass(slots=True)
class Ledger:
    """A chain's state on disk and the blocks that are executed on it, without consensus."""

    chain: NewChain
    stores: Stores
    version: StateVersion = field(init=False)
    values: WarmValues = field(init=False)
    nodes: WarmNodes = field(init=False)

    def __post_init__(self) -> None:
        self.stores.state.write(self.chain.genesis_writes(), sync=True)
        header = self.chain.initial.header
        state = StateAtTip(self.stores.state)
        self.values, self.nodes = WarmValues(state), WarmNodes(state)
        self.version = StateVersion(
            height=header.height, time_ms=header.time_ms, root=header.state_root, state=self.values, nodes=self.nodes
        )

    def info(self) -> BlockInfo:
        """The next block."""
        return BlockInfo(
            chain_id=CHAIN_ID,
            height=self.version.height + 1,
            time_ms=self.version.time_ms + 100,
            proposer=VALIDATOR_KEYS[0].id,
        )

    def commit(self, info: BlockInfo, result: BlockResult) -> None:
        """Write a block's batch with fsync."""
        assert all(receipt.code == 0 for receipt in result.receipts), "every vote counts"
        # The header's own fields do not matter here: its size does.
        self.stores.state.write(commit_writes(self.chain.initial.header, result, None), sync=True)
        version = self.version.child(result, height=info.height, time_ms=info.time_ms)
        self.values.remember(result.writes)
        self.nodes.remember(result.nodes)
        version.settle(state=self.values, nodes=self.nodes)
        self.version = version

    def block(self, raws: Sequence[bytes]) -> None:
        """Build and commit a block of transactions."""
        info = self.info()
        built = self.chain.application.build(self.version, info, raws)
        assert not built.skipped, built.skipped
        self.commit(info, built.result)


@contextmanager
def running_ledger(population: Population) -> Iterator[Ledger]:
    """The chain of a population at its beginning, in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="daonode-bench-") as path:
        stores = open_stores(Path(path), chain_id=CHAIN_ID)
        try:
            yield Ledger(make_chain(population.document()), stores)
        finally:
            stores.close()


def measure_stages(report: Report) -> None:
    """Each part's CPU for one vote."""
    population = Population.of(STAGE_ACCOUNTS)
    with running_ledger(population) as ledger:
        registry = ledger.chain.document.registry
        ledger.block([each.raw for each in population.proposals(registry, 1)])
        signing = process_time()
        votes = population.votes(registry, range(STAGE_ACCOUNTS), round_number=0)
        report.add("stage_client_signing", (process_time() - signing) / len(votes) * US, "us/vote")
        _Stages(
            report, ledger, [votes[start : start + BLOCK_VOTES] for start in range(0, len(votes), BLOCK_VOTES)]
        ).run()


@dataclass(slots=True)
class _Stages:
    report: Report
    ledger: Ledger
    blocks: list[list[SignedTransaction]]
    spent: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Measure block after block."""
        results = [self._block(votes) for votes in self.blocks]
        count = sum(len(votes) for votes in self.blocks)
        for name, seconds in self.spent.items():
            self.report.add(f"stage_{name}", seconds / count * US, "us/vote")
        self.report.add("vote_keys_written", sum(len(result.writes) for result in results) / count, "keys")
        self.report.add("vote_gas", results[0].receipts[0].gas_used, "gas")
        self.report.add("vote_bytes", len(self.blocks[0][0].raw), "bytes")

    def _block(self, votes: Sequence[SignedTransaction]) -> BlockResult:
        """What one validator does for a block of votes: as the node they were sent to, then as the leader."""
        application, version = self.ledger.chain.application, self.ledger.version
        raws = tuple(each.raw for each in votes)
        bodies = batch_bodies(votes)
        message = TransactionsMessage(transactions=raws)
        self._take("json_parsing", lambda: [parse_json(body, BODY_LIMITS) for body in bodies])
        self._take("decoding", lambda: [decode_transaction(raw) for raw in raws])
        # Decodes each once more, and remembers it for what follows, as a node does.
        checked = self._take("checking", lambda: [application.check(version, raw, version.time_ms) for raw in raws])
        self._take("verification", lambda: _for_each(application.verify_signatures, checked))
        self._take("account_check", lambda: [application.check_account(version, tx) for tx in checked])
        encoded = self._take("gossip_encoding", lambda: encode(message))
        self._take("gossip_decoding", lambda: decode(encoded, TransactionsMessage))
        info = self.ledger.info()
        result = self._take("executing", lambda: application.build(version, info, raws)).result
        self._take(
            "of_it_tree",
            lambda: tree.update(version, previous_version=version.height, version=info.height, changes=result.writes),
        )
        self._take("of_it_receipts_root", lambda: receipts_root(result.receipts))
        self._take("store", lambda: self.ledger.commit(info, result))
        return result

    def _take(self, name: str, run: Callable[[], T]) -> T:
        began = process_time()
        result = run()
        self.spent[name] = self.spent.get(name, 0.0) + process_time() - began
        return result


def _for_each(run: Callable[[T], None], items: Sequence[T]) -> None:
    for item in items:
        run(item)
