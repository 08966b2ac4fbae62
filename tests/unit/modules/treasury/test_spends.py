"""Who approves a spend, within what cap, and how it comes to be paid or not."""

import pytest
from msgspec.structs import replace

from daonode.modules.accounts.messages import Transfer
from daonode.modules.treasury.errors import InsufficientFunds, NotApproved, NotPayable, UnknownSpend
from daonode.modules.treasury.events import SpendApproved, SpendPaid
from daonode.modules.treasury.messages import ApproveSpend, Payout, VoidSpend
from daonode.modules.treasury.queries import AssetArguments, BalanceResult, SpendArguments, SpendResult
from daonode.modules.treasury.types import SpendId
from daonode.primitives.units import Amount, TimeMs
from tests.unit.modules.governance.dao import (
    ALICE,
    BOB,
    DAO,
    ERIN,
    FUNDED,
    FUNDS,
    GOLD,
    MEMBERS,
    ROOT,
    TOKENS,
    TRACKS,
    Dao,
    make_dao,
    sections,
)

SPEND = ApproveSpend(asset=DAO, amount=Amount(700), beneficiary=ERIN)
TOO_MUCH = ApproveSpend(asset=GOLD, amount=Amount(400), beneficiary=ERIN)


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def show(dao: Dao, number: int = 1) -> SpendResult:
    answer = dao.chain.ask(dao.treasury, "spend", SpendArguments(spend=SpendId(number)))
    assert isinstance(answer, SpendResult)
    return answer


def empty_gold(dao: Dao, amount: int) -> None:
    """Leave the treasury less gold than spends need."""
    spend = ApproveSpend(asset=GOLD, amount=Amount(amount), beneficiary=ALICE)
    assert dao.status(dao.approve(spend, track=ROOT)) == "executed"


def test_an_approved_spend_is_paid_at_once(dao: Dao) -> None:
    proposal = dao.approve(SPEND)
    shown = show(dao)
    assert (shown.status, shown.proposal, shown.track) == ("paid", proposal, TOKENS.id)
    assert (dao.held(ERIN), dao.held(FUNDS)) == (700, FUNDED - 700)
    assert [type(event) for event in dao.chain.events if isinstance(event, (SpendApproved, SpendPaid))] == [
        SpendApproved,
        SpendPaid,
    ]


def test_a_cap_counts_the_whole_batch_of_a_proposal(dao: Dao) -> None:
    halves = [replace(SPEND, amount=Amount(5_000))] * 2
    assert dao.status(dao.approve(*halves)) == "executed"
    proposal = dao.approve(*halves, replace(SPEND, amount=Amount(1)))
    assert dao.status(proposal) == "execution_failed"
    assert "would commit 10001 dao, track 1 allows 10000" in dao.refusal(proposal)
    assert dao.held(ERIN) == 10_000
    assert dao.chain.broken_invariants() == {}


def test_an_asset_without_a_cap_cannot_be_spent() -> None:
    dao = make_dao(sections(tracks=(replace(TOKENS, spend_caps=()), *TRACKS[1:])))
    proposal = dao.approve(SPEND)
    assert "track 1 allows 0" in dao.refusal(proposal)


def test_a_spend_waits_until_it_is_valid(dao: Dao) -> None:
    start = TimeMs(dao.chain.time_ms + 500_000)
    dao.approve(replace(SPEND, valid_from=start))
    assert (show(dao).status, show(dao).next_change) == ("approved", start)
    with pytest.raises(NotPayable, match="is valid from"):
        dao.send(BOB, Payout(spend=SpendId(1)))
    dao.next_block(after_ms=start - dao.chain.time_ms)
    assert (show(dao).status, dao.held(ERIN)) == ("paid", 700)


def test_what_the_treasury_does_not_have_fails_and_is_tried_again_by_anyone(dao: Dao) -> None:
    empty_gold(dao, 500)
    empty_gold(dao, 300)
    dao.approve(TOO_MUCH)
    assert show(dao, 3).status == "failed"
    assert show(dao, 3).error == "insufficient_balance (code 2000)"
    with pytest.raises(InsufficientFunds, match="holds 200 gold, spend 3 needs 400"):
        dao.send(BOB, Payout(spend=SpendId(3)))
    dao.send(ALICE, Transfer(destination=FUNDS, asset=GOLD, amount=Amount(200)))
    dao.send(BOB, Payout(spend=SpendId(3)))
    assert (show(dao, 3).status, dao.held(ERIN, GOLD)) == ("paid", 400)
    with pytest.raises(NotPayable, match="spend 3 is paid"):
        dao.send(BOB, Payout(spend=SpendId(3)))
    assert dao.chain.broken_invariants() == {}


def test_a_failed_spend_expires(dao: Dao) -> None:
    empty_gold(dao, 500)
    empty_gold(dao, 300)
    end = TimeMs(dao.chain.time_ms + 500_000)
    dao.approve(replace(TOO_MUCH, expire_at=end))
    dao.send(ALICE, Transfer(destination=FUNDS, asset=GOLD, amount=Amount(200)))
    dao.next_block(after_ms=end - dao.chain.time_ms)
    assert show(dao, 3).status == "expired"
    with pytest.raises(NotPayable, match="spend 3 is expired"):
        dao.send(BOB, Payout(spend=SpendId(3)))
    balance = dao.chain.ask(dao.treasury, "balance", AssetArguments(asset=GOLD))
    assert balance == BalanceResult(account=FUNDS, asset=GOLD, amount=Amount(400), committed=Amount(0))
    assert dao.chain.broken_invariants() == {}


def test_the_same_track_or_a_more_critical_one_voids_a_spend(dao: Dao) -> None:
    later = replace(SPEND, valid_from=TimeMs(dao.chain.time_ms + 10_000_000))
    dao.approve(later, later)
    assert dao.status(dao.approve(VoidSpend(spend=SpendId(1)))) == "executed"
    assert dao.status(dao.approve(VoidSpend(spend=SpendId(2)), track=ROOT)) == "executed"
    assert (show(dao, 1).status, show(dao, 2).status) == ("voided", "voided")
    dao.next_block(after_ms=10_000_000)
    assert dao.held(ERIN) == 0
    assert dao.chain.broken_invariants() == {}


def test_another_track_of_no_higher_rank_does_not_void_it(dao: Dao) -> None:
    dao.approve(replace(SPEND, valid_from=TimeMs(dao.chain.time_ms + 10_000_000)))
    proposal = dao.open_poll(VoidSpend(spend=SpendId(1)), track=MEMBERS)
    dao.vote(proposal, "yes", ALICE, BOB)
    dao.next_block(after_ms=MEMBERS.decision)
    dao.next_block(after_ms=MEMBERS.enactment)
    assert "criticality 1; track 2 has 1" in dao.refusal(proposal)
    assert show(dao).status == "approved"


def test_what_was_paid_is_not_voided(dao: Dao) -> None:
    dao.approve(SPEND)
    assert "spend 1 is paid" in dao.refusal(dao.approve(VoidSpend(spend=SpendId(1))))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": Amount(0)}, "the amount is 0"),
        ({"beneficiary": FUNDS}, "the treasury itself"),
        ({"asset": ""}, "Expected `str` of length >= 1"),
        ({"asset": "EUR"}, "matching regex"),
        ({"expire_at": TimeMs(1)}, "would expire at 1970"),
    ],
)
def test_a_spend_that_could_never_be_paid_is_refused(dao: Dao, change: dict[str, object], says: str) -> None:
    assert says in dao.refusal(dao.approve(replace(SPEND, **change)))


def test_nobody_approves_or_voids_by_a_transaction(dao: Dao) -> None:
    dao.approve(replace(SPEND, valid_from=TimeMs(dao.chain.time_ms + 10_000_000)))
    for message in (SPEND, VoidSpend(spend=SpendId(1))):
        with pytest.raises(NotApproved, match="only the actions of an executed proposal"):
            dao.send(ALICE, message)


def test_a_spend_that_is_not_there_says_so(dao: Dao) -> None:
    with pytest.raises(UnknownSpend, match="no spend 7"):
        dao.send(ALICE, Payout(spend=SpendId(7)))


def test_funding_is_a_plain_transfer(dao: Dao) -> None:
    dao.send(BOB, Transfer(destination=FUNDS, asset=DAO, amount=Amount(500)))
    balance = dao.chain.ask(dao.treasury, "balance", AssetArguments())
    assert balance == BalanceResult(account=FUNDS, asset=DAO, amount=Amount(FUNDED + 500), committed=Amount(0))
