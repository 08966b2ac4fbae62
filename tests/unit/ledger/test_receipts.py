"""What a header commits to of its receipts."""

from msgspec.structs import replace

from daonode.ledger.receipts import prove_receipt, receipts_root, verify_receipt
from tests.unit.ledger.counter_chain import ALICE, BOB, Add, Refuse, chain


def test_every_receipt_of_a_block_is_proved_and_a_changed_one_is_not() -> None:
    result = chain().run(ALICE.send(Add("a", 1)), BOB.send(Refuse("b")), ALICE.send(Add("c", 1), sequence=1))
    root = result.receipts_root
    for index, receipt in enumerate(result.receipts):
        proof = prove_receipt(result.receipts, index)
        assert verify_receipt(root, receipt, proof)
        assert not verify_receipt(root, replace(receipt, code=receipt.code + 1), proof)


def test_the_text_for_people_is_not_committed_to() -> None:
    result = chain().run(BOB.send(Refuse("b")))
    reworded = replace(result.receipts[0], error="in other words")
    assert receipts_root([reworded]) == result.receipts_root
