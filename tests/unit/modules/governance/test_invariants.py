"""Each invariant notices the state that it forbids."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daonode.ledger.history import Checkpoint, History
from daonode.ledger.overlay import Overlay
from daonode.modules.governance.keys import (
    BALLOTS,
    DECIDING,
    DELEGATIONS,
    DEPOSIT_TOTALS,
    DEPOSITS,
    EXECUTION,
    PROPOSALS,
    QUEUE,
    RECEIVED,
    TALLIES,
)
from daonode.modules.governance.messages import Delegate
from daonode.modules.governance.types import (
    Counter,
    DepositPart,
    DepositTotals,
    Execution,
    ProposalId,
    ProposalReference,
    ReceivedPower,
    Tally,
)
from daonode.primitives.units import Amount, TimeMs
from tests.unit.modules.governance.dao import ALICE, BOB, CAROL, DAVE, ERIN, TOKENS, Dao, make_dao

Damage = Callable[[Overlay, ProposalId], None]


def change_ballot(**fields: int) -> Damage:
    def damage(state: Overlay, proposal: ProposalId) -> None:
        BALLOTS.set(state, (proposal, BOB), replace(BALLOTS.require(state, (proposal, BOB)), **fields))

    return damage


def change_proposal(**fields: object) -> Damage:
    def damage(state: Overlay, proposal: ProposalId) -> None:
        PROPOSALS.set(state, proposal, replace(PROPOSALS.require(state, proposal), **fields))

    return damage


def change_received(power: History) -> Damage:
    return lambda state, _: RECEIVED.set(state, (TOKENS.id, BOB), ReceivedPower(power=power))


def run_something(state: Overlay, proposal: ProposalId) -> None:
    EXECUTION.set(
        state, None, Execution(proposal=proposal, track=TOKENS.id, criticality=1, caller=ALICE, spend_caps=())
    )


DAMAGES: dict[str, tuple[str, Damage]] = {
    "a total that nobody deposited": (
        "deposits",
        lambda state, _: DEPOSIT_TOTALS.set(state, None, DepositTotals(received=51)),
    ),
    "a deposit that the account does not have": (
        "deposits",
        lambda state, proposal: (
            DEPOSITS.set(state, (proposal, ALICE), DepositPart(amount=Amount(90))),
            DEPOSIT_TOTALS.set(state, None, DepositTotals(received=90)),
        )[0],
    ),
    "a deposit of an ended proposal": ("deposits", change_proposal(phase="rejected", ended_at=TimeMs(1))),
    "more overridden than received": ("tallies", change_ballot(overridden=2_000)),
    "a tally that is not its ballots": ("tallies", lambda state, proposal: TALLIES.set(state, proposal, Tally(yes=1))),
    "more votes than power": ("tallies", change_proposal(electorate_power=1)),
    "received power of nobody": ("received", change_received(History((Checkpoint(height=0, value=999),)))),
    "a past that repeats itself": (
        "received",
        change_received(History((Checkpoint(height=0, value=1_000), Checkpoint(height=5, value=1_000)))),
    ),
    "delegators without received power": ("received", lambda state, _: RECEIVED.delete(state, (TOKENS.id, BOB))),
    "received power without delegators": ("received", lambda state, _: DELEGATIONS.delete(state, ALICE)),
    "an execution between blocks": ("phases", run_something),
    "an end without its time": ("phases", change_proposal(phase="rejected")),
    "a place in the queue of a proposal that is deciding": (
        "phases",
        lambda state, proposal: QUEUE.set(state, (TOKENS.id, 1), ProposalReference(proposal=proposal)),
    ),
    "a snapshot that nobody holds": ("phases", change_proposal(snapshot_height=99)),
    "a wrong count of decisions": ("phases", lambda state, _: DECIDING.set(state, TOKENS.id, Counter(value=0))),
}


@pytest.fixture
def voted() -> tuple[Dao, ProposalId]:
    dao = make_dao()
    dao.send(ALICE, Delegate(track=TOKENS.id, to=BOB))
    proposal = dao.open_poll(proposer=DAVE)
    dao.vote(proposal, "yes", BOB, CAROL)
    dao.send(ERIN, Delegate(track=TOKENS.id, to=CAROL))
    return dao, proposal


@pytest.mark.parametrize("name", DAMAGES)
def test_an_invariant_notices(voted: tuple[Dao, ProposalId], name: str) -> None:
    dao, proposal = voted
    assert dao.chain.broken_invariants() == {}
    invariant, damage = DAMAGES[name]
    damage(dao.chain.overlay, proposal)
    assert dao.governance.invariants[invariant](dao.chain.overlay) is not None
