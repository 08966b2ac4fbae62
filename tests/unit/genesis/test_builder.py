"""Documents from short descriptions, and the whole chain of all modules that they begin."""

import json
from dataclasses import replace

import pytest

from daonode.genesis.builder import (
    MODULES,
    NATIVE_ASSET,
    NATIVE_UNIT,
    TREASURY_TRACK,
    ChainPlan,
    Periods,
    build_document,
)
from daonode.genesis.document import ChainDescription, load_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.export import export_document
from daonode.genesis.initial import make_application, make_initial_state
from daonode.ledger.block import BlockInfo
from daonode.ledger.origins import module_address
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.ledger.tree import OverlayReader
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts.genesis import GenesisAsset, GenesisBalance
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import AssetId, KeyPolicy
from daonode.modules.governance.messages import SubmitProposal, Vote
from daonode.modules.governance.types import ProposalId, ProposalIdentity, proposal_id
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.treasury.messages import ApproveSpend
from daonode.modules.validators.genesis import GenesisValidator, validator_id
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, ChainId, PublicKey
from daonode.primitives.json_form import Json
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, DurationMs, TimeMs

CHAIN = ChainId("daonode:builder")
START_MS = 1_700_000_000_000
SEEDS = {name: name.encode().ljust(32, b".") for name in ("alice", "bob", "carol")}


def address(name: str) -> Address:
    return account_id(KeyPolicy(public_key_of(SEEDS[name])))


def plan() -> ChainPlan:
    validators = tuple(
        GenesisValidator(
            public_key=PublicKey(bytes([index]) * 32), power=1, payout_account=address("carol"), moniker=f"node{index}"
        )
        for index in range(1, 5)
    )
    return ChainPlan(
        chain=ChainDescription(chain_id=CHAIN, genesis_time=TimeMs(START_MS)),
        validators=validators,
        balances={address(name): Amount(1_000 * NATIVE_UNIT) for name in SEEDS},
        members=tuple(GenesisMember(account=address(name), name=name) for name in SEEDS),
        registrars=(address("alice"),),
        treasury=(
            GenesisBalance(asset=NATIVE_ASSET, amount=Amount(10_000 * NATIVE_UNIT)),
            GenesisBalance(asset=AssetId("usd"), amount=Amount(5_000)),
        ),
        other_assets=(GenesisAsset(id=AssetId("usd"), decimals=2),),
        outflow_limits=(GenesisLimit(asset="usd", window=DurationMs(86_400_000), limit=Amount(1_000)),),
        periods=Periods.short(voting=DurationMs(6_000), timelock=DurationMs(1_000)),
    )


class World:
    """The chain of a plan, on which named people send messages."""

    def __init__(self) -> None:
        self.document = build_document(plan())
        self.application = make_application(self.document)
        initial = make_initial_state(self.document)
        empty = OverlayReader(None, {})
        root = StateVersion(height=0, time_ms=START_MS, root=initial.header.state_root, state=EMPTY_STATE, nodes=empty)
        self.version = root.child(initial.result, height=0, time_ms=START_MS)
        self.sequences = dict.fromkeys(SEEDS, 0)

    def run(self, *sent: tuple[str, Record], after_ms: int = 1_000) -> list[int]:
        """Execute a block with a transaction for each message; returns their codes."""
        time_ms = self.version.time_ms + after_ms
        raws = [self._sign(name, message, time_ms) for name, message in sent]
        info = BlockInfo(CHAIN, self.version.height + 1, time_ms, validator_id(PublicKey(b"\x01" * 32)))
        built = self.application.build(self.version, info, raws)
        assert built.skipped == ()
        self.version = self.version.child(built.result, height=info.height, time_ms=time_ms)
        for module in self.document.registry.modules:
            for name, invariant in module.invariants.items():
                assert invariant(self.version) is None, name
        return [receipt.code for receipt in built.result.receipts][: len(sent)]

    def _sign(self, name: str, message: Record, time_ms: int) -> bytes:
        type_name = self.document.registry.message_name(type(message))
        assert type_name is not None
        body = encode(
            TxBody(
                version=1,
                chain_id=CHAIN,
                sender=address(name),
                lane=0,
                sequence=self.sequences[name],
                expires_at_ms=time_ms + 10_000,
                gas_limit=500_000,
                max_fee=NATIVE_UNIT,
                messages=(Call(type=type_name, body=encode(message)),),
                memo="",
            )
        )
        self.sequences[name] += 1
        signature = TxSignature(public_key_of(SEEDS[name]), sign(SEEDS[name], tx_id(body)))
        return encode(Transaction(body=body, signatures=(signature,)))

    def reads(self, module: str, name: str, **arguments: Json) -> dict[str, Json]:
        answer = self.application.query(self.version, module=module, name=name, arguments=arguments)
        assert isinstance(answer, dict)
        return answer

    def native_balance(self, account: Address) -> int:
        return int(str(self.reads("accounts", "balance", account=encode_account(account))["amount"]))

    def assert_survives_export(self) -> None:
        """Exported through a file and imported, the state has the same root."""
        exported = load_document(export_document(self.document, self.version).to_bytes())
        assert make_initial_state(exported).header.state_root == self.version.root

    def submit(self, *actions: Record) -> ProposalId:
        """Alice submits a proposal on the treasury track."""
        calls = tuple(
            Call(type=self.document.registry.message_name(type(action)) or "", body=encode(action))
            for action in actions
        )
        identity = ProposalIdentity(
            chain_id=CHAIN, sender=address("alice"), lane=0, sequence=self.sequences["alice"], message_index=0
        )
        message = SubmitProposal(
            track=TREASURY_TRACK,
            kind="standard",
            title="Pay Bob",
            body="For his work.",
            actions=calls,
            deposit=plan().deposit,
        )
        assert self.run(("alice", message)) == [0]
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
    proposal = world.submit(action)
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
    proposal = world.submit(action)
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
