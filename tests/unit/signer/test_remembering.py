"""A safety state that is older than what its key has signed is told by the node's own stores."""

from __future__ import annotations

import pytest

from daonode.consensus.safety import SafetyState
from daonode.replica.archive import Archive
from daonode.replica.effects import Store
from daonode.replica.layout import block_key
from daonode.signer.errors import SafetyStateOutdated
from daonode.signer.remembering import check_remembered, is_voted_block_kept
from daonode.testing.faults import CrashAll
from daonode.testing.node import Node
from daonode.testing.scenarios import Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import make_world


@pytest.fixture(name="node")
def node_of_a_run() -> Node:
    run = Simulation(
        seed=1,
        world=make_world(4),
        scenario=Scenario("quiet", min_commits=5),
        cast={},
        faults=(CrashAll(at_ms=2_000, outage_ms=500),),
        interference=None,
        trace=Trace(),
    )
    run.run()
    return run.nodes[0]


def first_state(node: Node) -> SafetyState:
    return node.world.chain.initial_safety(node.world.secrets[0].public_key)


def test_the_state_that_was_persisted_last_is_the_newest(node: Node) -> None:
    check_remembered(node.disk.safety, node.archive)


def test_a_state_from_before_what_was_signed_is_refused_and_the_round_is_named(node: Node) -> None:
    with pytest.raises(SafetyStateOutdated, match="knows of none after round 0") as caught:
        check_remembered(first_state(node), node.archive)
    assert caught.value.signed > caught.value.remembered


def test_a_store_that_is_at_the_beginning_tells_nothing(node: Node) -> None:
    fresh = Node(index=0, world=node.world, around=node.around, disk=type(node.disk)(first_state(node)))
    fresh.disk.stores[Store.STATE].write(node.world.chains[0].genesis_writes(), sync=True)
    check_remembered(node.disk.safety, fresh.archive)
    assert not is_voted_block_kept(node.disk.safety, fresh.archive)


def test_a_block_that_was_voted_for_and_is_gone_is_noticed(node: Node) -> None:
    last = node.disk.safety.last_vote
    assert last is not None
    assert is_voted_block_kept(node.disk.safety, node.archive)
    newer = node.disk.stores[Store.BLOCKS]
    newer.write(((block_key(last.statement.block_id), None),), sync=True)
    committed = Archive(newer, node.disk.stores[Store.STATE]).committed(node.archive.tip().height)
    assert committed is not None
    is_newer = last.statement.round > committed.header.round
    assert is_voted_block_kept(node.disk.safety, node.archive) is not is_newer
