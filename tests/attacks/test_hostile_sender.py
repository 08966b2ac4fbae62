"""Whoever can send a transaction and means harm: nothing that they send takes, forges, repeats, forks or stops."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.genesis.builder import COMMUNITY_TRACK, NATIVE_ASSET, NATIVE_UNIT, ROOT_TRACK, TREASURY_TRACK
from daonode.ledger.block import BlockInfo, BlockResult, Payload
from daonode.ledger.errors import InvalidBlock
from daonode.ledger.origins import module_address, origin_address
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.modules.accounts.messages import Burn, IssueAsset, Mint, SetPolicy, Transfer
from daonode.modules.accounts.types import KeyPolicy
from daonode.modules.governance.messages import Delegate, Execute, SubmitProposal, Vote
from daonode.modules.governance.types import ProposalId, TrackId
from daonode.modules.identity.messages import RegisterMember
from daonode.modules.treasury.messages import ApproveSpend, SetOutflowLimit, VoidSpend
from daonode.modules.treasury.types import SpendId
from daonode.modules.validators.messages import EditValidator
from daonode.modules.validators.types import validator_id
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import Address, AssetId, ChainId, Signature
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, DurationMs
from tests.attacks.extremes import Extremes
from tests.unit.genesis.world import CHAIN, CONSENSUS_KEYS, NAMES, SEEDS, World, address

TREASURY = module_address("treasury")
STRANGER = Address(b"\x21" * 32)
DEPOSIT = Amount(10 * NATIVE_UNIT)


def proposal(track: TrackId, *actions: Call) -> SubmitProposal:
    return SubmitProposal(track=track, kind="standard", title="t", body="", actions=actions, deposit=DEPOSIT)


def latest_id(world: World) -> ProposalId:
    items = world.reads("governance", "proposals")["items"]
    assert isinstance(items, list)
    assert isinstance(items[0], dict)
    return ProposalId(bytes.fromhex(str(items[0]["id"])[2:]))


def carry(world: World, track: TrackId, *actions: Call) -> str:
    """Submit, vote yes by all, wait for the end; returns the status."""
    assert world.run(("alice", proposal(track, *actions))) == [0]
    chosen = latest_id(world)
    assert world.run(*((name, Vote(proposal=chosen, choice="yes")) for name in NAMES)) == [0, 0, 0]
    for _ in range(4):
        world.execute(after_ms=4_000)
    return str(world.reads("governance", "proposal", proposal=f"0x{chosen.hex()}")["status"])


def body_of(world: World, name: str, message: Record) -> TxBody:
    return TxBody(
        version=1,
        chain_id=CHAIN,
        sender=address(name),
        lane=0,
        sequence=world.sequence(name),
        expires_at_ms=world.version.time_ms + 10_000,
        gas_limit=500_000,
        max_fee=NATIVE_UNIT,
        messages=(world.call(message),),
        memo="",
    )


def signed(body: TxBody, *names: str) -> bytes:
    encoded = encode(body)
    made = [TxSignature(public_key_of(SEEDS[name]), sign(SEEDS[name], tx_id(encoded))) for name in names]
    return encode(Transaction(body=encoded, signatures=tuple(sorted(made, key=lambda each: each.public_key))))


def execute(world: World, *raws: bytes) -> BlockResult:
    """Execute a block that a Byzantine proposer has filled with these."""
    info = BlockInfo(CHAIN, world.version.height + 1, world.version.time_ms + 1_000, validator_id(CONSENSUS_KEYS[0]))
    return world.application.execute(world.version, info, encode(Payload(transactions=raws)))


def gift(amount: int = 5) -> Transfer:
    return Transfer(destination=address("bob"), asset=NATIVE_ASSET, amount=Amount(amount))


def test_what_only_governance_may_do_nobody_does_by_a_transaction() -> None:
    world = World()
    attempts: tuple[Record, ...] = (
        Mint(destination=address("bob"), asset=NATIVE_ASSET, amount=Amount(1)),
        IssueAsset(asset=AssetId("fake"), decimals=0, votes=True),
        ApproveSpend(asset=NATIVE_ASSET, amount=Amount(1), beneficiary=address("bob")),
        VoidSpend(spend=SpendId(1)),
        SetOutflowLimit(asset=AssetId("usd"), window=DurationMs(1), limit=Amount(2**64 - 1)),
        RegisterMember(account=STRANGER, name="sybil"),
        EditValidator(
            validator=validator_id(CONSENSUS_KEYS[0]),
            payout_account=address("bob"),
            moniker="mine",
            node_key=None,
            address="",
        ),
    )
    for attempt in attempts:
        assert world.run(("bob", attempt))[0] != 0, attempt


@pytest.mark.parametrize("track", [TREASURY_TRACK, COMMUNITY_TRACK])
def test_what_only_the_root_origin_may_do_a_lower_track_does_not_do(track: TrackId) -> None:
    world = World()
    supply = world.reads("accounts", "supply", asset="dao")["supply"]
    mint = world.call(Mint(destination=address("alice"), asset=NATIVE_ASSET, amount=Amount(10**9)))
    limit = world.call(SetOutflowLimit(asset=AssetId("usd"), window=DurationMs(1), limit=Amount(2**64 - 1)))
    assert carry(world, track, mint) == "execution_failed"
    assert carry(world, track, limit) == "execution_failed"
    assert world.reads("accounts", "supply", asset="dao")["supply"] == supply


def test_an_execution_does_not_lend_its_authority_to_another_proposal() -> None:
    """The actions of one execute another proposal that nobody has voted for, and pay from the treasury by it."""
    world = World()
    pay = world.call(ApproveSpend(asset=NATIVE_ASSET, amount=Amount(1), beneficiary=address("bob")))
    assert world.run(("bob", proposal(TREASURY_TRACK, pay))) == [0]
    inner = latest_id(world)
    held = world.native_balance(TREASURY)
    assert carry(world, ROOT_TRACK, world.call(Execute(proposal=inner))) == "execution_failed"
    # Nothing left the treasury; fees have come in.
    assert world.native_balance(TREASURY) >= held


def test_a_transaction_runs_once_on_one_chain_for_one_sender() -> None:
    world = World()
    body = body_of(world, "alice", gift())
    raw = signed(body, "alice")
    elsewhere = signed(replace(body, chain_id=ChainId("daonode:other")), "alice")
    forged = encode(
        Transaction(body=encode(body), signatures=(TxSignature(public_key_of(SEEDS["alice"]), Signature(bytes(64))),))
    )
    moved = encode(
        Transaction(
            body=encode(replace(body, messages=(world.call(gift(10**9)),))),
            signatures=decode(raw, Transaction).signatures,
        )
    )
    for raws in (
        (raw, raw),
        (elsewhere,),
        (forged,),
        (moved,),
        (signed(body, "bob"),),
        (signed(body, "alice", "bob"),),
        (signed(replace(body, sequence=body.sequence + 1), "alice"),),
        (signed(replace(body, sender=TREASURY), "alice"),),
        (signed(replace(body, sender=origin_address("root")), "alice"),),
        (raw[:-1],),
        (raw + b"\x00",),
    ):
        with pytest.raises(InvalidBlock):
            execute(world, *raws)
    assert execute(world, raw).receipts[0].code == 0
    world.run(("alice", gift()))
    with pytest.raises(InvalidBlock):
        execute(world, raw)


def test_a_replaced_key_signs_no_more() -> None:
    world = World()
    assert world.run(("alice", SetPolicy(policy=KeyPolicy(public_key_of(SEEDS["bob"]))))) == [0]
    with pytest.raises(InvalidBlock):
        execute(world, signed(body_of(world, "alice", gift()), "alice"))
    assert execute(world, signed(body_of(world, "alice", gift()), "bob")).receipts[0].code == 0


def test_coins_vote_once_however_they_are_lent_and_moved() -> None:
    world = World()
    assert world.run(("alice", Delegate(track=TREASURY_TRACK, to=address("bob")))) == [0]
    assert world.run(("carol", proposal(TREASURY_TRACK))) == [0]
    chosen = latest_id(world)
    # After the snapshot everything goes to carol, who votes with what she had before it.
    everything = world.native_balance(address("alice")) - 10 * NATIVE_UNIT
    move = Transfer(destination=address("carol"), asset=NATIVE_ASSET, amount=Amount(everything))
    assert world.run(("alice", move)) == [0]
    for choice in ("yes", "no", "yes"):
        for name in ("bob", "alice", "carol", "bob"):
            world.run((name, Vote(proposal=chosen, choice=choice)))
            tally = world.reads("governance", "proposal", proposal=f"0x{chosen.hex()}")["tally"]
            assert isinstance(tally, dict)
            cast = sum(int(str(tally[each])) for each in ("yes", "no", "abstain"))
            assert cast <= int(str(tally["electorate"]))


def test_nobody_proposes_votes_and_decides_with_coins_that_came_in_the_same_block() -> None:
    world = World()
    newcomer = "dave"
    SEEDS.setdefault(newcomer, newcomer.encode().ljust(32, b"."))
    everything = world.native_balance(address("alice")) - NATIVE_UNIT
    lend = Transfer(destination=address(newcomer), asset=NATIVE_ASSET, amount=Amount(everything))
    submit = proposal(TREASURY_TRACK)
    vote_number = replace(body_of(world, newcomer, submit))
    raws = [signed(body_of(world, "alice", lend), "alice"), signed(vote_number, newcomer)]
    info = BlockInfo(CHAIN, world.version.height + 1, world.version.time_ms + 1_000, validator_id(CONSENSUS_KEYS[0]))
    built = world.application.build(world.version, info, raws)
    assert [receipt.code for receipt in built.result.receipts][:2] == [0, 0]
    world.version = world.version.child(built.result, height=info.height, time_ms=info.time_ms)
    chosen = latest_id(world)
    ballot = signed(body_of(world, newcomer, Vote(proposal=chosen, choice="yes")), newcomer)
    assert execute(world, ballot).receipts[0].code != 0


def test_no_message_at_the_edges_of_its_type_raises_forks_or_breaks_an_invariant() -> None:
    world = World()
    registry = world.document.registry
    types = sorted((name, entry.type) for name, entry in registry.messages.items())
    known = [*(address(name) for name in NAMES), TREASURY, module_address("governance"), origin_address("root")]
    extremes = Extremes(7, types=types, ids=[*known, bytes(32), b"\xff" * 32])
    # Whoever gives away their key or all their coins attacks no more.
    taken = ("accounts.SetPolicy", "accounts.Burn")
    codes: set[int] = set()
    for number in range(8):
        tracks = (ROOT_TRACK, TREASURY_TRACK, COMMUNITY_TRACK)
        sent = [("alice", (world.call(proposal(track, extremes.call())),)) for track in tracks]
        sent += [(NAMES[place % 3], (call,)) for place in range(18) if (call := extremes.call()).type not in taken]
        parent = world.version
        # `execute` checks every invariant.
        codes.update(receipt.code for receipt in world.execute(*sent).receipts)
        extremes.ids[len(known) :] = [latest_id(world)]
        world.execute(*((name, (world.call(Vote(proposal=latest_id(world), choice="yes")),)) for name in NAMES))
        for _ in range(3):
            codes.update(receipt.code for receipt in world.execute(after_ms=3_500).receipts)
        assert parent.height < world.version.height, number
    assert 0 in codes
    assert len(codes) > 6
    world.assert_survives_export()


def test_a_burn_of_what_others_hold_is_refused() -> None:
    world = World()
    held = world.native_balance(address("bob"))
    assert world.run(("bob", Burn(asset=NATIVE_ASSET, amount=Amount(held)))) != [0]
