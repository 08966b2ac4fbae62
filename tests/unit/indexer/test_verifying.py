"""What a node can say that is not so: each is told apart, and nothing of the answer is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from daonode.client.answers import Blocks, EncodedBlock
from daonode.consensus.types import CommitCertificate, Header, TwoChain, payload_digest
from daonode.indexer.errors import NodeLied
from daonode.indexer.verifying import BlockVerifier, Checkpoint, parse_checkpoint
from daonode.ledger.block import Payload, Receipt
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import BlockId, ChainId, Hash
from daonode.primitives.units import Amount
from daonode.replica.layout import Receipts
from tests.unit.client.small_chain import SmallChain
from tests.unit.indexer.dao_chain import ALICE, BOB, DAO, DaoChain, make_dao_genesis

DOCUMENT = make_dao_genesis()
VERIFIER = BlockVerifier(DOCUMENT)


def pay(amount: int) -> Transfer:
    return Transfer(destination=BOB.address, asset=DAO, amount=Amount(amount))


def chain_of(height: int) -> DaoChain:
    dao = DaoChain()
    for number in range(height):
        dao.send(ALICE, pay(number + 1), pay(7))
    return dao


DAO_CHAIN = chain_of(4)
HONEST = DAO_CHAIN.blocks()


def put(batch: Blocks, index: int, block: EncodedBlock) -> Blocks:
    blocks = list(batch.blocks)
    blocks[index] = block
    return _with(batch, blocks)


def _with(batch: Blocks, blocks: Sequence[EncodedBlock], proof: bytes | None = None) -> Blocks:
    return Blocks(batch.height, tuple(blocks), proof or batch.proof, batch.descendants)


def header_of(block: EncodedBlock) -> Header:
    return decode(block.header, Header)


def receipts_of(block: EncodedBlock) -> list[Receipt]:
    return list(decode(block.receipts, Receipts).receipts)


def changed(block: EncodedBlock, **parts: Record) -> EncodedBlock:
    names = {"header": block.header, "payload": block.payload, "receipts": block.receipts}
    return EncodedBlock(**(names | {name: encode(part) for name, part in parts.items()}))


def with_receipts(change: Callable[[list[Receipt]], list[Receipt]]) -> Blocks:
    block = HONEST.blocks[1]
    return put(HONEST, 1, changed(block, receipts=Receipts(tuple(change(receipts_of(block))))))


def other_fee(receipts: list[Receipt]) -> list[Receipt]:
    return [replace(receipts[0], fee=receipts[0].fee + 1), *receipts[1:]]


def failed(receipts: list[Receipt]) -> list[Receipt]:
    return [replace(receipts[0], code=9), *receipts[1:]]


def swapped_events(receipts: list[Receipt]) -> list[Receipt]:
    first, second, *rest = receipts[0].events
    return [replace(receipts[0], events=(second, first, *rest)), *receipts[1:]]


def without_an_event(receipts: list[Receipt]) -> list[Receipt]:
    return [replace(receipts[0], events=receipts[0].events[1:]), *receipts[1:]]


def other_payload() -> Blocks:
    block = HONEST.blocks[1]
    return put(HONEST, 1, changed(block, payload=Payload(transactions=())))


def foreign_chain() -> Blocks:
    dao = DaoChain(SmallChain(make_dao_genesis(chain_id=ChainId("daonode:other"))))
    dao.send(ALICE, pay(1))
    return dao.blocks()


def same_name_other_genesis() -> Blocks:
    seeds = tuple(sha256(b"impostor %d" % index) for index in range(4))
    dao = DaoChain(SmallChain(DOCUMENT, seeds=tuple(DAO_CHAIN.chain.seeds.values())))
    dao.chain.header = replace(dao.chain.header, parent_id=BlockId(sha256(b"".join(seeds))))
    dao.send(ALICE, pay(1))
    return dao.blocks()


def certificate() -> CommitCertificate:
    return DAO_CHAIN.chain.blocks[4].certificate


def forged() -> bytes:
    signatures = (certificate().signatures[1], *certificate().signatures[1:])
    return encode(replace(certificate(), signatures=signatures))


def of_a_minority() -> bytes:
    return encode(DAO_CHAIN.chain.finalise(DAO_CHAIN.chain.header, signers=2))


def over_a_lower_block() -> bytes:
    return encode(DAO_CHAIN.chain.blocks[3].certificate)


def over_a_changed_header() -> Blocks:
    header = replace(header_of(HONEST.blocks[-1]), receipts_root=Hash(bytes(32)))
    return put(HONEST, -1, changed(HONEST.blocks[-1], header=header))


def changed_in_the_middle() -> Blocks:
    header = replace(header_of(HONEST.blocks[1]), state_root=Hash(bytes(32)))
    return put(HONEST, 1, changed(HONEST.blocks[1], header=header))


LIES = {
    "a changed fee": ("receipts", lambda: with_receipts(other_fee)),
    "a success told as a failure": ("receipts", lambda: with_receipts(failed)),
    "events in another order": ("receipts", lambda: with_receipts(swapped_events)),
    "an event left out": ("receipts", lambda: with_receipts(without_an_event)),
    "a receipt left out": ("receipts", lambda: with_receipts(lambda receipts: receipts[:-1])),
    "another payload": ("payload", other_payload),
    "a block left out": ("parent", lambda: _with(HONEST, (HONEST.blocks[0], *HONEST.blocks[2:]))),
    "the first block left out": ("parent", lambda: _with(HONEST, HONEST.blocks[1:])),
    "blocks in another order": ("parent", lambda: _with(HONEST, HONEST.blocks[::-1])),
    "a header changed in the middle": ("parent", changed_in_the_middle),
    "another chain": ("chain", foreign_chain),
    "a chain of the same name": ("parent", same_name_other_genesis),
    "a forged signature": ("proof", lambda: _with(HONEST, HONEST.blocks, forged())),
    "a proof by too few": ("proof", lambda: _with(HONEST, HONEST.blocks, of_a_minority())),
    "a proof of another block": ("proof", lambda: _with(HONEST, HONEST.blocks, over_a_lower_block())),
    "a changed last header": ("proof", over_a_changed_header),
    "no proof": ("proof", lambda: Blocks(HONEST.height, HONEST.blocks, None, ())),
    "bytes that are no header": ("form", lambda: put(HONEST, 0, EncodedBlock(b"\x01", b"", b""))),
    "bytes that are no proof": ("form", lambda: _with(HONEST, HONEST.blocks, b"\x93\xa1x")),
}


def test_what_is_so_is_accepted_and_taken_apart() -> None:
    blocks = VERIFIER.verify(HONEST, after=VERIFIER.genesis())
    assert [block.header.height for block in blocks] == [1, 2, 3, 4]
    assert [len(block.transactions) for block in blocks] == [1, 1, 1, 1]
    assert blocks[2].before_ms == blocks[1].header.time_ms
    assert blocks[0].receipts == DAO_CHAIN.chain.blocks[1].receipts
    tail = DAO_CHAIN.blocks(above=2)
    assert VERIFIER.verify(tail, after=blocks[1].known()) == blocks[2:]


def test_a_proof_over_a_descendant_and_a_two_chain_are_proofs() -> None:
    chain = DAO_CHAIN.chain
    headers = [encode(chain.blocks[height].header) for height in (3, 4)]
    batch = Blocks(4, HONEST.blocks[:2], encode(chain.blocks[4].certificate), tuple(headers))
    assert len(VERIFIER.verify(batch, after=VERIFIER.genesis())) == 2
    two_chain = TwoChain(child=chain.header, qc=chain.certify(chain.header))
    batch = Blocks(4, HONEST.blocks[:3], encode(two_chain), ())
    assert len(VERIFIER.verify(batch, after=VERIFIER.genesis())) == 3


def test_no_blocks_are_no_lie() -> None:
    assert VERIFIER.verify(Blocks(4, (), None, ()), after=VERIFIER.genesis()) == ()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_told_apart(lie: str) -> None:
    kind, make = LIES[lie]
    with pytest.raises(NodeLied) as caught:
        VERIFIER.verify(make(), after=VERIFIER.genesis())
    assert caught.value.kind == kind, caught.value


def test_the_text_of_an_error_is_bound_by_nothing() -> None:
    batch = with_receipts(lambda receipts: [replace(receipts[0], error="other words"), *receipts[1:]])
    assert VERIFIER.verify(batch, after=VERIFIER.genesis())[1].receipts[0].error == "other words"


def test_a_checkpoint_holds_the_chain_to_one_block() -> None:
    header = DAO_CHAIN.chain.blocks[2].header
    right = BlockVerifier(DOCUMENT, checkpoint=Checkpoint(2, header.id()))
    assert len(right.verify(HONEST, after=right.genesis())) == 4
    wrong = BlockVerifier(DOCUMENT, checkpoint=Checkpoint(2, BlockId(bytes(32))))
    with pytest.raises(NodeLied) as caught:
        wrong.verify(HONEST, after=wrong.genesis())
    assert (caught.value.kind, caught.value.height) == ("checkpoint", 2)


def test_a_checkpoint_is_read_from_text() -> None:
    assert parse_checkpoint("12:0x" + "ab" * 32) == Checkpoint(12, BlockId(b"\xab" * 32))
    for text in ("", "12", "x:0x" + "ab" * 32, "12:0xabcd", "-1:" + "ab" * 32, "12:zz"):
        with pytest.raises(ValueError, match="expected HEIGHT:BLOCK_ID"):
            parse_checkpoint(text)


def test_a_payload_that_binds_is_still_read_with_care() -> None:
    """A quorum of liars can bind anything; what they bind must not stop the indexer in any other way."""
    chain = DaoChain()
    chain.commit()
    block = chain.chain.blocks[1]
    for payload in (b"\xc1", encode(Payload(transactions=(b"\x00",)))):
        header = replace(block.header, payload_digest=payload_digest(payload))
        encoded = EncodedBlock(encode(header), payload, encode(Receipts(receipts=block.receipts)))
        batch = Blocks(1, (encoded,), encode(chain.chain.finalise(header)), ())
        with pytest.raises(NodeLied):
            VERIFIER.verify(batch, after=VERIFIER.genesis())
