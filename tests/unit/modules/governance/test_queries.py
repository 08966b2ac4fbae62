"""What governance answers, by name and number, page by page, in JSON."""

import pytest

from daonode.ledger.errors import QueryError
from daonode.modules.governance.errors import UnknownProposal
from daonode.modules.governance.messages import Delegate
from daonode.modules.governance.queries import (
    NoArguments,
    PowerArguments,
    ProposalArguments,
    ProposalsArguments,
    ProposalsResult,
    TrackDeposits,
    TracksResult,
    VoteArguments,
    VoteResult,
    VotesArguments,
    VotesResult,
)
from daonode.modules.governance.types import ProposalId
from daonode.primitives.codec import Record
from daonode.primitives.json_form import to_json
from daonode.primitives.units import Amount
from tests.unit.modules.governance.dao import ALICE, BOB, CAROL, DAVE, ERIN, MEMBERS, TOKENS, TRACKS, Dao, make_dao


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def ask(dao: Dao, name: str, arguments: Record) -> Record:
    return dao.chain.ask(dao.governance, name, arguments)


def test_a_proposal_is_found_by_id_and_by_number(dao: Dao) -> None:
    proposal = dao.submit()
    for name in (proposal.hex(), f"0x{proposal.hex()}", "1", "#1"):
        assert to_json(ask(dao, "proposal", ProposalArguments(proposal=name)))["id"] == f"0x{proposal.hex()}"


@pytest.mark.parametrize(("name", "says"), [("2", "no proposal number 2"), ("pay", "names no proposal")])
def test_a_name_of_no_proposal_says_so(dao: Dao, name: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        ask(dao, "proposal", ProposalArguments(proposal=name))


def test_an_id_of_no_proposal_is_not_found(dao: Dao) -> None:
    with pytest.raises(UnknownProposal):
        ask(dao, "proposal", ProposalArguments(proposal="00" * 32))


def test_a_proposal_shows_its_tally_quorum_times_and_actions_in_json(dao: Dao) -> None:
    proposal = dao.open_poll(Delegate(track=TOKENS.id, to=BOB))
    dao.vote(proposal, "yes", CAROL)
    shown = to_json(ask(dao, "proposal", ProposalArguments(proposal="1")))
    assert shown["status"] == "confirming"
    assert shown["tally"]["yes"] == "3000"
    assert shown["tally"]["quorum"] == "2000"
    assert shown["tally"]["electorate"] == "10000"
    assert shown["next_change"] == shown["decision_ends"] == "2023-11-14T22:15:12.000Z"
    assert shown["actions"][0]["type"] == "governance.Delegate"


def test_proposals_are_listed_from_the_newest_in_pages_that_new_ones_do_not_shift(dao: Dao) -> None:
    for number in range(5):
        dao.submit(title=f"p{number}", proposer=dao.newcomer(f"proposer {number}"))
    first = ask(dao, "proposals", ProposalsArguments(limit=2))
    dao.submit(title="new")
    assert isinstance(first, ProposalsResult)
    second = ask(dao, "proposals", ProposalsArguments(limit=3, cursor=first.next_cursor))
    assert isinstance(second, ProposalsResult)
    assert [item.title for item in (*first.items, *second.items)] == ["p4", "p3", "p2", "p1", "p0"]
    assert second.next_cursor is None


def test_a_list_is_narrowed_by_status_and_track(dao: Dao) -> None:
    dao.next_block()
    dao.submit(track=MEMBERS, title="deciding")
    dao.submit(track=TOKENS, title="prepare")
    dao.submit(track=TOKENS, title="deposit", deposit=10, proposer=BOB)
    for arguments in (ProposalsArguments(status="deciding"), ProposalsArguments(track=MEMBERS.id)):
        page = ask(dao, "proposals", arguments)
        assert isinstance(page, ProposalsResult)
        assert [item.title for item in page.items] == ["deciding"]


def test_votes_are_listed_in_pages_without_ballots_that_were_never_cast(dao: Dao) -> None:
    dao.send(ALICE, Delegate(track=TOKENS.id, to=ERIN))
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "yes", ALICE, BOB, CAROL, DAVE)
    voters, cursor = [], None
    for _ in range(4):
        page = ask(dao, "votes", VotesArguments(proposal="1", cursor=cursor, limit=2))
        assert isinstance(page, VotesResult)
        voters += [item.voter for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert voters == sorted((ALICE, BOB, CAROL, DAVE))


def test_a_vote_shows_its_weight(dao: Dao) -> None:
    dao.send(ALICE, Delegate(track=TOKENS.id, to=BOB))
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "no", BOB, ALICE)
    answer = ask(dao, "vote", VoteArguments(proposal="1", voter=BOB))
    assert answer == VoteResult(voter=BOB, choice="no", weight=2_000, own=2_000, received=1_000, overridden=1_000)
    with pytest.raises(QueryError, match="no ballot on proposal 1"):
        ask(dao, "vote", VoteArguments(proposal="1", voter=ERIN))


def test_a_page_that_no_list_gave_is_refused(dao: Dao) -> None:
    dao.submit()
    for name, arguments in (
        ("proposals", ProposalsArguments(cursor="x")),
        ("votes", VotesArguments(proposal="1", cursor="x")),
    ):
        with pytest.raises(QueryError, match="is no cursor"):
            ask(dao, name, arguments)


def test_tracks_and_parameters_are_shown(dao: Dao) -> None:
    dao.submit()
    deposits = tuple(
        TrackDeposits(track=track.id, submission=Amount(10), decision=Amount(50), live=int(track is TOKENS))
        for track in TRACKS
    )
    assert ask(dao, "tracks", NoArguments()) == TracksResult(items=TRACKS, deposits=deposits)
    assert to_json(ask(dao, "params", NoArguments()))["deposit_period"] == "7d"


def test_power_at_a_height_that_is_not_there_is_refused(dao: Dao) -> None:
    with pytest.raises(QueryError, match="height 9 is not committed"):
        ask(dao, "voting_power", PowerArguments(account=ALICE, track=TOKENS.id, height=9))


def test_every_query_has_a_json_form_of_its_arguments_and_result(dao: Dao) -> None:
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "yes", ALICE)
    arguments: dict[str, Record] = {
        "proposal": ProposalArguments(proposal="1"),
        "proposals": ProposalsArguments(),
        "vote": VoteArguments(proposal="1", voter=ALICE),
        "votes": VotesArguments(proposal="1"),
        "tracks": NoArguments(),
        "voting_power": PowerArguments(account=ALICE, track=TOKENS.id),
        "params": NoArguments(),
    }
    for name, each in arguments.items():
        to_json(each)
        to_json(ask(dao, name, each))
    assert isinstance(proposal, bytes)
    assert ProposalId(proposal) == proposal
