"""The block tree: growing, committing, forgetting, and its bounds."""

from __future__ import annotations

from daonode.consensus.tree import MAX_UNCERTIFIED, MAX_UNCERTIFIED_A_ROUND, BlockStatus, BlockTree, Node
from daonode.consensus.types import Block
from tests.unit.consensus.chains import EMPTY_PAYLOAD, EMPTY_PAYLOAD_DIGEST, Maker

maker = Maker()
A = maker.block(round_=1)
B = maker.block(round_=2, parent=A)
C = maker.block(round_=3, parent=B)


def tree() -> BlockTree:
    return BlockTree(root=maker.genesis, history=(), links_kept=5, empty_digest=EMPTY_PAYLOAD_DIGEST)


def insert(into: BlockTree, block: Block, *, certified: bool = False) -> Node | None:
    return into.insert(block, proposal=None, certified=certified, now_ms=0)


def test_a_block_joins_its_parent_and_has_a_path_and_links() -> None:
    """G[0] <- A[1] <- B[2]"""
    grown = tree()
    insert(grown, A)
    insert(grown, B)
    assert [node.header for node in grown.path(B.header.id())] == [A.header, B.header]
    assert [link.height for link in grown.links(B.header.id())] == [2, 1]


def test_a_block_without_its_parent_waits_and_tells_what_is_missing() -> None:
    grown = tree()
    assert insert(grown, C) is None
    assert grown.missing_ancestor(C.header.id()) == B.header.id()
    insert(grown, A)
    insert(grown, B)
    assert [node.id for node in grown.adopt_orphans(lambda node: True)] == [C.header.id()]
    assert grown.missing_ancestor(C.header.id()) is None


def test_an_unwelcome_orphan_is_forgotten() -> None:
    grown = tree()
    insert(grown, B)
    insert(grown, A)
    assert grown.adopt_orphans(lambda node: False) == ()
    assert grown.adopt_orphans(lambda node: True) == ()


def test_a_proposer_has_one_orphan_its_newest() -> None:
    grown = tree()
    insert(grown, C)
    insert(grown, B)
    assert grown.missing_ancestor(C.header.id()) == B.header.id()


def test_committing_keeps_descendants_alone() -> None:
    """G[0] <- A[1] <- B[2], and G[0] <- X[3] <- Y[4]: after A, X and Y are gone."""
    grown = tree()
    x = maker.block(round_=3, tc=maker.tc(2), payload=b"x")
    y = maker.block(round_=4, parent=x, payload=b"y")
    for block in (A, x, B, y):
        insert(grown, block)
    grown.commit(A.header.id())
    assert [node.id for node in grown] == [B.header.id()]
    assert grown.root == A.header
    assert not grown.is_known(x.header.id())
    assert [link.height for link in grown.links(B.header.id())] == [2, 1]
    assert insert(grown, maker.block(round_=1, payload=b"late")) is None


def test_a_round_has_room_for_two_uncertified_blocks_and_any_certified_one() -> None:
    grown = tree()
    blocks = [maker.block(round_=1, payload=bytes([number])) for number in range(4)]
    taken = [insert(grown, block) is not None for block in blocks]
    assert taken == [True] * MAX_UNCERTIFIED_A_ROUND + [False] * (4 - MAX_UNCERTIFIED_A_ROUND)
    assert insert(grown, blocks[3], certified=True) is not None


def test_certified_blocks_do_not_take_the_room_of_new_ones() -> None:
    """However much waits for its commit, the chain can go on: otherwise nothing of it would ever be committed."""
    grown = tree()
    parent: Block | None = None
    for round_ in range(1, MAX_UNCERTIFIED + 2):
        parent = maker.block(round_=round_, parent=parent)
        node = insert(grown, parent)
        assert node is not None
        node.certificate = maker.genesis_qc
    assert grown.is_overgrown
    grown.commit(parent.header.id() if parent is not None else grown.root_id)
    assert not grown.is_overgrown


def test_only_blocks_with_transactions_that_are_not_refused_are_unfinished() -> None:
    grown = tree()
    insert(grown, maker.block(round_=1, payload=EMPTY_PAYLOAD))
    assert not grown.has_unfinished()
    node = insert(grown, A)
    assert node is not None
    assert grown.has_unfinished()
    node.status = BlockStatus.REFUSED
    assert not grown.has_unfinished()


def test_links_reach_below_the_root_as_far_as_they_are_kept() -> None:
    grown = tree()
    parent = None
    for round_ in range(1, 9):
        parent = maker.block(round_=round_, parent=parent)
        insert(grown, parent)
        grown.commit(parent.header.id())
    assert parent is not None
    assert [link.height for link in grown.links(parent.header.id())] == [8, 7, 6, 5, 4]
    assert not grown.is_executed(A.header.id())
    assert grown.is_executed(parent.header.id())
