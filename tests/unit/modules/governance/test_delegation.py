"""Delegation on a track: what a delegate's ballot counts, and a delegator that votes itself."""

import itertools

import pytest

from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.errors import InvalidDelegation, NoPower
from daonode.modules.governance.messages import Delegate, RemoveVote, Undelegate
from daonode.modules.governance.queries import AccountOnTrack, DelegationResult, PowerArguments, PowerResult
from daonode.modules.governance.types import MAX_DELEGATION_CHAIN, ProposalId
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount
from tests.unit.modules.chain import address
from tests.unit.modules.governance.dao import ALICE, BOB, CAROL, DAO, DAVE, ERIN, MEMBERS, TOKENS, Dao, make_dao


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def delegate(dao: Dao, delegator: Address, to: Address) -> None:
    dao.send(delegator, Delegate(track=TOKENS.id, to=to))


def poll(dao: Dao) -> ProposalId:
    """A poll proposed by somebody whose power the test does not count."""
    dao.send(DAVE, Transfer(destination=address("proposer"), asset=DAO, amount=Amount(50)))
    return dao.open_poll(proposer=address("proposer"))


def tally(dao: Dao, proposal: ProposalId) -> tuple[int, int]:
    shown = dao.show(proposal).tally
    return shown.yes, shown.no


def test_a_delegates_ballot_counts_what_was_delegated_to_it(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    delegate(dao, BOB, CAROL)
    proposal = poll(dao)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (6_000, 0)


def test_a_delegate_without_power_of_its_own_votes_with_what_it_received(dao: Dao) -> None:
    delegate(dao, ALICE, ERIN)
    proposal = poll(dao)
    dao.vote(proposal, "no", ERIN)
    assert tally(dao, proposal) == (0, 1_000)


def test_delegation_holds_on_its_track_only(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    proposal = dao.open_poll(track=MEMBERS)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (1, 0)


@pytest.mark.parametrize("delegator_first", [True, False])
def test_a_delegator_that_votes_itself_takes_exactly_its_power_whoever_votes_first(
    dao: Dao, delegator_first: bool
) -> None:
    delegate(dao, ALICE, CAROL)
    delegate(dao, BOB, CAROL)
    proposal = poll(dao)
    if delegator_first:
        dao.vote(proposal, "no", ALICE)
    dao.vote(proposal, "yes", CAROL)
    if not delegator_first:
        dao.vote(proposal, "no", ALICE)
    assert tally(dao, proposal) == (5_000, 1_000)
    assert dao.chain.broken_invariants() == {}


def test_an_override_that_is_taken_back_counts_with_the_delegate_again(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    proposal = poll(dao)
    dao.vote(proposal, "no", ALICE)
    dao.vote(proposal, "yes", CAROL)
    dao.send(ALICE, RemoveVote(proposal=proposal))
    assert tally(dao, proposal) == (4_000, 0)
    dao.send(CAROL, RemoveVote(proposal=proposal))
    assert tally(dao, proposal) == (0, 0)


def test_an_override_holds_for_one_poll_and_leaves_the_delegation(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    dao.vote(poll(dao), "no", ALICE)
    proposal = dao.open_poll(proposer=BOB)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (4_000, 0)


def test_delegating_or_undelegating_during_a_poll_changes_nothing_in_it(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    proposal = poll(dao)
    dao.send(ALICE, Undelegate(track=TOKENS.id))
    delegate(dao, BOB, CAROL)
    dao.next_block()
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (4_000, 0)
    dao.vote(proposal, "no", ALICE)
    assert tally(dao, proposal) == (3_000, 1_000)


def test_power_that_a_delegator_gains_or_loses_moves_what_its_delegate_received(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    dao.send(BOB, Transfer(destination=ALICE, asset=DAO, amount=Amount(500)))
    dao.next_block()
    dao.send(ALICE, Transfer(destination=ERIN, asset=DAO, amount=Amount(200)))
    proposal = poll(dao)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (4_300, 0)
    assert dao.chain.broken_invariants() == {}


def test_delegation_reaches_one_step_and_no_power_counts_twice(dao: Dao) -> None:
    delegate(dao, ALICE, BOB)
    delegate(dao, BOB, CAROL)
    proposal = poll(dao)
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (5_000, 0)
    dao.vote(proposal, "no", BOB)
    assert tally(dao, proposal) == (3_000, 3_000)


def test_a_new_delegate_replaces_the_old_one(dao: Dao) -> None:
    delegate(dao, ALICE, BOB)
    delegate(dao, ALICE, CAROL)
    answer = dao.chain.ask(dao.governance, "delegation", AccountOnTrack(account=ALICE, track=TOKENS.id))
    assert answer == DelegationResult(delegate=CAROL, received=0)
    power = dao.chain.ask(dao.governance, "voting_power", PowerArguments(account=CAROL, track=TOKENS.id))
    assert power == PowerResult(own=3_000, received=1_000, total=4_000, delegate=None)
    with pytest.raises(InvalidDelegation, match="already"):
        delegate(dao, ALICE, CAROL)


def test_an_account_does_not_delegate_to_itself(dao: Dao) -> None:
    with pytest.raises(InvalidDelegation, match="to itself"):
        delegate(dao, ALICE, ALICE)


def test_a_circle_of_delegations_is_refused_at_any_length(dao: Dao) -> None:
    delegate(dao, ALICE, BOB)
    delegate(dao, BOB, CAROL)
    with pytest.raises(InvalidDelegation, match="through others"):
        delegate(dao, CAROL, ALICE)
    dao.send(BOB, Undelegate(track=TOKENS.id))
    delegate(dao, CAROL, ALICE)


def test_a_chain_of_delegations_is_followed_so_far_and_refused_beyond(dao: Dao) -> None:
    people = [address(f"link {number}") for number in range(MAX_DELEGATION_CHAIN + 1)]
    for delegator, to in itertools.pairwise(people):
        delegate(dao, delegator, to)
    with pytest.raises(InvalidDelegation, match=f"longer than {MAX_DELEGATION_CHAIN}"):
        delegate(dao, ALICE, people[0])


def test_what_is_not_there_cannot_be_ended(dao: Dao) -> None:
    with pytest.raises(InvalidDelegation, match="no delegation on track 1"):
        dao.send(ALICE, Undelegate(track=TOKENS.id))


def test_delegated_power_alone_is_no_power_of_the_delegator_twice(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    proposal = poll(dao)
    with pytest.raises(NoPower):
        dao.vote(proposal, "yes", ERIN)
    dao.vote(proposal, "yes", ALICE, BOB, CAROL, DAVE)
    assert tally(dao, proposal)[0] == dao.show(proposal).tally.electorate - 50


def test_the_delegate_at_the_snapshot_counts_however_often_it_changes_later(dao: Dao) -> None:
    delegate(dao, ALICE, CAROL)
    proposal = poll(dao)
    for to in (BOB, ERIN, DAVE):
        dao.next_block()
        delegate(dao, ALICE, to)
    dao.next_block()
    dao.send(ALICE, Undelegate(track=TOKENS.id))
    dao.vote(proposal, "yes", CAROL)
    assert tally(dao, proposal) == (4_000, 0)
    dao.vote(proposal, "no", ALICE)
    assert tally(dao, proposal) == (3_000, 1_000)
    assert dao.chain.broken_invariants() == {}
