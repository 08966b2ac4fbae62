"""Running the actions of an approved proposal: as whom, all or none, again, and never otherwise."""

import pytest
from msgspec.structs import replace

from daonode.ledger.origins import origin_address
from daonode.modules.accounts.errors import InsufficientBalance
from daonode.modules.accounts.messages import Mint, Transfer
from daonode.modules.governance.errors import NotExecutable
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.keys import EXECUTION
from daonode.modules.governance.messages import Execute, SubmitProposal
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.treasury.errors import NotApproved
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.units import Amount, DurationMs
from tests.unit.modules.governance.dao import (
    ALICE,
    BALANCES,
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

TREASURY = origin_address("treasury")


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def spend(amount: int, asset: str = DAO) -> ApproveSpend:
    return ApproveSpend(asset=asset, amount=Amount(amount), beneficiary=ERIN)


def test_actions_run_by_themselves_at_the_end_of_the_timelock(dao: Dao) -> None:
    proposal = dao.open_poll(spend(700))
    dao.vote(proposal, "yes", BOB)
    dao.next_block(after_ms=TOKENS.decision)
    dao.next_block(after_ms=TOKENS.enactment - 1)
    assert (dao.status(proposal), dao.held(ERIN)) == ("timelocked", 0)
    dao.next_block(after_ms=1)
    assert (dao.status(proposal), dao.held(ERIN), dao.held(FUNDS)) == ("executed", 700, FUNDED - 700)


def test_a_proposal_without_actions_is_executed_by_being_decided(dao: Dao) -> None:
    assert dao.status(dao.approve()) == "executed"


def test_actions_run_as_the_tracks_origin(dao: Dao) -> None:
    root = origin_address("root")
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(5)))
    dao.send(BOB, Transfer(destination=root, asset=DAO, amount=Amount(5)))
    take = Transfer(destination=ERIN, asset=DAO, amount=Amount(5))
    assert dao.status(dao.approve(take)) == "executed"
    assert (dao.held(TREASURY), dao.held(root)) == (0, 5)


def test_a_call_that_only_another_origin_may_make_fails(dao: Dao) -> None:
    mint = Mint(destination=ERIN, asset=DAO, amount=Amount(5))
    failed = dao.approve(mint)
    assert dao.status(failed) == "execution_failed"
    assert "only the root origin" in dao.refusal(failed)
    assert dao.status(dao.approve(mint, track=ROOT)) == "executed"


def test_actions_apply_all_or_none(dao: Dao) -> None:
    proposal = dao.approve(spend(1), spend(501, GOLD))
    assert dao.status(proposal) == "execution_failed"
    assert dao.show(proposal).error == "spend_cap_exceeded (code 4004)"
    assert dao.refusal(proposal).startswith("the proposal would commit 501 gold")
    assert dao.held(ERIN) == 0
    assert dao.chain.broken_invariants() == {}


def test_a_failed_execution_is_tried_again_until_its_grace_ends(dao: Dao) -> None:
    take = Transfer(destination=ERIN, asset=DAO, amount=Amount(5))
    proposal = dao.approve(take)
    assert dao.status(proposal) == "execution_failed"
    with pytest.raises(InsufficientBalance, match="holds 0 dao"):
        dao.send(ALICE, Execute(proposal=proposal))
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(5)))
    dao.send(ALICE, Execute(proposal=proposal))
    assert (dao.status(proposal), dao.held(ERIN)) == ("executed", 5)
    with pytest.raises(NotExecutable, match="is executed"):
        dao.send(ALICE, Execute(proposal=proposal))


def test_after_its_grace_a_failed_proposal_has_expired(dao: Dao) -> None:
    proposal = dao.approve(Transfer(destination=ERIN, asset=DAO, amount=Amount(5)))
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(5)))
    dao.next_block(after_ms=TOKENS.grace)
    assert dao.status(proposal) == "expired"
    with pytest.raises(NotExecutable, match="is expired"):
        dao.send(ALICE, Execute(proposal=proposal))
    assert dao.chain.broken_invariants() == {}


def test_a_block_that_comes_after_timelock_and_grace_still_tries_once(dao: Dao) -> None:
    proposal = dao.open_poll(spend(700))
    dao.vote(proposal, "yes", BOB)
    dao.next_block(after_ms=TOKENS.decision)
    dao.next_block(after_ms=TOKENS.enactment + TOKENS.grace + 86_400_000)
    assert (dao.status(proposal), dao.held(ERIN)) == ("executed", 700)


def test_nobody_executes_what_is_not_ready(dao: Dao) -> None:
    proposal = dao.open_poll(spend(1))
    with pytest.raises(NotExecutable, match="is deciding"):
        dao.send(ALICE, Execute(proposal=proposal))
    dao.vote(proposal, "yes", BOB)
    dao.next_block(after_ms=TOKENS.decision)
    with pytest.raises(NotExecutable, match="is timelocked"):
        dao.send(ALICE, Execute(proposal=proposal))


def test_an_execution_does_not_begin_inside_another() -> None:
    dao = make_dao(sections(tracks=(replace(TOKENS, grace=DurationMs(86_400_000)),)))
    ready = dao.approve(Transfer(destination=ERIN, asset=DAO, amount=Amount(5)))
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(5)))
    outer = dao.approve(Execute(proposal=ready))
    assert (dao.status(ready), dao.status(outer)) == ("execution_failed", "execution_failed")
    assert "inside another" in dao.refusal(outer)
    dao.send(BOB, Execute(proposal=ready))
    assert dao.held(ERIN) == 5


def test_actions_that_run_out_of_the_gas_of_an_execution_fail_and_leave_nothing() -> None:
    genesis = sections()
    genesis["governance"] = GovernanceGenesis(tracks=TRACKS, params=replace(DEFAULT_PARAMS, execution_gas=20_000))
    dao = make_dao(genesis)
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(160)))
    proposal = dao.approve(*[Transfer(destination=ERIN, asset=DAO, amount=Amount(10))] * 16)
    assert dao.status(proposal) == "execution_failed"
    assert dao.show(proposal).error == "out_of_gas (code 9)"
    assert (dao.held(TREASURY), dao.held(ERIN)) == (160, 0)


def test_a_governance_only_call_fails_outside_an_execution_whoever_sends_it(dao: Dao) -> None:
    for caller in (ALICE, TREASURY, origin_address("root"), FUNDS):
        with pytest.raises(NotApproved, match="only the actions of an executed proposal"):
            dao.send(caller, spend(1))
    assert dao.held(FUNDS) == FUNDED


def test_no_block_ends_with_an_execution_running(dao: Dao) -> None:
    dao.approve(spend(1))
    dao.approve(spend(1, GOLD), spend(10_000))
    assert not EXECUTION.has(dao.chain.overlay, None)
    assert dao.held(ALICE) == BALANCES[ALICE]


def test_what_was_decided_is_not_changed_by_what_its_actions_submit(dao: Dao) -> None:
    """A proposal may propose: the new one is its origin's, with an id of its own."""
    dao.send(BOB, Transfer(destination=TREASURY, asset=DAO, amount=Amount(20)))
    inner = SubmitProposal(track=TOKENS.id, kind="standard", title="t", body="", actions=(), deposit=Amount(10))
    proposal = dao.approve(inner, replace(inner, track=MEMBERS.id))
    assert dao.status(proposal) == "executed"
    assert dao.held(TREASURY) == 0
    assert dao.chain.broken_invariants() == {}
