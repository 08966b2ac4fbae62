"""The document that describes the server; every other test's answers are checked against it too."""

import json
from typing import cast

import pytest

from daonode.node.rpc.methods import METHODS
from tests.unit.node.rpc.calling import Caller
from tests.unit.node.rpc.fake_node import ALICE, FakeNode, proposal, transfer
from tests.unit.node.rpc.schemas import KEYWORDS, Mismatch, check, check_result, document

INTERFACES = (
    "dao_chainId dao_status dao_getBlock dao_getBlocks dao_getTransaction dao_getReceipt dao_sendRawTransaction "
    "dao_simulate dao_estimateFee dao_getAccount dao_getProof dao_query dao_getProposal dao_listProposals "
    "dao_getValidators dao_getEpochs dao_getCertificate dao_mempool dao_netInfo dao_consensusState dao_subscribe "
    "dao_unsubscribe rpc.discover"
)


async def test_the_document_describes_every_method_and_itself() -> None:
    answer = await Caller().call("rpc.discover")
    assert answer["openrpc"] == "1.3.2"
    methods = cast(list[dict[str, object]], answer["methods"])
    assert {str(each["name"]) for each in methods} == set(METHODS) == set(INTERFACES.split())
    for each in methods:
        assert each["summary"], each["name"]
        assert each["description"], each["name"]
        required = [parameter["required"] for parameter in cast(list[dict[str, bool]], each["params"])]
        assert required == sorted(required, reverse=True)
    assert [error["code"] for error in cast(list[dict[str, int]], answer["x-errors"])][:5] == [
        -32700, -32600, -32601, -32602, -32603,
    ]  # fmt: skip


def test_every_reference_and_keyword_of_the_document_is_known() -> None:
    definitions = cast(dict[str, object], cast(dict[str, object], document()["components"])["schemas"])
    text = json.dumps(document())
    assert text.count('"$ref"') > 20
    for name in definitions:
        assert f'"#/components/schemas/{name}"' in text, f"{name} is described and not used"
    assert "VoteOption" not in definitions
    assert set(KEYWORDS) >= {"anyOf", "prefixItems", "const", "pattern"}


async def test_a_wrong_answer_does_not_match_the_document() -> None:
    node = FakeNode()
    await node.submit([transfer()])
    node.commit()
    block = await Caller(node).call("dao_getBlock")
    for name, wrong in (
        ("height", "1"), ("id", "0X00"), ("proposer", "dao1x"), ("time", 5), ("transactions", [1]), ("more", 1),
        ("header", {}), ("header", {**cast(dict[str, object], block["header"]), "height": 1}),
    ):  # fmt: skip
        with pytest.raises(Mismatch):
            check_result("dao_getBlock", cast(dict[str, object], {**block, name: wrong}))  # type: ignore[arg-type]
    del block["round"]
    with pytest.raises(Mismatch):
        check_result("dao_getBlock", block)
    with pytest.raises(KeyError):
        check(1, {"multipleOf": 2}, path="$")


async def test_proposals_are_described_as_the_governance_module_writes_them() -> None:
    node = FakeNode()
    await node.submit([proposal()])
    node.commit()
    caller = Caller(node)
    shown = await caller.call("dao_getProposal", proposal=1)
    assert shown["proposer"] == (await caller.call("dao_getAccount", address=shown["proposer"]))["address"]
    with pytest.raises(Mismatch):
        check_result("dao_getProposal", {**shown, "status": "unheard of"})
    assert (await caller.call("dao_getProof", key="0x" + ALICE.address.hex()))["value"] is None
