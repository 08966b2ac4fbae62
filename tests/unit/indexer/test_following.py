"""The loop over nodes and stores: whoever lies or fails is named and passed over, and nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
import structlog.testing
import trio

from daonode.client.answers import Blocks
from daonode.client.errors import BadAnswer, RpcError, Unreachable
from daonode.indexer.errors import NoNodeLeft, SinkBehind, StoreForeignChain
from daonode.indexer.following import Destination, Follower
from daonode.indexer.metrics import IndexerMetrics
from daonode.indexer.nodes import Node, Nodes
from daonode.indexer.projection.projector import Projector
from daonode.indexer.verifying import BlockVerifier, Checkpoint
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.ids import BlockId, ChainId
from daonode.primitives.units import Amount
from daonode.stores.access import Changes, Head, Sink, Writer
from daonode.stores.memory import MemoryStore
from daonode.stores.sqlite import open_writer
from tests.unit.indexer.comparing import check_rows, contents
from tests.unit.indexer.dao_chain import ALICE, BOB, DAO, DaoChain, make_dao_genesis
from tests.unit.indexer.following import Follower as OneStore
from tests.unit.indexer.sources import ChainSource

DOCUMENT = make_dao_genesis()


@pytest.fixture(scope="module")
def dao() -> DaoChain:
    chain = DaoChain()
    for amount in range(1, 13):
        chain.send(ALICE, Transfer(destination=BOB.address, asset=DAO, amount=Amount(amount)))
    return chain


@dataclass
class Bench:
    """A follower over some nodes, and what it writes."""

    sources: Sequence[ChainSource]
    writer: Writer = field(default_factory=MemoryStore)
    sinks: Sequence[Sink] = ()
    checkpoint: Checkpoint | None = None
    metrics: IndexerMetrics = field(default_factory=IndexerMetrics)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        nodes = [Node(f"node{place}", source) for place, source in enumerate(self.sources)]
        follower = Follower(
            Destination(self.writer, self.sinks),
            verifier=BlockVerifier(DOCUMENT, checkpoint=self.checkpoint),
            projector=Projector(DOCUMENT),
            nodes=Nodes(nodes, self.metrics),
            metrics=self.metrics,
            checkpoint=self.checkpoint,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(follower.run)
            yield
            nursery.cancel_scope.cancel()

    async def follow_to(self, height: int) -> None:
        with trio.fail_after(20):
            async with self.following():
                while self.height < height:
                    await trio.sleep(0.005)

    @property
    def height(self) -> int:
        head = self.writer.head()
        return -1 if head is None else head.height

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"daonode_indexer_{name}", labels) or 0.0


async def ended_by(kind: type[Exception], bench: Bench) -> Exception:
    """The error that ends a follower by itself, out of the nurseries' groups."""
    try:
        with trio.fail_after(20):
            async with bench.following():
                await trio.sleep_forever()
    except kind as error:
        return error
    except ExceptionGroup as group:
        found: BaseException = group
        while isinstance(found, BaseExceptionGroup):
            (found,) = found.exceptions
        assert isinstance(found, kind), found
        return found


def bent(answer: Blocks) -> Blocks:
    """A proof that is none of these blocks'."""
    return Blocks(answer.height, answer.blocks[:-1] or answer.blocks, None, ())


async def test_a_store_is_complete_and_the_metrics_say_so(dao: DaoChain) -> None:
    store = MemoryStore()
    bench = Bench([ChainSource(dao.chain, most=5)], writer=store)
    await bench.follow_to(12)
    check_rows(store, dao.chain)
    text = bench.metrics.render().decode()
    for line in ("height 12.0", "node_height 12.0", "lag_blocks 0.0", "lag_seconds 0.0", "blocks_total 12.0"):
        assert f"daonode_indexer_{line}" in text
    assert bench.count("rows_total") > 12 * 5
    assert bench.count("seconds_total", stage="verify") > 0


async def test_it_follows_what_comes_later(dao: DaoChain) -> None:
    growing, store = DaoChain(), MemoryStore()
    bench = Bench([ChainSource(growing.chain)], writer=store)
    with trio.fail_after(20):
        async with bench.following():
            for height in range(1, 4):
                growing.commit()
                while bench.height < height:
                    await trio.sleep(0.005)
    check_rows(store, growing.chain)


async def test_a_liar_is_named_and_never_asked_again(dao: DaoChain) -> None:
    liar, honest = ChainSource(dao.chain, bend=bent, most=4), ChainSource(dao.chain, most=4)
    bench = Bench([liar, honest])
    with structlog.testing.capture_logs() as logs:
        await bench.follow_to(12)
    assert liar.asked == [0]
    assert [(entry["node"], entry["kind"]) for entry in logs if "lies" in entry["event"]] == [("node0", "proof")]
    assert bench.count("errors_total", kind="lie_proof", node="node0") == 1
    assert bench.count("nodes") == 1


async def test_a_lie_in_the_middle_of_the_chain_leaves_what_was_before(dao: DaoChain) -> None:
    def from_height_eight_on(answer: Blocks) -> Blocks:
        return bent(answer) if answer.height and liar.asked[-1] >= 8 else answer

    liar = ChainSource(dao.chain, most=4, bend=from_height_eight_on)
    store = MemoryStore()
    bench = Bench([liar], writer=store)
    assert "node0: block 1" in str(await ended_by(NoNodeLeft, bench))
    assert bench.height in (4, 8)
    await Bench([ChainSource(dao.chain)], writer=store).follow_to(12)
    check_rows(store, dao.chain)


async def test_when_all_lie_each_is_named(dao: DaoChain) -> None:
    bench = Bench([ChainSource(dao.chain, bend=bent), ChainSource(dao.chain, bend=bent)])
    text = str(await ended_by(NoNodeLeft, bench))
    assert "node0: block" in text
    assert "node1: block" in text
    assert bench.height == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unreachable("cannot connect", url="x"), "unreachable"),
        (RpcError("refused", code=-32005), "refused"),
        (BadAnswer("not JSON"), "bad_answer"),
    ],
    ids=["unreachable", "refused", "bad answer"],
)
async def test_who_fails_gives_way_and_may_come_back(dao: DaoChain, error: Exception, kind: str) -> None:
    failing = ChainSource(dao.chain, error=error)  # type: ignore[arg-type]
    other = ChainSource(dao.chain, height=6)
    bench = Bench([failing, other])
    with structlog.testing.capture_logs() as logs, trio.fail_after(30):
        async with bench.following():
            while bench.height < 6:
                await trio.sleep(0.005)
            failing.error, other.error = None, failing.error
            while bench.height < 12:
                await trio.sleep(0.005)
    assert bench.count("errors_total", kind=kind, node="node0") >= 1
    assert "node0" in {entry.get("node") for entry in logs if "cannot be followed" in entry["event"]}


async def test_a_node_that_is_stuck_is_named_and_another_one_followed(
    dao: DaoChain, autojump_clock: trio.testing.MockClock
) -> None:
    """It answers, and has nothing new, while another one has."""
    stuck, other = ChainSource(dao.chain, height=5), ChainSource(dao.chain)
    nodes = Nodes([Node("stuck", stuck), Node("other", other)], IndexerMetrics())
    with structlog.testing.capture_logs() as logs:
        node, answer = await nodes.ask(above=0)
        assert (node.name, len(answer.blocks)) == ("stuck", 5)
        node, answer = await nodes.ask(above=5)
        assert (node.name, len(answer.blocks)) == ("other", 7)
        await nodes.ask(above=6)
    named = [(entry["node"], entry["other"]) for entry in logs if entry["event"] == "a node is behind another"]
    assert named == [("stuck", "other")]


async def test_nodes_that_all_fail_are_tried_again_ever_more_slowly(
    dao: DaoChain, autojump_clock: trio.testing.MockClock
) -> None:
    failing = ChainSource(dao.chain, error=Unreachable("gone", url="x"))
    nodes = Nodes([Node("a", failing)], IndexerMetrics())
    with trio.move_on_after(100):
        await nodes.ask(above=0)
    assert 10 < len(failing.asked) < 20


async def test_it_goes_on_where_it_stopped(dao: DaoChain, tmp_path: Path) -> None:
    for height in (4, 8, 12):
        source = ChainSource(dao.chain, height=height, most=3)
        writer = open_writer(tmp_path / "index.sqlite", tables=Projector(DOCUMENT).tables)
        try:
            await Bench([source], writer=writer).follow_to(height)
        finally:
            writer.close()
        assert source.asked[0] == height - 4


async def test_a_file_holds_what_memory_holds(dao: DaoChain, tmp_path: Path) -> None:
    writer, memory = open_writer(tmp_path / "index.sqlite", tables=Projector(DOCUMENT).tables), OneStore()
    await Bench([ChainSource(dao.chain, most=5)], writer=writer).follow_to(12)
    memory.follow(dao.chain)
    assert contents(writer) == contents(memory.store)  # type: ignore[arg-type]
    writer.close()


async def test_further_stores_get_the_same_rows_and_are_never_behind(dao: DaoChain) -> None:
    first, second = MemoryStore(), MemoryStore()
    await Bench([ChainSource(dao.chain, most=5)], writer=first, sinks=[second]).follow_to(12)
    assert contents(first) == contents(second)
    assert first.head() == second.head()


async def test_a_further_store_that_is_ahead_waits_for_the_first(dao: DaoChain) -> None:
    """As when the process dies between the two."""
    ahead = MemoryStore()
    await Bench([ChainSource(dao.chain, height=7)], writer=ahead).follow_to(7)
    store = MemoryStore()
    await Bench([ChainSource(dao.chain, most=2)], writer=store, sinks=[ahead]).follow_to(12)
    assert contents(ahead) == contents(store)


async def test_a_further_store_that_is_behind_is_refused(dao: DaoChain) -> None:
    store = MemoryStore()
    await Bench([ChainSource(dao.chain)], writer=store).follow_to(12)
    with pytest.raises(SinkBehind, match="a further store is empty, the first one at height 12"):
        await Follower(
            Destination(store, [MemoryStore()]),
            verifier=BlockVerifier(DOCUMENT),
            projector=Projector(DOCUMENT),
            nodes=Nodes([], IndexerMetrics()),
            metrics=IndexerMetrics(),
        ).run()


@dataclass
class Refusing:
    """A sink that fails at some height."""

    store: MemoryStore
    at: int

    def head(self) -> Head | None:
        return self.store.head()

    def apply(self, changes: Changes) -> None:
        if changes.head.height >= self.at:
            raise OSError("no space left")
        self.store.apply(changes)


async def test_what_cannot_be_written_stops_it_and_nothing_is_half_done(dao: DaoChain) -> None:
    store = MemoryStore()
    sink = Refusing(MemoryStore(), at=6)
    await ended_by(OSError, Bench([ChainSource(dao.chain, most=2)], writer=store, sinks=[sink]))
    assert store.head() == sink.head()
    await Bench([ChainSource(dao.chain)], writer=store, sinks=[sink.store]).follow_to(12)
    check_rows(store, dao.chain)


async def test_a_store_of_another_chain_is_refused(dao: DaoChain) -> None:
    other = make_dao_genesis(chain_id=ChainId("daonode:other"))
    store = MemoryStore()
    follower = OneStore(other)
    store.apply(replace_head(follower))
    await ended_by(StoreForeignChain, Bench([ChainSource(dao.chain)], writer=store))


def replace_head(follower: OneStore) -> Changes:
    head = follower.store.head()
    assert head is not None
    return Changes(head)


@pytest.mark.parametrize("right", [True, False])
async def test_a_checkpoint_below_the_store_is_checked_in_it(dao: DaoChain, right: bool) -> None:
    store = MemoryStore()
    await Bench([ChainSource(dao.chain)], writer=store).follow_to(12)
    block_id = dao.chain.blocks[3].header.id() if right else BlockId(bytes(32))
    bench = Bench([ChainSource(dao.chain)], writer=store, checkpoint=Checkpoint(3, block_id))
    if right:
        await bench.follow_to(12)
        return
    await ended_by(StoreForeignChain, bench)
