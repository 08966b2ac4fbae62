"""Status, blocks, certificates, validators."""

from daonode.consensus.types import Header
from daonode.ledger.receipts import receipts_root
from daonode.primitives.addresses import encode_validator
from daonode.primitives.json_form import from_json
from tests.unit.node.rpc.calling import Caller, at
from tests.unit.node.rpc.fake_node import id_of, transfer


def caller_at_height_two() -> Caller:
    caller = Caller()
    for sequence in range(2):
        caller.node.pool[id_of(transfer(sequence=sequence))] = caller.node.application.check(
            caller.node.archive.state_at_tip(), transfer(sequence=sequence), caller.node.now_ms()
        )
        caller.node.commit(with_proof=sequence == 1)
    return caller


async def test_the_status_is_that_of_the_last_committed_block() -> None:
    caller = caller_at_height_two()
    status = await caller.call("dao_status")
    assert (status["chain_id"], status["height"], status["round"]) == ("daonode:rpc", 2, 2)
    assert status["catching_up"] is False
    assert (status["time"], status["clock"]) == ("2023-11-14T22:13:22.000Z", "2023-11-14T22:13:23.000Z")
    assert status["peers"] == 3
    assert str(status["validator"]).startswith("daoval1")
    assert at(status, "node", "name") == "node<0>"
    assert await caller.call("dao_chainId") == {"chain_id": "daonode:rpc"}


async def test_a_block_is_found_by_height_by_id_and_as_the_latest() -> None:
    caller = caller_at_height_two()
    block = await caller.call("dao_getBlock", height=1)
    assert await caller.call("dao_getBlock", id=block["id"]) == block
    assert (await caller.call("dao_getBlock"))["height"] == 2
    assert block["transactions"] == ["0x" + id_of(transfer()).hex()]
    header = from_json(block["header"], Header)
    assert "0x" + header.id().hex() == block["id"]
    assert header.receipts_root == receipts_root(caller.node.archive.receipts(1))
    assert int(str(block["payload_bytes"])) > 100


async def test_the_genesis_block_has_no_transactions() -> None:
    block = await Caller().call("dao_getBlock", height=0)
    assert (block["transactions"], block["payload_bytes"], block["round"]) == ([], 0, 0)


async def test_a_block_that_is_not_there_is_not_found_and_the_hint_has_the_height() -> None:
    caller = caller_at_height_two()
    refusal = await caller.refusal("dao_getBlock", height=3)
    assert (refusal["code"], refusal["reason"], refusal["hint"]) == (-32001, "not_found", "the chain is at height 2")
    assert (await caller.refusal("dao_getBlock", id="0x" + "ab" * 32))["code"] == -32001
    assert (await caller.refusal("dao_getBlock", id="0x" + "ab" * 32, height=1))["reason"] == "ambiguous"


async def test_a_certificate_is_over_the_block_or_its_nearest_certified_descendant() -> None:
    caller = caller_at_height_two()
    last, first = await caller.call("dao_getCertificate", height=2), await caller.call("dao_getCertificate", height=1)
    assert last["descendants"] == []
    assert first["proof"] == last["proof"]
    assert first["descendants"] == [last["header"]]
    assert at(last, "proof", "kind") == "commit_certificate"
    assert at(last, "proof", "block_id") == (await caller.call("dao_getBlock"))["id"]
    assert at(await caller.call("dao_getCertificate", height=0), "descendants", 1) == last["header"]


async def test_a_chain_of_the_genesis_block_alone_has_no_certificate() -> None:
    refusal = await Caller().refusal("dao_getCertificate", height=0)
    assert refusal["code"] == -32001
    assert "genesis" in str(refusal["hint"])


async def test_the_validators_are_those_of_the_epoch() -> None:
    caller = caller_at_height_two()
    answer = await caller.call("dao_getValidators")
    assert (answer["epoch"], answer["total_power"]) == (0, "4")
    ids = [encode_validator(each.id) for each in caller.node.validators.validators]
    assert [at(answer, "validators", index, "id") for index in range(4)] == ids
    assert await caller.call("dao_getValidators", height=1) == answer
    assert (await caller.refusal("dao_getValidators", height=9))["code"] == -32001


async def test_what_the_node_knows_of_itself() -> None:
    caller = Caller()
    assert await caller.call("dao_mempool") == {"transactions": 0, "bytes": 0}
    assert at(await caller.call("dao_netInfo"), "peers", 2, "connected") is True
    state = await caller.call("dao_consensusState")
    assert (state["round"], state["highest_tc_round"]) == (1, None)
