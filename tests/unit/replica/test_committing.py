"""The batch of a commit, proofs within a range, and pruning that keeps pace and takes nothing that is needed."""

from __future__ import annotations

import pytest

from daonode.consensus.types import Block, TwoChain
from daonode.primitives.codec import encode
from daonode.primitives.state_proof import verify_state_proof
from daonode.replica.archive import Archive
from daonode.replica.committing import LEAST_KEPT_VERSIONS, MIN_PRUNED_A_COMMIT, Pruning, proofs_of
from daonode.replica.durable import DurableBlocks
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import NODE_PREFIX, STALE_PREFIX, STATE_PREFIX, StaleNodes, height_key
from tests.unit.consensus.chains import Maker
from tests.unit.replica.network import Database, Network, make_test_chain

maker = Maker()


def chain(*rounds: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for round_ in rounds:
        blocks.append(maker.block(round_=round_, parent=blocks[-1] if blocks else None))
    return tuple(blocks)


# rounds  1 - 2 - 3 - 5 - 6:  3 has no child in round 4; 5's child is the last, whose QC stands nowhere yet
def test_a_range_holds_the_proofs_of_blocks_whose_child_is_of_the_next_round() -> None:
    blocks = chain(1, 2, 3, 5, 6)
    proof = maker.commit(blocks[-1])
    proofs = proofs_of(blocks, proof)
    assert proofs == (
        TwoChain(child=blocks[1].header, qc=blocks[2].qc),
        TwoChain(child=blocks[2].header, qc=blocks[3].qc),
        None,
        None,
        proof,
    )
    for each in proofs:
        if each is not None:
            maker.verifier().check_proof(each)


def test_a_single_block_has_the_proof_that_committed_it() -> None:
    (block,) = chain(1)
    assert proofs_of((block,), maker.commit(block)) == (maker.commit(block),)


def stale(database: Database, *, height: int, count: int) -> None:
    node_keys = tuple(height.to_bytes(4, "big") + number.to_bytes(4, "big") for number in range(count))
    database.values[height_key(STALE_PREFIX, height)] = encode(StaleNodes(node_keys=node_keys))
    database.values |= {NODE_PREFIX + node_key: b"node" for node_key in node_keys}


def test_only_what_no_kept_version_needs_is_pruned() -> None:
    database = Database()
    for height in (1, 2, 3):
        stale(database, height=height, count=2)
    pruning = Pruning(database, kept_versions=10)
    assert pruning.writes(tip_height=10, written_height=9, made_obsolete=0) == ()
    database.write(pruning.writes(tip_height=12, written_height=11, made_obsolete=0))
    assert len(database.values) == 3
    database.write(pruning.writes(tip_height=13, written_height=12, made_obsolete=0))
    assert database.values == {}


def heights_kept(database: Database) -> list[int]:
    return sorted(int.from_bytes(key[1:9], "big") for key in database.values if key.startswith(STALE_PREFIX))


def commit_each(database: Database, pruning: Pruning, heights: range, *, count: int) -> None:
    """Commit one block a height that makes so many nodes obsolete."""
    for height in heights:
        database.write(pruning.writes(tip_height=height, written_height=height - 1, made_obsolete=count))
        stale(database, height=height, count=count)


def test_fewer_versions_are_kept_where_they_keep_too_many_nodes() -> None:
    database = Database()
    pruning = Pruning(database, kept_versions=1_000, kept_nodes=500)
    commit_each(database, pruning, range(1, 201), count=5)
    assert heights_kept(database) == list(range(101, 201))
    commit_each(database, pruning, range(201, 301), count=50)
    assert heights_kept(database) == list(range(301 - LEAST_KEPT_VERSIONS, 301))
    commit_each(database, pruning, range(301, 801), count=0)
    assert heights_kept(database)[0] == 291


def test_after_a_restart_as_many_versions_are_kept_as_before() -> None:
    database = Database()
    commit_each(database, Pruning(database, kept_versions=1_000, kept_nodes=500), range(1, 201), count=5)
    commit_each(database, Pruning(database, kept_versions=1_000, kept_nodes=500), range(201, 203), count=5)
    assert heights_kept(database) == list(range(103, 203))


def test_a_commit_prunes_no_further_height_after_a_bound_and_twice_what_it_makes_obsolete() -> None:
    database = Database()
    for height in (1, 2, 3, 4):
        stale(database, height=height, count=MIN_PRUNED_A_COMMIT)
    pruning = Pruning(database, kept_versions=0)
    database.write(pruning.writes(tip_height=4, written_height=4, made_obsolete=0))
    assert min(database.values) == NODE_PREFIX + (2).to_bytes(4, "big") + bytes(4)
    database.write(pruning.writes(tip_height=5, written_height=4, made_obsolete=1))
    assert min(database.values) == NODE_PREFIX + (4).to_bytes(4, "big") + bytes(4)
    database.write(pruning.writes(tip_height=6, written_height=4, made_obsolete=0))
    assert database.values == {}


def test_stale_nodes_that_cannot_be_read_are_named() -> None:
    database = Database()
    database.values[height_key(STALE_PREFIX, 7)] = b"damaged"
    with pytest.raises(RecordDamaged, match="the stale nodes of height 7"):
        Pruning(database, kept_versions=0).writes(tip_height=9, written_height=8, made_obsolete=0)


def test_what_the_same_commit_makes_obsolete_is_pruned_by_a_later_one() -> None:
    database = Database()
    pruning = Pruning(database, kept_versions=0)
    assert pruning.writes(tip_height=5, written_height=0, made_obsolete=3) == ()
    stale(database, height=4, count=3)
    database.write(pruning.writes(tip_height=6, written_height=5, made_obsolete=0))
    assert database.values == {}


def test_what_a_restart_forgot_to_prune_is_found_again() -> None:
    database = Database()
    stale(database, height=1, count=3)
    database.write(Pruning(database, kept_versions=0).writes(tip_height=9, written_height=8, made_obsolete=0))
    assert database.values == {}


@pytest.mark.parametrize("kept_versions", [0, 1, 3])
def test_a_pruned_node_proves_every_key_at_its_tip(kept_versions: int) -> None:
    network = Network(1, kept_versions=kept_versions)
    node = network.nodes[0]
    for sequence in range(8):
        network.submit(node, network.transfer(sequence))
        network.run(300)
    root = node.committed[-1].state_root
    keys = [key[len(STATE_PREFIX) :] for key in node.state.values if key.startswith(STATE_PREFIX)]
    assert keys
    for key in keys:
        assert verify_state_proof(root, key, node.archive.state_at_tip().get(key), node.archive.prove(key))
    marked = sorted({int.from_bytes(key[1:9], "big") for key in node.state.values if key.startswith(STALE_PREFIX)})
    assert marked == list(range(9 - max(kept_versions, 1), 9))


def test_an_abandoned_block_is_deleted_with_the_commit_of_its_round_and_not_before() -> None:
    database, state = Database(), Database()
    state.write(make_test_chain(4)[0].genesis_writes())
    durable = DurableBlocks(Archive(database, state))
    first = maker.block(round_=1)
    rival = maker.block(round_=2, payload=b"rival")
    second = maker.block(round_=3, parent=first)
    for block in (first, rival, second):
        persist = durable.write(block)
        assert persist.sync
        database.write(persist.writes)
    database.write(durable.settle((first,)).writes)
    assert encode(rival) in database.values.values()
    database.write(durable.settle((second,)).writes)
    assert sorted(database.values.values()) == sorted([encode(first), encode(second)])
