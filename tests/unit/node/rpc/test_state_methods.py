"""Accounts, proofs, queries of modules, proposals."""

from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import check_hash
from daonode.primitives.json_form import from_json
from daonode.primitives.state_proof import StateProof, verify_state_proof
from tests.unit.node.rpc.calling import Caller, at
from tests.unit.node.rpc.fake_node import ALICE, BOB, proposal, transfer


async def commit(caller: Caller, raw: bytes) -> None:
    await caller.call("dao_sendRawTransaction", transaction="0x" + raw.hex())
    caller.node.commit()


async def test_an_account_shows_balances_and_sequences_that_count_the_mempool() -> None:
    caller = Caller()
    alice = encode_account(ALICE.address)
    assert (await caller.call("dao_getAccount", address=alice))["next_sequences"] == {}
    await caller.call("dao_sendRawTransaction", transaction="0x" + transfer().hex())
    assert (await caller.call("dao_getAccount", address=alice))["next_sequences"] == {"0": "1"}
    caller.node.commit()
    account = await caller.call("dao_getAccount", address=alice)
    assert account["next_sequences"] == {"0": "1"}
    assert at(account, "policy", "kind") == "key"
    bob = await caller.call("dao_getAccount", address=encode_account(BOB.address))
    assert bob["balances"] == [{"asset": "dao", "amount": "1000000005"}]
    assert bob["policy"] is None


async def test_a_proof_shows_presence_and_absence_under_the_state_root() -> None:
    caller = Caller()
    await commit(caller, transfer())
    key = next(iter(caller.node.archive.state_at_tip().iterate(b"", b"\xff")))[0]
    for wanted in (key, b"no such key"):
        answer = await caller.call("dao_getProof", key="0x" + wanted.hex())
        value = None if answer["value"] is None else bytes.fromhex(str(answer["value"])[2:])
        root = check_hash(bytes.fromhex(str(answer["state_root"])[2:]))
        assert verify_state_proof(root, wanted, value, from_json(answer["proof"], StateProof))
        assert (value is None) == (wanted != key)
        assert (await caller.call("dao_status"))["state_root"] == answer["state_root"]


async def test_any_query_of_a_module_can_be_asked() -> None:
    caller = Caller()
    answer = await caller.call(
        "dao_query", module="accounts", name="balance", args={"account": encode_account(BOB.address)}
    )
    assert answer["height"] == 0
    assert at(answer, "result", "amount") == "1000000000"
    assert at(await caller.call("dao_query", module="accounts", name="assets"), "result", "items", 0, "asset") == "dao"


async def test_a_query_that_is_none_names_the_nearest_and_wrong_arguments_their_place() -> None:
    caller = Caller()
    refusal = await caller.refusal("dao_query", module="acounts", name="balance", args={})
    assert (refusal["code"], refusal["hint"]) == (-32001, "did you mean 'accounts'?")
    refusal = await caller.refusal("dao_query", module="accounts", name="balanc", args={})
    assert refusal["hint"] == "did you mean 'balance'?"
    refusal = await caller.refusal("dao_query", module="accounts", name="balance", args={"acount": "x"})
    assert (refusal["code"], refusal["reason"]) == (-32000, "invalid_query")
    assert "$.acount: unknown field; did you mean 'account'?" in str(refusal["message"])
    refusal = await caller.refusal("dao_query", module="accounts", name="balance", args=[1.5])
    assert (refusal["code"], refusal["path"]) == (-32602, "params.args")


async def test_proposals_are_named_by_number_and_id_and_listed() -> None:
    caller = Caller()
    await commit(caller, proposal())
    listed = await caller.call("dao_listProposals", limit=5)
    assert at(listed, "items", 0, "title") == "Pay Bob"
    by_number = await caller.call("dao_getProposal", proposal=1)
    assert await caller.call("dao_getProposal", proposal="1") == by_number
    assert await caller.call("dao_getProposal", proposal=at(listed, "items", 0, "id")) == by_number
    assert (await caller.call("dao_listProposals", status="executed"))["items"] == []
    assert (await caller.refusal("dao_getProposal", proposal=2))["code"] == -32001
    assert (await caller.refusal("dao_getProposal", proposal=True))["path"] == "params.proposal"
    assert "did you mean 'executed'?" in str((await caller.refusal("dao_listProposals", status="executd"))["message"])
