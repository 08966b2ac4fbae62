"""What a header's `receipts_root` commits to, and proofs that a receipt is under it.

A leaf is the encoded receipt with an empty `error`: the text is for people, and validators that word it differently
must still agree. Code and events say everything that a program needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from daonode.ledger.block import Receipt
from daonode.primitives.codec import encode
from daonode.primitives.ids import Hash
from daonode.primitives.merkle import InclusionProof, list_root, prove_inclusion, verify_inclusion


def receipt_leaf(receipt: Receipt) -> bytes:
    """The bytes of a receipt that are hashed."""
    return encode(replace(receipt, error="") if receipt.error else receipt)


def receipts_root(receipts: Sequence[Receipt]) -> Hash:
    """The root over a block's receipts in order."""
    return list_root([receipt_leaf(receipt) for receipt in receipts])


def prove_receipt(receipts: Sequence[Receipt], index: int) -> InclusionProof:
    """Prove that `receipts[index]` is under the root of `receipts`; `IndexError` where there is none."""
    return prove_inclusion([receipt_leaf(receipt) for receipt in receipts], index)


def verify_receipt(root: Hash, receipt: Receipt, proof: InclusionProof) -> bool:
    """Say whether the proof shows the receipt, its text aside, under the root. Never raises."""
    return verify_inclusion(root, receipt_leaf(receipt), proof)
