"""Any change of what an honest node answers is a lie, and is told as one; nothing else ever leaves the verifier."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.client.answers import Blocks, EncodedBlock
from daonode.indexer.errors import NodeLied
from daonode.indexer.verifying import BlockVerifier
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.units import Amount
from tests.unit.indexer.dao_chain import ALICE, BOB, DAO, DaoChain, make_dao_genesis

PARTS = ("header", "payload", "receipts")


@cache
def verifier() -> BlockVerifier:
    return BlockVerifier(make_dao_genesis())


@cache
def honest() -> Blocks:
    dao = DaoChain()
    for amount in (1, 2, 3):
        dao.send(ALICE, Transfer(destination=BOB.address, asset=DAO, amount=Amount(amount)))
    return dao.blocks()


def changed(data: bytes, place: int, value: int, kind: str) -> bytes:
    """The bytes with one of them changed, put in or taken out, or cut off there."""
    place %= max(len(data), 1)
    if kind == "replace":
        return data[:place] + bytes([value]) + data[place + 1 :]
    if kind == "insert":
        return data[:place] + bytes([value]) + data[place:]
    return data[:place] + data[place + 1 :] if kind == "remove" else data[:place]


@settings(max_examples=400, deadline=None)
@given(
    block=st.integers(min_value=-1, max_value=2),
    part=st.sampled_from(PARTS),
    place=st.integers(min_value=0, max_value=4_096),
    value=st.integers(min_value=0, max_value=255),
    kind=st.sampled_from(("replace", "insert", "remove", "cut")),
)
def test_a_changed_byte_is_a_lie(block: int, part: str, place: int, value: int, kind: str) -> None:
    batch = honest()
    assert batch.proof is not None
    if block < 0:
        proof = changed(batch.proof, place, value, kind)
        bent = Blocks(batch.height, batch.blocks, proof, ())
    else:
        parts = {name: getattr(batch.blocks[block], name) for name in PARTS}
        parts[part] = changed(parts[part], place, value, kind)
        blocks = list(batch.blocks)
        blocks[block] = EncodedBlock(**parts)
        bent = Blocks(batch.height, tuple(blocks), batch.proof, ())
    try:
        verifier().verify(bent, after=verifier().genesis())
    except NodeLied:
        return
    assert bent == batch, "it was accepted"


@settings(max_examples=200, deadline=None)
@given(data=st.lists(st.binary(max_size=200), min_size=4, max_size=4))
def test_bytes_of_any_kind_are_a_lie(data: list[bytes]) -> None:
    header, payload, receipts, proof = data
    batch = Blocks(1, (EncodedBlock(header, payload, receipts),), proof, (header,))
    try:
        verifier().verify(batch, after=verifier().genesis())
    except NodeLied:
        return
    raise AssertionError("it was accepted")
