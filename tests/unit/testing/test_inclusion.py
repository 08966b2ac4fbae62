"""The oracle's check of inclusion fires where honest leaders leave out what they have, and nowhere near it."""

from __future__ import annotations

import pytest

from daonode.consensus.types import Header
from daonode.testing import broken
from daonode.testing.broken import InvariantBroken
from daonode.testing.inclusion import ROOM, Inclusion
from daonode.testing.world import make_world
from tests.unit.testing.histories import EVERYONE, NOW_MS, History

GIVEN_MS = NOW_MS - 1


class Chain(History):
    """A history of committed blocks, one a height, each by a leader of one's choice."""

    def __init__(self, *, byzantine: tuple[int, ...] = (), is_calm: bool = True) -> None:
        super().__init__(byzantine=byzantine)
        self.tip: Header = self.genesis
        if is_calm:
            self.oracle.on_calm(GIVEN_MS, [0])

    def transfer(self, sequence: int = 0, *, account: int = 0, lane: int = 0, now_ms: int = NOW_MS) -> bytes:
        return self.world.transfer(account=account, lane=lane, sequence=sequence, now_ms=now_ms)

    def give(self, *transactions: bytes, nodes: tuple[int, ...] = EVERYONE) -> None:
        self.oracle.on_given(GIVEN_MS, nodes, transactions)

    def grow(self, *transactions: bytes, leader: int = 0, failed_rounds: int = 0) -> None:
        round_ = self.tip.round + 1 + failed_rounds
        block = self.block(round_, self.tip, self.genesis_qc, proposer=leader, transactions=transactions)
        self.commits(0, block, None)
        self.tip = block.header


def breaks_with(chain: Chain, *transactions: bytes, leader: int = 0) -> None:
    with pytest.raises(InvariantBroken) as caught:
        chain.grow(*transactions, leader=leader)
    assert caught.value.invariant == broken.INCLUSION


def test_one_of_four_leaders_may_leave_a_transaction_out_and_no_second() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    chain.grow(chain.transfer(account=1), leader=1)
    breaks_with(chain, chain.transfer(account=2), leader=2)


def test_what_stands_in_the_second_block_was_not_left_out() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    chain.grow()
    chain.grow(chain.transfer())
    chain.grow()


def test_another_transaction_of_the_same_place_is_as_good() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    chain.grow(chain.transfer(now_ms=NOW_MS + 5))
    chain.grow()
    chain.grow()


def test_a_leader_that_was_not_given_it_does_not_count() -> None:
    chain = Chain()
    chain.give(chain.transfer(), nodes=(1, 2))
    for leader in (0, 3, 0, 3, 1):
        chain.grow(leader=leader)
    breaks_with(chain, leader=2)


def test_a_byzantine_leader_does_not_count() -> None:
    chain = Chain(byzantine=(3,))
    chain.give(chain.transfer())
    for leader in (3, 3, 0):
        chain.grow(leader=leader)
    breaks_with(chain, leader=1)


def test_what_comes_after_the_block_was_built_does_not_count() -> None:
    chain = Chain()
    chain.oracle.on_given(NOW_MS, EVERYONE, (chain.transfer(),))
    chain.grow()
    chain.grow()


def test_what_a_leader_has_been_given_before_it_started_again_does_not_count() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    chain.oracle.on_restart(NOW_MS, 0, chain.disks[0].safety)
    for leader in (0, 0, 1):
        chain.grow(leader=leader)
    breaks_with(chain, leader=2)


def test_what_was_built_before_the_calm_does_not_count() -> None:
    chain = Chain(is_calm=False)
    chain.give(chain.transfer())
    chain.grow()
    chain.grow()


def test_a_full_block_does_not_count() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    for sequence in range(3):
        chain.grow(*(chain.transfer(sequence, account=1, lane=lane) for lane in range(ROOM)))


def test_after_a_failed_round_one_transaction_fills_a_block() -> None:
    chain = Chain()
    chain.give(chain.transfer())
    for sequence in range(3):
        chain.grow(chain.transfer(sequence, account=1), failed_rounds=1)
    chain.grow(failed_rounds=1)
    breaks_with(chain)


def test_a_transaction_that_another_must_precede_can_wait() -> None:
    chain = Chain()
    chain.give(chain.transfer(1))
    chain.grow()
    chain.grow()
    chain.grow(chain.transfer(0))
    chain.grow()
    breaks_with(chain)


def test_a_transaction_that_is_nowhere_at_the_end_was_lost() -> None:
    world = make_world(4)
    inclusion = Inclusion(world, byzantine=())
    inclusion.on_calm(now_ms=0)
    inclusion.on_given((0,), (world.transfer(account=0, lane=0, sequence=1, now_ms=NOW_MS),), now_ms=NOW_MS)
    inclusion.finish()
    inclusion.on_given((0,), (world.transfer(account=0, lane=0, sequence=0, now_ms=NOW_MS),), now_ms=NOW_MS)
    with pytest.raises(InvariantBroken, match="at the end there is no transaction 0:0 of"):
        inclusion.finish()
