"""Leader election: deterministic, proportional, and quick to drop the dead."""

from __future__ import annotations

from collections import Counter

from daonode.consensus.leaders import (
    ACTIVE_WEIGHT,
    FAILED_WEIGHT,
    INACTIVE_WEIGHT,
    MAX_FAILED_PROPOSERS,
    MAX_WEIGHED_FAILURES,
    WINDOW_HEIGHTS,
    LeaderSchedule,
    pick,
    reliability_weights,
)
from daonode.consensus.tree import BlockTree, Link
from daonode.primitives.ids import BlockId, ValidatorId
from tests.unit.consensus.chains import CHAIN_ID, EMPTY_PAYLOAD_DIGEST, Maker, make_set

members = make_set(1, 1, 1, 1)
ids = [validator.id for validator in members.validators]


def link(proposer: int, *, failed: tuple[int, ...] = (), signers: tuple[int, ...] = (0, 1, 2)) -> Link:
    return Link(
        id=BlockId(bytes(32)),
        parent_id=BlockId(bytes(32)),
        height=1,
        proposer=ids[proposer],
        failed_proposers=tuple(ids[index] for index in failed),
        qc_signers=signers,
    )


def schedule(maker: Maker) -> LeaderSchedule:
    tree = BlockTree(root=maker.genesis, history=(), links_kept=64, empty_digest=EMPTY_PAYLOAD_DIGEST)
    return LeaderSchedule(chain_id=CHAIN_ID, validators=maker.validators, tree=tree)


def test_without_history_everyone_is_active() -> None:
    assert reliability_weights(members, ()) == (ACTIVE_WEIGHT,) * 4
    assert reliability_weights(members, [link(0)]) == (ACTIVE_WEIGHT,) * 4


def test_in_a_full_window_a_silent_validator_is_inactive() -> None:
    weights = reliability_weights(members, [link(0)] * WINDOW_HEIGHTS)
    assert weights == (ACTIVE_WEIGHT, ACTIVE_WEIGHT, ACTIVE_WEIGHT, INACTIVE_WEIGHT)


def test_a_validator_whose_last_turn_failed_counts_least_until_it_proposes_again() -> None:
    assert reliability_weights(members, [link(0, failed=(2,))])[2] == FAILED_WEIGHT
    assert reliability_weights(members, [link(2), link(0, failed=(2,))])[2] == ACTIVE_WEIGHT
    assert reliability_weights(members, [link(0, failed=(2,)), link(2)])[2] == FAILED_WEIGHT
    assert reliability_weights(members, [link(2, failed=(2,))])[2] == ACTIVE_WEIGHT


def test_power_multiplies() -> None:
    assert reliability_weights(make_set(5, 1), ()) == (5 * ACTIVE_WEIGHT, ACTIVE_WEIGHT)


def test_turns_are_in_proportion_to_weights() -> None:
    turns = Counter(pick((300, 100), seed=b"%d" % round_) for round_ in range(4_000))
    assert 2_850 < turns[0] < 3_150


def test_every_weight_has_turns() -> None:
    turns = Counter(pick((100, 100, 100, 1), seed=b"%d" % round_) for round_ in range(4_000))
    assert turns[3] > 0


def test_the_schedule_is_pinned() -> None:
    maker = Maker()
    leaders = [schedule(maker).leader(round_, extends=maker.genesis.id()) for round_ in range(1, 13)]
    drawn, in_turn = [2, 3, 1], [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert [ids.index(leader) for leader in leaders if leader] == [*drawn, *in_turn]


def test_after_two_failed_rounds_in_a_row_everyone_leads_in_turn_whatever_the_weights_say() -> None:
    maker = Maker()
    first = MAX_WEIGHED_FAILURES + 2
    in_turn = [schedule(maker).leader(first + more, extends=maker.genesis.id()) for more in range(len(ids))]
    assert sorted(ids.index(leader) for leader in in_turn if leader) == list(range(len(ids)))


def test_nobody_leads_on_an_unknown_block() -> None:
    assert schedule(Maker()).leader(1, extends=BlockId(b"?" * 32)) is None


def test_the_leaders_of_skipped_rounds_are_named_up_to_a_bound() -> None:
    maker = Maker()
    leaders = schedule(maker)
    genesis = maker.genesis.id()
    expected: list[ValidatorId | None] = [leaders.leader(round_, extends=genesis) for round_ in (1, 2, 3)]
    assert leaders.failed_proposers(round_=4, qc_round=0, extends=genesis) == tuple(expected)
    assert leaders.failed_proposers(round_=1, qc_round=0, extends=genesis) == ()
    assert len(leaders.failed_proposers(round_=1_000, qc_round=0, extends=genesis)) == MAX_FAILED_PROPOSERS


def test_two_trees_that_share_the_block_agree_wherever_their_roots_are() -> None:
    maker = Maker()
    chain = []
    for round_ in range(1, 60):
        chain.append(maker.block(round_=round_, parent=chain[-1] if chain else None, proposer=round_ % 3))
    low = BlockTree(root=maker.genesis, history=(), links_kept=64, empty_digest=EMPTY_PAYLOAD_DIGEST)
    for block in chain:
        low.insert(block, proposal=None, certified=True, now_ms=0)
    high = BlockTree(
        root=chain[-1].header, history=tuple(chain[-40:]), links_kept=39, empty_digest=EMPTY_PAYLOAD_DIGEST
    )
    tip = chain[-1].header.id()
    one = LeaderSchedule(chain_id=CHAIN_ID, validators=maker.validators, tree=low)
    other = LeaderSchedule(chain_id=CHAIN_ID, validators=maker.validators, tree=high)
    for round_ in range(60, 200):
        assert one.leader(round_, extends=tip) == other.leader(round_, extends=tip)
