"""How time and ballots move a proposal, and what each end does with the deposit."""

import pytest
from msgspec.structs import replace

from daonode.ledger.snapshots import live
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.messages import CancelProposal, RemoveVote
from daonode.modules.governance.types import Curve
from daonode.primitives.units import Amount, Bps, DurationMs
from tests.unit.modules.governance.dao import ALICE, BALANCES, BOB, CAROL, DAO, DAVE, TOKENS, Dao, make_dao, sections


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def test_a_majority_with_quorum_passes_at_the_end_of_the_decision_and_not_before(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", CAROL)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=TOKENS.decision - 1)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=1)
    assert dao.status(proposal) == "timelocked"
    assert dao.held(ALICE) == BALANCES[ALICE]
    assert live(dao.chain.overlay) == ()


def test_an_early_majority_cuts_nobody_off(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=TOKENS.decision - 1_000)
    dao.vote(proposal, "no", DAVE)
    assert dao.status(proposal) == "deciding"
    dao.next_block(after_ms=1_000)
    assert dao.status(proposal) == "rejected"


def test_a_tie_fails(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", ALICE, CAROL)
    dao.vote(proposal, "no", DAVE)
    assert dao.show(proposal).tally.yes == dao.show(proposal).tally.no
    dao.next_block(after_ms=TOKENS.decision)
    assert dao.status(proposal) == "rejected"


def test_a_rejection_with_quorum_gives_the_deposit_back(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "no", BOB)
    dao.next_block(after_ms=TOKENS.decision)
    assert (dao.status(proposal), dao.held(ALICE)) == ("rejected", BALANCES[ALICE])


def test_a_rejection_for_want_of_quorum_burns_it(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", ALICE)
    dao.next_block(after_ms=TOKENS.decision)
    assert (dao.status(proposal), dao.held(ALICE)) == ("rejected", BALANCES[ALICE] - 50)
    assert dao.chain.broken_invariants() == {}


def test_abstentions_count_for_quorum_and_not_for_approval(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", ALICE)
    dao.vote(proposal, "abstain", CAROL)
    dao.next_block(after_ms=TOKENS.decision)
    assert dao.status(proposal) == "timelocked"


def test_a_majority_of_the_last_moment_has_to_last_for_the_confirmation_period(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.next_block(after_ms=TOKENS.decision - 5_000)
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=5_000)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=14_999)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=1)
    assert dao.status(proposal) == "timelocked"


def test_a_majority_lost_after_the_decisions_end_rejects_at_once(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.next_block(after_ms=TOKENS.decision - 5_000)
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=6_000)
    dao.vote(proposal, "no", DAVE)
    assert dao.status(proposal) == "rejected"
    assert dao.governance.keeper.proposal(dao.chain.overlay, proposal).phase == "rejected"
    assert dao.chain.broken_invariants() == {}


def test_confirmation_begins_anew_where_passing_was_lost(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=TOKENS.decision - 10_000)
    dao.send(CAROL, RemoveVote(proposal=proposal))
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=10_000)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=10_000)
    assert dao.status(proposal) == "timelocked"


def test_a_track_decides_so_many_at_once_and_the_others_wait_in_order(dao: Dao) -> None:
    dao.next_block()
    first, second, third, fourth = (dao.submit(proposer=who) for who in (ALICE, BOB, CAROL, DAVE))
    dao.next_block(after_ms=TOKENS.prepare)
    assert [dao.status(each) for each in (first, second, third, fourth)] == ["deciding"] * 2 + ["queued"] * 2
    dao.send(ALICE, CancelProposal(proposal=first))
    assert [dao.status(each) for each in (third, fourth)] == ["deciding", "queued"]
    dao.next_block()
    assert dao.chain.broken_invariants() == {}
    dao.send(DAVE, CancelProposal(proposal=fourth))
    dao.send(BOB, CancelProposal(proposal=second))
    assert dao.status(fourth) == "cancelled"
    assert dao.chain.broken_invariants() == {}


def test_a_decision_that_begins_late_has_its_whole_period(dao: Dao) -> None:
    proposal = dao.submit()
    dao.next_block(after_ms=TOKENS.prepare + 500_000)
    shown = dao.show(proposal)
    assert shown.status == "deciding"
    assert shown.decision_ends == dao.chain.time_ms + TOKENS.decision


def test_nothing_is_proposed_voted_on_and_executed_in_one_block() -> None:
    immediate = DurationMs(0)
    dao = make_dao(sections(tracks=(replace(TOKENS, prepare=immediate, confirm=immediate, enactment=immediate),)))
    dao.next_block()
    proposal = dao.submit()
    dao.vote(proposal, "yes", CAROL)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=TOKENS.decision)
    assert dao.status(proposal) == "executed"


def test_no_vote_and_no_power_in_the_electorate_rejects() -> None:
    genesis = sections()
    dao = make_dao(genesis)
    proposal = dao.open_poll()
    dao.next_block(after_ms=TOKENS.decision)
    assert dao.status(proposal) == "rejected"
    assert dao.held(ALICE, DAO) == BALANCES[ALICE] - 50


def test_a_falling_support_threshold_is_crossed_by_time_alone_and_the_proposal_executes() -> None:
    falling = Curve(kind="linear", start=Bps(10_000), end=Bps(0))
    dao = make_dao(sections(tracks=(replace(TOKENS, support=falling, prepare=DurationMs(0)),)))
    dao.next_block()
    proposal = dao.submit()
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=69_999)
    assert dao.status(proposal) == "deciding"
    dao.next_block(after_ms=1)
    assert dao.status(proposal) == "confirming"
    dao.next_block(after_ms=TOKENS.decision - 70_000)
    assert dao.status(proposal) == "timelocked"
    dao.next_block(after_ms=TOKENS.enactment)
    assert dao.status(proposal) == "executed"


def test_a_ballot_after_a_crossing_keeps_the_time_since_when_it_passes() -> None:
    falling = Curve(kind="linear", start=Bps(10_000), end=Bps(0))
    dao = make_dao(sections(tracks=(replace(TOKENS, support=falling, prepare=DurationMs(0)),)))
    dao.next_block()
    proposal = dao.submit()
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=95_000)
    dao.vote(proposal, "yes", BOB)
    starts = dao.show(proposal).decision_starts
    assert starts is not None
    assert dao.show(proposal).tally.passing_since == starts + 70_000


def test_a_status_follows_from_the_time_although_no_deadline_was_met(dao: Dao) -> None:
    waiting, prepared = dao.submit(proposer=BOB, deposit=10), dao.submit(proposer=CAROL)
    failing = dao.open_poll(Transfer(destination=BOB, asset=DAO, amount=Amount(1)))
    dao.vote(failing, "yes", CAROL)
    dao.next_block(after_ms=TOKENS.decision)
    dao.chain.next_block(after_ms=TOKENS.enactment)  # By itself the chain of the harness meets no deadlines.
    assert dao.status(failing) == "ready"
    dao.chain.next_block(after_ms=TOKENS.grace)
    assert dao.status(failing) == "expired"
    late = dao.submit(proposer=dao.newcomer("frank"))
    dao.chain.next_block(after_ms=7 * 86_400_000)
    assert (dao.status(waiting), dao.status(prepared), dao.status(late)) == ("timed_out", "rejected", "queued")


def test_a_deadline_that_comes_again_or_too_early_changes_nothing(dao: Dao) -> None:
    proposal = dao.open_poll()
    before = dao.chain.state()
    for item in (proposal, bytes(32)):
        dao.governance.on_deadline(dao.chain.context(ALICE), item)
    assert dao.chain.state() == before
