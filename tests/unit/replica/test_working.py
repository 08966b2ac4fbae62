"""Blocks are executed and built one at a time, and only what still stands when it is done counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from daonode.consensus.effects import Execute
from daonode.consensus.events import BlockBuilt, BlockExecuted
from daonode.consensus.types import Block, Header
from daonode.ledger.versions import StateVersion
from daonode.replica.accusing import Accusations
from daonode.replica.admission import Admission
from daonode.replica.effects import BeginJob, Effect
from daonode.replica.events import JobEnded
from daonode.replica.jobs import Building, Execution, Failed, Job, do
from daonode.replica.mempool import Mempool
from daonode.replica.pacing import Pacing
from daonode.replica.working import Work
from tests.unit.replica.network import START_MS, Network, Node
from tests.unit.replica.world import World

NOW_MS = START_MS + 100


class Worker(World):
    """The work of one node, on a genesis."""

    def __init__(self) -> None:
        super().__init__()
        accusations = Accusations(self.chain.source, self.executed)
        admission = Admission(self.chain.application, self.executed, Mempool(), accusations)
        self.work = Work(self.executed, admission, Pacing(1_000_000))

    def block(self, parent: Header, *, round_: int) -> Block:
        """A block of somebody else's."""
        ground = self.executed.ground(parent.id())
        return Building(ground, self.order(parent, round_=round_), time_ms=START_MS + round_).run().block

    def do(self) -> object:
        """Do the next job, and take its outcome."""
        job = self.work.next_job(now_ms=NOW_MS)
        assert job is not None
        return self.work.end(job, do(job), now_ms=NOW_MS)


def test_one_job_is_under_way_and_the_next_follows_it() -> None:
    world = Worker()
    left, right = world.block(world.root, round_=1), world.block(world.root, round_=2)
    world.work.ask(Execute(left))
    world.work.ask(Execute(right))
    job = world.work.next_job(now_ms=NOW_MS)
    assert isinstance(job, Execution)
    assert job.block == left
    assert world.work.next_job(now_ms=NOW_MS) is None
    assert world.work.end(job, do(job), now_ms=NOW_MS) == BlockExecuted(NOW_MS, left.header.id(), None)
    assert world.do() == BlockExecuted(NOW_MS, right.header.id(), None)
    assert world.work.next_job(now_ms=NOW_MS) is None


def test_a_block_that_is_built_stands_until_it_is_not_wanted() -> None:
    world = Worker()
    world.work.ask(world.order(world.root, round_=1))
    built = world.do()
    assert isinstance(built, BlockBuilt)
    block_id = built.block.header.id()
    assert world.executed.stands(block_id)
    world.work.settle(lambda _: True)
    assert world.executed.stands(block_id)
    world.work.ask(world.order(world.root, round_=2))
    other = world.do()
    assert isinstance(other, BlockBuilt)
    world.work.settle(lambda _: False)
    assert not world.executed.stands(other.block.header.id())
    assert world.executed.stands(block_id)


def test_what_stands_on_an_abandoned_block_is_not_begun() -> None:
    world = Worker()
    left, right = world.block(world.root, round_=1), world.block(world.root, round_=2)
    for block in (left, right):
        world.work.ask(Execute(block))
        world.do()
    world.work.ask(Execute(world.block(left.header, round_=3)))
    world.work.ask(world.order(right.header, round_=3))
    world.executed.commit(right.header)
    assert isinstance(world.do(), BlockBuilt)


@pytest.mark.parametrize("failed", [False, True])
def test_an_outcome_counts_for_nothing_once_its_parent_is_abandoned(failed: bool) -> None:
    world = Worker()
    left, right = world.block(world.root, round_=1), world.block(world.root, round_=2)
    for block in (left, right):
        world.work.ask(Execute(block))
        world.do()
    late = world.block(left.header, round_=3)
    world.work.ask(Execute(late))
    job = world.work.next_job(now_ms=NOW_MS)
    assert job is not None
    world.executed.commit(right.header)
    outcome = Failed(KeyError("read under its feet")) if failed else do(job)
    assert world.work.end(job, outcome, now_ms=NOW_MS) is None
    assert not world.executed.stands(late.header.id())
    world.work.ask(world.order(right.header, round_=4))
    assert isinstance(world.do(), BlockBuilt)


def test_a_failure_on_a_parent_that_stands_is_raised() -> None:
    world = Worker()
    world.work.ask(Execute(world.block(world.root, round_=1)))
    job = world.work.next_job(now_ms=NOW_MS)
    assert job is not None
    with pytest.raises(OSError, match="the disk"):
        world.work.end(job, Failed(OSError("the disk")), now_ms=NOW_MS)


class Damaged:
    """A storage that cannot be read."""

    def get(self, _key: bytes, /) -> bytes | None:
        raise OSError("the disk")

    def iterate(self, _start: bytes, _end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        raise OSError("the disk")


def test_a_job_that_raises_says_so() -> None:
    world = Worker()
    block = world.block(world.root, round_=1)
    ground, root = world.executed.ground(world.root.id()), world.root
    nodes = world.executed.root_version
    damaged = StateVersion(height=root.height, time_ms=root.time_ms, root=root.state_root, state=Damaged(), nodes=nodes)
    outcome = do(Execution(replace(ground, version=damaged), block))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, OSError)


class OneIsSlow(Network):
    """A network in which the second validator's jobs are not done."""

    def __init__(self) -> None:
        self.begun: list[Job] = []
        super().__init__()

    def carry_out(self, node: Node, effect: Effect) -> None:
        if isinstance(effect, BeginJob) and node is self.nodes[1]:
            self.begun.append(effect.job)
        else:
            super().carry_out(node, effect)


def test_consensus_goes_on_while_a_block_is_executed() -> None:
    network = OneIsSlow()
    slow = network.nodes[1]
    network.submit(network.nodes[0], network.transfer(0))
    network.run(3_000)
    (job,) = network.begun
    assert all(node.replica.core.committed_height for node in network.nodes if node is not slow)
    assert slow.replica.core.committed_height == 0
    assert slow.replica.core.round > 1, "it has heard of what the others certified"
    network.step(slow, JobEnded(network.now_ms, job, do(job)))
    assert slow.replica.core.committed_height >= 1
