"""Whoever has coins and accounts without number and proposes to harm: to pin the electorate, to block the queue, to
make the end of a proposal unaffordable."""

from __future__ import annotations

from copy import deepcopy

import pytest
from msgspec.structs import replace

from daonode.ledger.gas import BLOCK_WORK_GAS
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS, live
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisBalance
from daonode.modules.governance.errors import NotExecutable
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.keeper import deposits
from daonode.modules.governance.messages import CancelProposal, Delegate, Deposit, Execute
from daonode.modules.governance.queries import NoArguments, TracksResult
from daonode.modules.governance.types import MAX_DEPOSITORS, MAX_TRACKS, ProposalId, Track, TrackId
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount
from tests.unit.modules import chain
from tests.unit.modules.chain import address
from tests.unit.modules.governance.dao import ALICE, BOB, CAROL, DAO, DAVE, TOKENS, Dao, make_dao, sections

MALLORY = address("mallory")
FORTUNE = 10_000_000


def attacked(*tracks: Track) -> Dao:
    """A DAO in which the attacker holds a fortune that is no power on the tracks that matter here."""
    genesis = sections()
    accounts = genesis["accounts"]
    assert isinstance(accounts, AccountsGenesis)
    mallory = GenesisAccount(address=MALLORY, balances=(GenesisBalance(asset=DAO, amount=Amount(FORTUNE)),))
    genesis["accounts"] = replace(accounts, accounts=(*accounts.accounts, mallory))
    genesis["governance"] = GovernanceGenesis(tracks=tracks)
    return make_dao(genesis)


def least_deposit(dao: Dao, track: Track) -> int:
    answer = dao.chain.ask(dao.governance, "tracks", NoArguments())
    assert isinstance(answer, TracksResult)
    return next(each.submission for each in answer.deposits if each.track == track.id)


def propose(dao: Dao, number: int, track: Track, *, deposit: int) -> ProposalId:
    """Mallory proposes by an account of its own."""
    proposer = dao.newcomer(f"mallory {number}", amount=deposit, source=MALLORY)
    return dao.submit(proposer=proposer, track=track, deposit=deposit)


def test_pinning_the_electorate_costs_thousands_of_deposits_and_ends_with_the_first_that_goes() -> None:
    """128 live proposals at heights of their own make later ones share the last of these; spread over all tracks."""
    tracks = tuple(replace(TOKENS, id=TrackId(each), name=f"track {each}") for each in range(1, 9))
    dao = attacked(*tracks)
    locked = 0
    for number in range(MAX_LIVE_SNAPSHOTS):
        dao.next_block(after_ms=1)
        track = tracks[number % len(tracks)]
        due = least_deposit(dao, track)
        propose(dao, number, track, deposit=due)
        locked += due
    assert len(live(dao.chain.overlay)) == MAX_LIVE_SNAPSHOTS
    assert locked > 4_500 * TOKENS.submission_deposit
    # With a thousand deposits, which would pay for all of it eight times over at the first price, it gets half way.
    dao = attacked(*tracks)
    locked = number = 0
    while locked + (due := least_deposit(dao, tracks[number % len(tracks)])) <= 1_000 * TOKENS.submission_deposit:
        dao.next_block(after_ms=1)
        propose(dao, number, tracks[number % len(tracks)], deposit=due)
        locked, number = locked + due, number + 1
    assert number < 5 * MAX_LIVE_SNAPSHOTS // 8
    dao.next_block(after_ms=1)
    assert dao.show(dao.submit(deposit=900)).snapshot_height == dao.chain.height - 1


def test_places_in_the_queue_are_paid_for() -> None:
    """Twenty proposals that nobody wants, each cancelled at the last moment of its decision, before it is burned."""
    dao = attacked(TOKENS)
    dao.next_block()
    blockers: list[ProposalId] = []
    for number in range(20):
        due = least_deposit(dao, TOKENS) * TOKENS.decision_deposit // TOKENS.submission_deposit
        blockers.append(propose(dao, number, TOKENS, deposit=due))
    paid = sum(dao.show(each).deposit for each in blockers)
    assert paid > 4 * len(blockers) * TOKENS.decision_deposit
    dao.next_block(after_ms=TOKENS.prepare)
    for _ in range(len(blockers) // TOKENS.max_deciding):
        dao.next_block(after_ms=TOKENS.decision - 1)
        deciding = [number for number, each in enumerate(blockers) if dao.status(each) == "deciding"]
        assert len(deciding) == TOKENS.max_deciding
        for number in deciding:
            dao.send(address(f"mallory {number}"), CancelProposal(proposal=blockers[number]))
    returned = sum(dao.held(address(f"mallory {number}")) for number in range(len(blockers)))
    assert returned <= paid // 2
    assert dao.chain.broken_invariants() == {}


def costly_proposal() -> tuple[Dao, ProposalId, list[Address]]:
    """One with all the depositors that there may be, each delegating on all tracks, while all snapshots are held."""
    tracks = tuple(replace(TOKENS, id=TrackId(each), name=f"track {each}") for each in range(1, MAX_TRACKS + 1))
    dao = attacked(*tracks)
    depositors = [dao.newcomer(f"depositor {number}", source=MALLORY) for number in range(MAX_DEPOSITORS)]
    for depositor in depositors:
        for track in tracks:
            dao.send(depositor, Delegate(track=track.id, to=MALLORY))
    for _ in range(MAX_LIVE_SNAPSHOTS - 2):
        dao.chain.hold(dao.chain.height)
        dao.next_block(after_ms=1)
    dao.next_block(after_ms=1)
    proposal = dao.submit(proposer=depositors[0], deposit=10)
    for depositor in depositors[1:-1]:
        dao.send(depositor, Deposit(proposal=proposal, amount=Amount(1)))
    dao.send(depositors[-1], Deposit(proposal=proposal, amount=Amount(10)))
    dao.next_block(after_ms=TOKENS.prepare)
    dao.vote(proposal, "yes", BOB, CAROL, DAVE, MALLORY)
    return dao, proposal, depositors


def test_depositors_whose_refunds_are_dear_do_not_keep_a_decision_from_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The past of what was delegated adds as much again; the test leaves it out, and makes the budget smaller.
    monkeypatch.setattr(chain, "BLOCK_WORK_GAS", BLOCK_WORK_GAS // 2)
    dao, proposal, depositors = costly_proposal()
    other = deepcopy(dao)
    held = [dao.held(depositor) for depositor in depositors]
    refunded = [before + amount for before, amount in zip(held, [10, *(1 for _ in depositors[2:]), 10], strict=True)]
    dao.next_block(after_ms=TOKENS.decision)
    assert dao.chain.failed_deadlines == []
    assert dao.status(proposal) == "timelocked"
    assert [dao.held(depositor) for depositor in depositors] == refunded
    with pytest.raises(NotExecutable, match="is timelocked"):
        dao.send(ALICE, Execute(proposal=proposal))
    # Where a deadline has failed all the same, as it does if all are settled at once, anyone does what it left.
    with monkeypatch.context() as patch:
        patch.setattr(deposits, "SETTLED_AT_ONCE", MAX_DEPOSITORS)
        other.next_block(after_ms=TOKENS.decision)
    assert [error.reason for error in other.chain.failed_deadlines] == ["out_of_gas"]
    assert other.status(proposal) == "succeeded"
    other.chain.failed_deadlines.clear()
    other.send(ALICE, Execute(proposal=proposal))
    other.send(ALICE, Execute(proposal=proposal))
    assert other.status(proposal) == "timelocked"
    other.next_block(after_ms=1)
    assert other.chain.failed_deadlines == []
    assert [other.held(depositor) for depositor in depositors] == refunded
    for each in (dao, other):
        assert each.held(deposits.HOLDER) == 0
        broken = each.chain.broken_invariants()
        assert broken == {}


def test_whoever_submits_and_cancels_in_a_circle_raises_nobodys_deposit() -> None:
    dao = attacked(TOKENS)
    for number in range(30):
        proposal = propose(dao, number, TOKENS, deposit=10)
        dao.send(address(f"mallory {number}"), CancelProposal(proposal=proposal))
    assert least_deposit(dao, TOKENS) == TOKENS.submission_deposit
