"""Documents from short descriptions, and the whole chain of all modules that they begin."""

import json
from dataclasses import replace

import pytest

from daonode.genesis.builder import MODULES, NATIVE_ASSET, NATIVE_UNIT, TREASURY_TRACK, build_document
from daonode.genesis.document import load_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import make_initial_state
from daonode.ledger.origins import module_address
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.messages import SubmitProposal, Vote
from daonode.modules.governance.types import ProposalId, ProposalIdentity, proposal_id
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.codec import Record
from daonode.primitives.units import Amount
from tests.unit.genesis.world import CHAIN, World, address, plan


def submit(world: World, action: Record) -> ProposalId:
    """Alice submits a proposal of one action on the treasury track."""
    identity = ProposalIdentity(
        chain_id=CHAIN, sender=address("alice"), lane=0, sequence=world.sequence("alice"), message_index=0
    )
    message = SubmitProposal(
        track=TREASURY_TRACK,
        kind="standard",
        title="Pay Bob",
        body="For his work.",
        actions=(world.call(action),),
        deposit=plan().deposit,
    )
    assert world.run(("alice", message)) == [0]
    return proposal_id(identity)


def test_every_module_of_the_product_accepts_what_is_built_and_it_reads_back() -> None:
    document = build_document(plan())
    assert tuple(document.sections) == ("accounts", "identity", "governance", "treasury", "validators")
    assert sorted(document.sections) == sorted(MODULES)
    again = load_document(document.to_bytes())
    assert again.hash() == document.hash()
    assert make_initial_state(again) == make_initial_state(document)
    assert len(make_initial_state(document).validators.validators) == 4
    assert json.loads(document.to_bytes())["modules"]["governance"]["tracks"][1]["decision"] == "6s"


def test_a_transfer_moves_coins_and_costs_little() -> None:
    world = World()
    message = Transfer(destination=address("bob"), asset=NATIVE_ASSET, amount=Amount(5))
    assert world.run(("alice", message)) == [0]
    assert world.native_balance(address("bob")) == 1_000 * NATIVE_UNIT + 5
    assert 0 < 1_000 * NATIVE_UNIT - 5 - world.native_balance(address("alice")) < 100


def test_a_vote_moves_treasury_money_after_the_timelock_and_export_loses_nothing_on_the_way() -> None:
    world = World()
    world.assert_survives_export()
    before = world.native_balance(address("bob"))
    action = ApproveSpend(asset=NATIVE_ASSET, amount=Amount(7 * NATIVE_UNIT), beneficiary=address("bob"))
    proposal = submit(world, action)
    assert world.run(("alice", Vote(proposal, "yes")), ("carol", Vote(proposal, "no"))) == [0, 0]
    assert world.run(("carol", Vote(proposal, "abstain")), after_ms=2_000) == [0]
    world.assert_survives_export()
    world.run(after_ms=4_000)
    shown = world.reads("governance", "proposal", proposal="1")
    assert shown["status"] == "timelocked"
    assert world.native_balance(address("bob")) == before
    world.assert_survives_export()
    world.run(after_ms=1_000)
    assert world.reads("governance", "proposal", proposal="1")["status"] == "executed"
    assert world.native_balance(address("bob")) == before + 7 * NATIVE_UNIT
    assert world.native_balance(module_address("governance")) == 0
    world.assert_survives_export()


def test_a_spend_above_the_tracks_cap_fails_and_pays_nobody() -> None:
    world = World()
    before = world.native_balance(address("bob"))
    action = ApproveSpend(asset=NATIVE_ASSET, amount=Amount(2_501 * NATIVE_UNIT), beneficiary=address("bob"))
    proposal = submit(world, action)
    world.run(("alice", Vote(proposal, "yes")))
    world.run(after_ms=6_000)
    world.run(after_ms=1_000)
    assert world.reads("governance", "proposal", proposal="1")["status"] == "execution_failed"
    assert world.native_balance(address("bob")) == before


def test_two_members_of_one_account_are_refused_with_their_place() -> None:
    twice = (GenesisMember(account=address("bob"), name="bob"),) * 2
    document = build_document(replace(plan(), members=twice))
    with pytest.raises(GenesisError) as caught:
        make_initial_state(document)
    assert caught.value.path == "$.modules.identity.members[1].account"
