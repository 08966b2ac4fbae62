"""Governance against a model that counts every poll from nothing, whatever the order of what happens.

The model keeps the holdings and delegations of every height. A poll's tally is recounted account by account: whoever
voted counts its own power there; else its delegate at the snapshot counts it, if that one voted.
"""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from daonode.ledger.errors import TransactionError
from daonode.ledger.origins import module_address, origin_address
from daonode.ledger.snapshots import live
from daonode.modules.accounts.messages import Burn, Transfer
from daonode.modules.governance.errors import AlreadyProposing, NoPower, NoVote, VotingClosed
from daonode.modules.governance.messages import (
    CancelProposal,
    Delegate,
    Execute,
    RemoveVote,
    SubmitProposal,
    Undelegate,
    Vote,
)
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.governance.types import Choice, ProposalId, Track, TrackId
from daonode.modules.identity.messages import RegisterMember, RemoveMember
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount, DurationMs
from tests.unit.modules.governance.dao import (
    ALICE,
    BALANCES,
    BOB,
    CAROL,
    DAO,
    DAVE,
    ERIN,
    MEMBERS,
    REGISTRAR,
    TOKENS,
    make_dao,
    sections,
)

PEOPLE = (ALICE, BOB, CAROL, DAVE, ERIN)
QUICK = {
    "prepare": DurationMs(0),
    "confirm": DurationMs(0),
    "decision": DurationMs(20_000),
    "enactment": DurationMs(2_000),
    "grace": DurationMs(5_000),
}
TRACKS = (replace(TOKENS, **QUICK), replace(MEMBERS, electorate="all", **QUICK))

people = st.sampled_from(PEOPLE)
tracks = st.sampled_from(TRACKS)
choices = st.sampled_from(("yes", "no", "abstain"))
amounts = st.integers(min_value=1, max_value=600)
Delegates = dict[tuple[TrackId, Address], Address]


@dataclass
class Moment:
    """Who had what, and who delegated to whom, at the end of a height."""

    held: dict[Address, int]
    members: set[Address]
    delegates: Delegates

    def power(self, track: Track, account: Address) -> int:
        if track.weight_fn == "member":
            return int(account in self.members)
        return self.held.get(account, 0)

    def total(self, track: Track) -> int:
        return sum(self.power(track, account) for account in PEOPLE)


@dataclass
class Poll:
    """One proposal as the model knows it."""

    proposal: ProposalId
    proposer: Address
    track: Track
    snapshot: Moment
    ends_ms: int | None
    ballots: dict[Address, Choice] = field(default_factory=dict)
    final: tuple[int, int, int] | None = None

    def counted(self) -> tuple[int, int, int]:
        sums = {"yes": 0, "no": 0, "abstain": 0}
        for account in PEOPLE:
            delegate = self.snapshot.delegates.get((self.track.id, account))
            choice = self.ballots.get(account) or (self.ballots.get(delegate) if delegate is not None else None)
            if choice is not None:
                sums[choice] += self.snapshot.power(self.track, account)
        return sums["yes"], sums["no"], sums["abstain"]

    def has_power(self, account: Address) -> bool:
        received = sum(
            self.snapshot.power(self.track, delegator)
            for (track, delegator), delegate in self.snapshot.delegates.items()
            if track == self.track.id and delegate == account
        )
        return self.snapshot.power(self.track, account) + received > 0

    def passes(self) -> bool:
        yes, no, abstain = self.counted()
        total = self.snapshot.total(self.track)
        return total > 0 and yes > no and (yes + no + abstain) * 10_000 >= self.track.quorum * total


class GovernanceMachine(RuleBasedStateMachine):
    """What happens, and what the model says of it."""

    @initialize(delegations=st.lists(st.tuples(people, people), max_size=5))
    def begin(self, delegations: list[tuple[Address, Address]]) -> None:
        self.dao = make_dao(sections(tracks=TRACKS))
        self.held = dict.fromkeys(PEOPLE, 0) | dict(BALANCES)
        self.members = {ALICE, BOB, CAROL}
        self.delegates: Delegates = {}
        self.polls: list[Poll] = []
        self.before = self.moment()
        # Most runs begin with delegations and a poll on each track, because overrides need both.
        for track in TRACKS:
            for delegator, to in delegations:
                if (track.id, delegator) not in self.delegates:
                    self.delegate(track, delegator, to)
        self.next_block(1)
        for track in TRACKS:
            self.submit(track, DAVE, 50)

    def moment(self) -> Moment:
        return Moment(held=dict(self.held), members=set(self.members), delegates=dict(self.delegates))

    def open_polls(self) -> list[Poll]:
        return [poll for poll in self.polls if poll.final is None]

    @rule(source=people, destination=people, amount=amounts)
    def transfer(self, source: Address, destination: Address, amount: int) -> None:
        with contextlib.suppress(TransactionError):
            self.dao.send(source, Transfer(destination=destination, asset=DAO, amount=Amount(amount)))
            self.held[source] -= amount
            self.held[destination] += amount

    @rule(account=people, amount=amounts)
    def burn(self, account: Address, amount: int) -> None:
        with contextlib.suppress(TransactionError):
            self.dao.send(account, Burn(asset=DAO, amount=Amount(amount)))
            self.held[account] -= amount

    @rule(account=people)
    def toggle_membership(self, account: Address) -> None:
        if account in self.members:
            self.dao.send(REGISTRAR, RemoveMember(account=account))
            self.members.remove(account)
        else:
            self.dao.send(REGISTRAR, RegisterMember(account=account, name="somebody"))
            self.members.add(account)

    @rule(track=tracks, delegator=people, to=people)
    def delegate(self, track: Track, delegator: Address, to: Address) -> None:
        following: Address | None = to
        while following is not None and following != delegator:
            following = self.delegates.get((track.id, following))
        refused = following == delegator or self.delegates.get((track.id, delegator)) == to
        message = Delegate(track=track.id, to=to)
        if refused:
            with pytest.raises(TransactionError):
                self.dao.send(delegator, message)
        else:
            self.dao.send(delegator, message)
            self.delegates[track.id, delegator] = to

    @rule(track=tracks, delegator=people)
    def undelegate(self, track: Track, delegator: Address) -> None:
        if self.delegates.pop((track.id, delegator), None) is not None:
            self.dao.send(delegator, Undelegate(track=track.id))

    @rule(track=tracks, proposer=people, deposit=st.sampled_from((10, 50)))
    def submit(self, track: Track, proposer: Address, deposit: int) -> None:
        if self.held[proposer] < deposit:
            return
        message = SubmitProposal(
            track=track.id, kind="standard", title="t", body="", actions=(), deposit=Amount(deposit)
        )
        if any((poll.track.id, poll.proposer) == (track.id, proposer) for poll in self.open_polls()):
            with pytest.raises(AlreadyProposing):
                self.dao.send(proposer, message)
            return
        proposal = self.dao.submit(proposer=proposer, track=track, deposit=deposit)
        self.held[proposer] -= deposit
        shown = self.dao.show(proposal)
        assert shown.tally.electorate == self.before.total(track)
        self.polls.append(
            Poll(proposal=proposal, proposer=proposer, track=track, snapshot=self.before, ends_ms=shown.decision_ends)
        )

    @precondition(lambda self: self.open_polls())
    @rule(data=st.data(), voters=st.lists(people, unique=True, min_size=1), choice=choices)
    def vote_on_an_open_poll(self, data: st.DataObject, voters: list[Address], choice: Choice) -> None:
        poll = data.draw(st.sampled_from(self.open_polls()))
        for voter in voters:
            self.vote(poll, voter, choice)

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), voter=people, choice=choices)
    def vote_on_any_poll(self, data: st.DataObject, voter: Address, choice: Choice) -> None:
        self.vote(data.draw(st.sampled_from(self.polls)), voter, choice)

    def vote(self, poll: Poll, voter: Address, choice: Choice) -> None:
        message = Vote(proposal=poll.proposal, choice=choice)
        if not self.is_deciding(poll):
            with pytest.raises(VotingClosed):
                self.dao.send(voter, message)
        elif not poll.has_power(voter):
            with pytest.raises(NoPower):
                self.dao.send(voter, message)
        else:
            self.dao.send(voter, message)
            poll.ballots[voter] = choice

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), voter=people)
    def remove_vote(self, data: st.DataObject, voter: Address) -> None:
        poll = data.draw(st.sampled_from(self.open_polls() or self.polls))
        if not self.is_deciding(poll):
            with pytest.raises(VotingClosed):
                self.dao.send(voter, RemoveVote(proposal=poll.proposal))
        elif voter not in poll.ballots:
            with pytest.raises(NoVote):
                self.dao.send(voter, RemoveVote(proposal=poll.proposal))
        else:
            self.dao.send(voter, RemoveVote(proposal=poll.proposal))
            del poll.ballots[voter]

    @precondition(lambda self: self.polls)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        poll = data.draw(st.sampled_from(self.polls))
        if poll.final is None:
            burned = DEFAULT_PARAMS.cancel_burn if self.is_deciding(poll) else 0
            self.dao.send(poll.proposer, CancelProposal(proposal=poll.proposal))
            self.settle(poll)
            self.held[poll.proposer] -= -(-self.dao.show(poll.proposal).deposit * burned // 10_000)
        else:
            with pytest.raises(TransactionError):
                self.dao.send(poll.proposer, CancelProposal(proposal=poll.proposal))

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), caller=people)
    def execute_out_of_turn(self, data: st.DataObject, caller: Address) -> None:
        """What is not ready is never executed; what is ready was executed by itself."""
        poll = data.draw(st.sampled_from(self.polls))
        with pytest.raises(TransactionError):
            self.dao.send(caller, Execute(proposal=poll.proposal))

    @rule(after_ms=st.sampled_from((1, 1, 1_000, 1_000, 4_000, 20_000, 700_000_000)))
    def next_block(self, after_ms: int) -> None:
        self.before = self.moment()
        deciding = [poll for poll in self.open_polls() if self.is_deciding(poll)]
        self.dao.next_block(after_ms=after_ms)
        for poll in self.open_polls():
            self.settle(poll)
        for poll in deciding:
            if poll.ends_ms is not None and poll.ends_ms <= self.dao.chain.time_ms:
                status = self.dao.status(poll.proposal)
                assert (status in ("timelocked", "executed")) == poll.passes(), (status, poll.counted())

    def is_deciding(self, poll: Poll) -> bool:
        return poll.final is None and self.dao.status(poll.proposal) in ("deciding", "confirming")

    def settle(self, poll: Poll) -> None:
        """Note what a poll's end did to its deposit, and remember its final tally."""
        shown = self.dao.show(poll.proposal)
        poll.ends_ms = shown.decision_ends
        if shown.status in ("deposit", "prepare", "queued", "deciding", "confirming"):
            return
        if shown.status != "rejected" or shown.tally.turnout >= shown.tally.quorum > 0:
            self.held[poll.proposer] += shown.deposit
        poll.final = poll.counted()

    @invariant()
    def tallies_are_what_counting_from_nothing_gives(self) -> None:
        for poll in self.polls:
            tally = self.dao.show(poll.proposal).tally
            expected = poll.counted() if poll.final is None else poll.final
            assert (tally.yes, tally.no, tally.abstain) == expected
            assert sum(expected) <= tally.electorate

    @invariant()
    def everyone_holds_what_the_model_says(self) -> None:
        assert {account: self.dao.held(account) for account in PEOPLE} == self.held
        deposited = sum(self.dao.show(poll.proposal).deposit for poll in self.open_polls())
        assert self.dao.held(module_address("governance")) == deposited
        assert self.dao.held(origin_address("treasury")) == 0

    @invariant()
    def snapshots_are_held_exactly_while_polls_are_open(self) -> None:
        heights = {self.dao.show(poll.proposal).snapshot_height for poll in self.open_polls()}
        assert live(self.dao.chain.overlay) == tuple(sorted(heights))

    @invariant()
    def the_modules_own_invariants_hold(self) -> None:
        assert self.dao.chain.broken_invariants() == {}
        assert self.dao.chain.failed_deadlines == []


TestGovernance = GovernanceMachine.TestCase
TestGovernance.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
