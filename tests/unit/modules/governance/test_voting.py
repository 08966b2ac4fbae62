"""Who votes with what power, until when, and what a tally counts."""

import pytest
from msgspec.structs import replace

from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.errors import InvalidText, NoPower, NoVote, VotingClosed
from daonode.modules.governance.messages import RemoveVote, Vote
from daonode.modules.governance.types import ProposalId
from daonode.modules.identity.messages import RegisterMember, RemoveMember
from daonode.primitives.units import Amount, DurationMs
from tests.unit.modules.governance.dao import (
    ALICE,
    BOB,
    CAROL,
    DAO,
    DAVE,
    ERIN,
    FUNDS,
    MEMBERS,
    REGISTRAR,
    TOKENS,
    Dao,
    make_dao,
    sections,
)


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def tally(dao: Dao, proposal: ProposalId) -> tuple[int, int, int]:
    shown = dao.show(proposal).tally
    return shown.yes, shown.no, shown.abstain


def test_a_ballot_counts_the_power_that_was_there_at_the_snapshot(dao: Dao) -> None:
    proposal = dao.open_poll(proposer=DAVE)
    dao.send(ALICE, Transfer(destination=BOB, asset=DAO, amount=Amount(900)))
    dao.vote(proposal, "yes", ALICE, BOB)
    assert tally(dao, proposal) == (3_000, 0, 0)


def test_power_that_arrived_in_the_block_of_the_submission_does_not_count(dao: Dao) -> None:
    dao.next_block()
    dao.send(DAVE, Transfer(destination=ERIN, asset=DAO, amount=Amount(100)))
    proposal = dao.submit()
    dao.next_block(after_ms=TOKENS.prepare)
    with pytest.raises(NoPower, match="no power on track 1"):
        dao.vote(proposal, "yes", ERIN)


def test_a_voter_may_change_its_mind_and_counts_once(dao: Dao) -> None:
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "yes", BOB)
    dao.vote(proposal, "no", BOB)
    assert tally(dao, proposal) == (0, 2_000, 0)
    dao.vote(proposal, "abstain", BOB)
    assert tally(dao, proposal) == (0, 0, 2_000)


def test_a_ballot_that_is_taken_back_counts_nothing(dao: Dao) -> None:
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "yes", BOB, CAROL)
    dao.send(BOB, RemoveVote(proposal=proposal))
    assert tally(dao, proposal) == (3_000, 0, 0)
    with pytest.raises(NoVote):
        dao.send(BOB, RemoveVote(proposal=proposal))


def test_nobody_votes_before_the_decision_begins(dao: Dao) -> None:
    proposal = dao.submit()
    with pytest.raises(VotingClosed, match="it is prepare"):
        dao.vote(proposal, "yes", BOB)


def test_nobody_votes_in_a_block_whose_time_is_the_end(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.next_block(after_ms=TOKENS.decision)
    with pytest.raises(VotingClosed, match="it is rejected"):
        dao.vote(proposal, "yes", BOB)


def test_a_late_deadline_does_not_prolong_voting(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.chain.next_block(after_ms=TOKENS.decision)  # This harness meets no deadlines by itself.
    assert dao.governance.keeper.proposal(dao.chain.overlay, proposal).phase == "deciding"
    assert dao.status(proposal) == "rejected"
    with pytest.raises(VotingClosed, match="ended at 2023-11-14T22:15"):
        dao.vote(proposal, "yes", BOB)


def test_members_have_one_vote_each_and_others_none(dao: Dao) -> None:
    proposal = dao.open_poll(track=MEMBERS)
    dao.vote(proposal, "yes", ALICE, CAROL)
    with pytest.raises(NoPower):
        dao.vote(proposal, "yes", DAVE)
    assert tally(dao, proposal) == (2, 0, 0)
    assert dao.show(proposal).tally.electorate == 3


def test_who_became_or_ceased_to_be_a_member_later_changes_nothing(dao: Dao) -> None:
    proposal = dao.open_poll(track=MEMBERS)
    dao.send(REGISTRAR, RemoveMember(account=BOB))
    dao.send(REGISTRAR, RegisterMember(account=DAVE, name="dave"))
    dao.vote(proposal, "yes", BOB)
    with pytest.raises(NoPower):
        dao.vote(proposal, "no", DAVE)
    assert tally(dao, proposal) == (1, 0, 0)


def test_a_token_track_may_take_ballots_of_members_only() -> None:
    dao = make_dao(sections(tracks=(replace(TOKENS, electorate="members", prepare=DurationMs(0)),)))
    dao.next_block()
    proposal = dao.submit()
    with pytest.raises(NoPower, match="was a member"):
        dao.vote(proposal, "yes", DAVE)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (3_000, 0, 0)


def test_what_the_treasury_and_the_deposits_hold_neither_votes_nor_counts(dao: Dao) -> None:
    dao.submit(deposit=50, proposer=BOB)
    dao.next_block()
    proposal = dao.open_poll()
    with pytest.raises(NoPower):
        dao.vote(proposal, "yes", FUNDS)
    assert dao.show(proposal).tally.electorate == 10_000 - 50


def test_a_reason_is_bounded(dao: Dao) -> None:
    proposal = dao.open_poll()
    with pytest.raises(InvalidText, match="reason: 1025 bytes"):
        dao.send(BOB, Vote(proposal=proposal, choice="yes", reason="x" * 1025))
