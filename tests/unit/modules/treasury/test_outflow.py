"""The rolling outflow limit: what it lets through, what it defers, and how it changes."""

import pytest
from msgspec.structs import replace

from daonode.modules.treasury.errors import NotApproved, OutflowExhausted
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.treasury.messages import ApproveSpend, Payout, SetOutflowLimit, VoidSpend
from daonode.modules.treasury.queries import (
    AssetArguments,
    OutflowResult,
    SpendArguments,
    SpendResult,
    SpendsArguments,
    SpendsResult,
)
from daonode.modules.treasury.types import OutflowLimit, SpendId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.modules.governance.dao import ALICE, DAO, ERIN, ROOT, Dao, make_dao, sections

WINDOW = 3_600_000
LIMIT = GenesisLimit(asset=DAO, window=DurationMs(WINDOW), limit=Amount(1_000))


@pytest.fixture
def dao() -> Dao:
    return make_dao(sections(limits=(LIMIT,)))


def spend(amount: int, **times: TimeMs) -> ApproveSpend:
    return ApproveSpend(asset=DAO, amount=Amount(amount), beneficiary=ERIN, **times)


def set_limit(limit: int, *, window: int = WINDOW) -> SetOutflowLimit:
    return SetOutflowLimit(asset=DAO, window=DurationMs(window), limit=Amount(limit))


def statuses(dao: Dao) -> list[str]:
    page = dao.chain.ask(dao.treasury, "spends", SpendsArguments(limit=100))
    assert isinstance(page, SpendsResult)
    return [item.status for item in reversed(page.items)]


def show(dao: Dao, number: int) -> SpendResult:
    answer = dao.chain.ask(dao.treasury, "spend", SpendArguments(spend=SpendId(number)))
    assert isinstance(answer, SpendResult)
    return answer


def outflow(dao: Dao) -> OutflowResult:
    answer = dao.chain.ask(dao.treasury, "outflow", AssetArguments())
    assert isinstance(answer, OutflowResult)
    return answer


def test_what_exceeds_the_limit_is_deferred_and_paid_when_the_window_has_room(dao: Dao) -> None:
    dao.approve(spend(700), spend(400))
    paid_at = dao.chain.time_ms
    assert (statuses(dao), dao.held(ERIN)) == (["paid", "claimable"], 700)
    assert show(dao, 2).next_change == paid_at + WINDOW
    dao.next_block(after_ms=WINDOW - 1)
    assert dao.held(ERIN) == 700
    dao.next_block(after_ms=1)
    assert (statuses(dao), dao.held(ERIN)) == (["paid", "paid"], 1_100)
    assert dao.chain.broken_invariants() == {}


def test_a_deferred_spend_is_not_lost_by_its_expiry(dao: Dao) -> None:
    dao.approve(spend(700), spend(400, expire_at=TimeMs(dao.chain.time_ms + 1_000_000)))
    dao.next_block(after_ms=WINDOW)
    assert statuses(dao) == ["paid", "paid"]


def test_deferred_spends_are_paid_in_the_order_of_approval_and_small_ones_do_not_pass(dao: Dao) -> None:
    dao.approve(spend(700), spend(400))
    dao.approve(spend(1))
    assert statuses(dao) == ["paid", "claimable", "claimable"]
    dao.next_block(after_ms=WINDOW)
    assert statuses(dao) == ["paid", "paid", "paid"]


def test_voiding_the_first_lets_the_next_through_by_the_next_try(dao: Dao) -> None:
    dao.approve(spend(700), spend(400), spend(1))
    dao.approve(VoidSpend(spend=SpendId(2)))
    dao.send(ALICE, Payout(spend=SpendId(3)))
    assert statuses(dao) == ["paid", "voided", "paid"]
    assert dao.chain.broken_invariants() == {}


def test_voiding_all_that_waits_takes_the_planned_try_back(dao: Dao) -> None:
    dao.approve(spend(700), spend(400))
    dao.approve(VoidSpend(spend=SpendId(2)))
    assert statuses(dao) == ["paid", "voided"]
    assert dao.chain.broken_invariants() == {}


def test_paying_out_by_hand_does_not_pass_the_limit(dao: Dao) -> None:
    dao.approve(spend(700), spend(400))
    with pytest.raises(OutflowExhausted, match="does not allow 400 dao now") as refusal:
        dao.send(ALICE, Payout(spend=SpendId(2)))
    assert "is tried at 20" in refusal.value.hint


def test_a_spend_above_the_limit_is_refused_unless_the_raise_is_coming(dao: Dao) -> None:
    assert "more than the outflow limit allows" in dao.refusal(dao.approve(spend(1_001)))
    dao.approve(set_limit(2_000), track=ROOT)
    raised_at = dao.chain.time_ms
    dao.approve(spend(1_001))
    assert statuses(dao) == ["claimable"]
    assert show(dao, 1).next_change == raised_at + WINDOW
    dao.next_block(after_ms=raised_at + WINDOW - 1 - dao.chain.time_ms)
    assert dao.held(ERIN) == 0
    dao.next_block(after_ms=1)
    assert dao.held(ERIN) == 1_001


def test_one_proposal_cannot_raise_the_limit_and_spend_by_it(dao: Dao) -> None:
    dao.approve(set_limit(5_000), spend(1_000), spend(3_000), track=ROOT)
    assert statuses(dao) == ["paid", "claimable"]
    dao.next_block(after_ms=WINDOW - 1)
    assert dao.held(ERIN) == 1_000
    dao.next_block(after_ms=1)
    assert dao.held(ERIN) == 4_000


def test_lowering_the_limit_holds_at_once_and_passes_over_what_is_above_it(dao: Dao) -> None:
    dao.approve(spend(700), spend(400), spend(100))
    dao.approve(set_limit(300), track=ROOT)
    assert outflow(dao).limit == OutflowLimit(window=DurationMs(WINDOW), limit=Amount(300))
    dao.next_block(after_ms=WINDOW)
    assert statuses(dao) == ["paid", "claimable", "paid"]
    dao.approve(set_limit(500), track=ROOT)
    assert outflow(dao).pending is not None
    dao.next_block(after_ms=WINDOW)
    assert statuses(dao) == ["paid", "paid", "paid"]
    assert dao.chain.broken_invariants() == {}


def test_another_window_takes_effect_one_window_later(dao: Dao) -> None:
    dao.approve(spend(700))
    dao.approve(set_limit(1_000, window=10 * WINDOW), track=ROOT)
    assert outflow(dao).limit == OutflowLimit(window=DurationMs(WINDOW), limit=Amount(1_000))
    dao.next_block(after_ms=10 * WINDOW)
    assert outflow(dao).limit == OutflowLimit(window=DurationMs(10 * WINDOW), limit=Amount(1_000))


def test_the_first_limit_of_an_asset_holds_at_once() -> None:
    dao = make_dao()
    assert outflow(dao).limit is None
    dao.approve(spend(5_000))
    dao.approve(set_limit(100), track=ROOT)
    dao.approve(spend(60), spend(60))
    assert statuses(dao) == ["paid", "paid", "claimable"]
    assert (outflow(dao).spent, outflow(dao).room) == (60, 40)


def test_only_the_root_origin_sets_limits(dao: Dao) -> None:
    assert "only the root origin" in dao.refusal(dao.approve(set_limit(1)))
    with pytest.raises(NotApproved):
        dao.send(ALICE, set_limit(1))


def test_a_window_of_no_length_or_of_ages_is_refused(dao: Dao) -> None:
    for window in (0, 367 * 86_400_000):
        assert "expected 1ms to 366d" in dao.refusal(dao.approve(set_limit(1, window=window), track=ROOT))


def test_one_deadline_pays_so_many_and_the_rest_follows(dao: Dao) -> None:
    dao.approve(spend(1_000))
    dao.approve(*[spend(10)] * 16)
    dao.approve(*[spend(10)] * 16)
    dao.next_block(after_ms=WINDOW)
    assert statuses(dao).count("paid") == 17
    dao.next_block(after_ms=1)
    assert statuses(dao).count("paid") == 33
    assert dao.chain.broken_invariants() == {}


def test_spends_are_listed_by_status_and_in_pages(dao: Dao) -> None:
    dao.approve(spend(700), spend(400), spend(1))
    waiting = dao.chain.ask(dao.treasury, "spends", SpendsArguments(status="claimable", limit=1))
    assert isinstance(waiting, SpendsResult)
    assert [item.id for item in waiting.items] == [3]
    rest = dao.chain.ask(dao.treasury, "spends", SpendsArguments(cursor=waiting.next_cursor))
    assert isinstance(rest, SpendsResult)
    assert [item.id for item in rest.items] == [2, 1]
    assert rest.next_cursor is None


def test_a_payment_by_one_proposal_leaves_less_for_the_next(dao: Dao) -> None:
    dao.approve(spend(600))
    dao.approve(replace(spend(600), beneficiary=ALICE))
    assert (outflow(dao).spent, outflow(dao).room) == (600, 400)
    assert statuses(dao) == ["paid", "claimable"]
