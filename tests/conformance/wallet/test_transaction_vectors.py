"""The file of vectors is what the product makes, and what a node accepts and refuses."""

from typing import Any

from daonode.ledger.block import SUCCESS
from tests.conformance.wallet.refusals import judge
from tests.conformance.wallet.vector_chain import VectorChain


def test_the_file_is_what_the_product_makes(made: dict[str, Any], vectors: dict[str, Any]) -> None:
    for section, content in made.items():
        assert content == vectors[section], f"{section} changed; DAONODE_APPROVE_GOLDEN=1 approves the new bytes"
    assert made.keys() == vectors.keys()


def test_every_transaction_of_the_file_was_executed_and_succeeded(vectors: dict[str, Any]) -> None:
    world = VectorChain()
    receipts = [receipt for block in world.chain.blocks.values() for receipt in block.receipts]
    codes = {f"0x{receipt.tx_id.hex()}": receipt.code for receipt in receipts}
    assert [codes[each["tx_id"]] for each in vectors["transactions"]] == [SUCCESS] * len(vectors["transactions"])


def test_a_node_refuses_each_mistake_as_the_file_says_and_accepts_what_it_was_made_in(vectors: dict[str, Any]) -> None:
    chain = VectorChain().chain
    assert judge(chain, bytes.fromhex(vectors["node"]["accepted"][2:])) is None
    for each in vectors["refused"]:
        error = judge(chain, bytes.fromhex(each["transaction"][2:]))
        assert error is not None, each["name"]
        assert {"code": error.code, "reason": error.reason} == each["error"], each["name"]
