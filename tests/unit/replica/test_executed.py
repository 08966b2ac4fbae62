"""Executed blocks above the committed tip: forks side by side, what they include, and what a commit lets go of."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from daonode.consensus.types import Block, Header
from daonode.ledger.transactions import Transaction, tx_id
from daonode.primitives.codec import decode
from daonode.primitives.ids import Hash, TxId
from daonode.replica.archive import Archive
from daonode.replica.committing import commit_writes, final_writes
from daonode.replica.executed import ExecutedBlocks
from daonode.replica.jobs import Building, Execution, Refused
from daonode.replica.layout import STATE_PREFIX
from tests.unit.replica.network import Database
from tests.unit.replica.world import World


class Blocks(World):
    """Blocks as they are asked for."""

    def build(self, parent: Header, *, round_: int, raws: Iterable[bytes], empty: bool = False) -> Block:
        order = self.order(parent, round_=round_, empty=empty)
        job = Building(self.executed.ground(parent.id()), order, time_ms=order.time_ms, candidates=tuple(raws))
        done = job.run()
        self.executed.take(done)
        return done.block

    def execute(self, block: Block, *, on: ExecutedBlocks | None = None) -> str | None:
        """Why a block is refused, None when it is taken."""
        executed = on or self.executed
        outcome = Execution(executed.ground(block.header.parent_id), block).run()
        if isinstance(outcome, Refused):
            return outcome.reason
        executed.take(outcome)
        return None


def id_of(raw: bytes) -> TxId:
    return tx_id(decode(raw, Transaction).body)


def test_what_one_builds_another_executes_to_the_same_roots() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    assert world.execute(block, on=world.fresh()) is None


def test_a_header_with_other_roots_is_refused_with_both_of_them() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    lie = replace(block, header=replace(block.header, state_root=Hash(bytes(32))))
    error = world.execute(lie, on=world.fresh())
    assert error is not None
    assert "00" * 32 in error
    assert block.header.state_root.hex() in error


def test_forks_stand_side_by_side_until_one_is_committed() -> None:
    world = Blocks()
    left_raw, right_raw, child_raw = (world.network.transfer(0, lane=lane) for lane in (0, 1, 2))
    left = world.build(world.root, round_=1, raws=[left_raw])
    right = world.build(world.root, round_=2, raws=[right_raw])
    child = world.build(right.header, round_=3, raws=[child_raw])
    executed = world.executed
    assert [executed.includes(id_of(raw)) for raw in (left_raw, right_raw, child_raw)] == [True, True, True]
    assert executed.included_on(child.header.id()) == {id_of(right_raw), id_of(child_raw)}
    assert executed.path(child.header.id()) == (right, child)
    executed.commit(right.header)
    assert [executed.includes(id_of(raw)) for raw in (left_raw, right_raw, child_raw)] == [False, False, True]
    assert executed.path(left.header.id()) == ()
    assert executed.path(child.header.id()) == (child,)
    assert executed.root == right.header


def test_a_transaction_on_two_forks_counts_until_both_are_gone() -> None:
    world = Blocks()
    raw = world.network.transfer(0)
    first = world.build(world.root, round_=1, raws=[raw])
    second = world.build(world.root, round_=2, raws=[raw])
    world.executed.forget(first.header.id())
    assert world.executed.includes(id_of(raw))
    world.executed.forget(second.header.id())
    assert not world.executed.includes(id_of(raw))


def test_executing_the_same_block_again_counts_it_once() -> None:
    world = Blocks()
    raw = world.network.transfer(0)
    block = world.build(world.root, round_=1, raws=[raw])
    assert world.execute(block) is None
    world.executed.forget(block.header.id())
    assert not world.executed.includes(id_of(raw))


def test_a_block_that_must_be_empty_takes_nothing() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)], empty=True)
    assert block.header.payload_digest == world.root.payload_digest


def test_a_committed_state_is_read_from_the_storage_one_step_later() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    world.state.write(commit_writes(block.header, world.executed.commit(block.header).result, None))
    world.executed.settle()
    version, archive = world.executed.root_version, Archive(Database(), world.state)
    changed = [key for key in world.state.values if key.startswith(STATE_PREFIX)]
    assert changed
    assert all(version.get(key[1:]) == archive.state_at_tip().get(key[1:]) for key in changed)
    child = world.build(block.header, round_=2, raws=[world.network.transfer(1)])
    assert world.executed.path(child.header.id()) == (child,)


def test_what_a_block_writes_is_known_before_it_is_final() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    done = world.executed.commit(block.header)
    assert done.writes + final_writes(block.header, done.result, None) == commit_writes(block.header, done.result, None)


def test_a_ground_is_one_for_as_long_as_its_block_stands() -> None:
    world = Blocks()
    left = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    right = world.build(world.root, round_=2, raws=[world.network.transfer(0, lane=1)])
    grounds = {block.header.id(): world.executed.ground(block.header.id()) for block in (left, right)}
    assert all(world.executed.is_ground(ground, block_id) for block_id, ground in grounds.items())
    world.executed.commit(right.header)
    assert [world.executed.is_ground(ground, block_id) for block_id, ground in grounds.items()] == [False, True]


def test_what_is_read_meanwhile_stays_what_it_was_while_its_block_is_committed_and_settled() -> None:
    world = Blocks()
    block = world.build(world.root, round_=1, raws=[world.network.transfer(0)])
    version = world.executed.ground(block.header.id()).version
    before = dict(version.iterate(b"", b"\xff"))
    reading = version.iterate(b"", b"\xff")
    first = next(reading)
    world.state.write(commit_writes(block.header, world.executed.commit(block.header).result, None))
    assert dict(version.iterate(b"", b"\xff")) == before
    world.executed.settle()
    assert dict(version.iterate(b"", b"\xff")) == before
    assert dict([first, *reading]) == before
    assert all(version.get(key) == value for key, value in before.items())
