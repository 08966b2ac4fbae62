"""Verification against the genesis alone: what a quorum made final is accepted, and everything else is told apart."""

import msgspec
import pytest

from daonode.client.errors import FinalityNotProven, ReceiptNotProven, StateNotProven
from daonode.client.light import TrustedChain
from daonode.client.transactions import SignedTransaction, make_body, make_call, sign_body
from daonode.consensus.types import TwoChain
from daonode.ledger.receipts import prove_receipt
from daonode.modules.accounts.keys import ACCOUNTS
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import ChainId, Hash, TxId
from daonode.primitives.units import Amount
from tests.unit.client.small_chain import (
    ALICE,
    BOB,
    GENESIS_TIME_MS,
    NATIVE,
    CommittedBlock,
    SmallChain,
    make_genesis,
)

TRUSTED = TrustedChain(make_genesis())


def transfer(chain: SmallChain, amount: int = 5) -> SignedTransaction:
    call = make_call(chain.document.registry, Transfer(destination=BOB.address, asset=NATIVE, amount=Amount(amount)))
    body = make_body(
        [call],
        chain_id=chain.chain_id,
        sender=ALICE.address,
        sequence=0,
        expires_at_ms=GENESIS_TIME_MS + 600_000,
        gas_limit=100_000,
        max_fee=1_000,
    )
    return sign_body(body, [ALICE])


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


@pytest.fixture
def block(chain: SmallChain) -> CommittedBlock:
    return chain.commit(transfer(chain).raw)


def test_a_block_with_a_quorums_commit_votes_is_final(chain: SmallChain, block: CommittedBlock) -> None:
    TRUSTED.verify_finality(block.header, proof=block.certificate)
    TRUSTED.verify_finality(block.header, proof=chain.finalise(block.header, signers=3))


def test_the_genesis_block_needs_no_proof_and_no_other_block_can_do_without(
    chain: SmallChain, block: CommittedBlock
) -> None:
    TRUSTED.verify_finality(chain.initial.header, proof=None)
    with pytest.raises(FinalityNotProven, match="without a proof"):
        TRUSTED.verify_finality(block.header, proof=None)


def test_a_block_is_final_by_a_proof_over_its_descendant(chain: SmallChain, block: CommittedBlock) -> None:
    second, third = chain.commit(), chain.commit()
    TRUSTED.verify_finality(block.header, proof=third.certificate, descendants=(second.header, third.header))
    with pytest.raises(FinalityNotProven, match="block 3 follows"):
        TRUSTED.verify_finality(block.header, proof=third.certificate, descendants=(third.header,))
    with pytest.raises(FinalityNotProven, match="expected"):
        TRUSTED.verify_finality(block.header, proof=third.certificate, descendants=(second.header,))


def test_a_block_is_final_by_a_certified_child_in_the_next_round(chain: SmallChain, block: CommittedBlock) -> None:
    child = chain.commit().header
    TRUSTED.verify_finality(block.header, proof=TwoChain(child=child, qc=chain.certify(child)))


def test_a_certified_child_in_a_later_round_makes_nothing_final(chain: SmallChain, block: CommittedBlock) -> None:
    child = chain.commit(rounds=2).header
    with pytest.raises(FinalityNotProven, match="do not follow one another"):
        TRUSTED.verify_finality(block.header, proof=TwoChain(child=child, qc=chain.certify(child, qc_round=1)))


def test_two_of_four_validators_make_nothing_final(chain: SmallChain, block: CommittedBlock) -> None:
    with pytest.raises(FinalityNotProven, match="more than two thirds"):
        TRUSTED.verify_finality(block.header, proof=chain.finalise(block.header, signers=2))


def test_an_altered_header_is_not_the_one_that_was_signed(block: CommittedBlock) -> None:
    altered = msgspec.structs.replace(block.header, state_root=Hash(bytes(32)))
    with pytest.raises(FinalityNotProven, match="the proof makes block"):
        TRUSTED.verify_finality(altered, proof=block.certificate)


def test_an_altered_signature_is_told(block: CommittedBlock) -> None:
    first, *others = block.certificate.signatures
    altered = msgspec.structs.replace(block.certificate, signatures=(bytes([first[0] ^ 1]) + first[1:], *others))
    with pytest.raises(FinalityNotProven, match="signature of validator 0"):
        TRUSTED.verify_finality(block.header, proof=altered)


def test_other_validators_of_a_chain_with_the_same_name_are_refused() -> None:
    seeds = tuple(sha256(b"impostor %d" % index) for index in range(4))
    forged = SmallChain(make_genesis(seeds=seeds), seeds=seeds).commit()
    with pytest.raises(FinalityNotProven):
        TRUSTED.verify_finality(forged.header, proof=forged.certificate)


def test_the_same_validators_on_another_chain_are_refused() -> None:
    other = SmallChain(make_genesis(chain_id=ChainId("daonode:other"))).commit()
    with pytest.raises(FinalityNotProven, match="expected chain"):
        TRUSTED.verify_finality(other.header, proof=other.certificate)


def test_a_receipt_is_proven_and_an_altered_one_is_not(block: CommittedBlock) -> None:
    receipt = block.receipts[0]
    inclusion = prove_receipt(block.receipts, 0)
    proven = TRUSTED.verify_receipt(
        tx_id=receipt.tx_id, encoded=encode(receipt), inclusion=inclusion, header=block.header
    )
    assert proven == receipt
    cheaper = msgspec.structs.replace(receipt, fee=0)
    with pytest.raises(ReceiptNotProven, match="receipts root"):
        TRUSTED.verify_receipt(tx_id=receipt.tx_id, encoded=encode(cheaper), inclusion=inclusion, header=block.header)
    with pytest.raises(ReceiptNotProven, match="is that of transaction"):
        TRUSTED.verify_receipt(tx_id=TxId(bytes(32)), encoded=encode(receipt), inclusion=inclusion, header=block.header)
    with pytest.raises(ReceiptNotProven, match="is none"):
        TRUSTED.verify_receipt(tx_id=receipt.tx_id, encoded=b"\x00", inclusion=inclusion, header=block.header)


def test_a_value_and_its_absence_are_proven_and_lies_are_not(chain: SmallChain, block: CommittedBlock) -> None:
    key = ACCOUNTS.state_key(ALICE.address)
    value, proof = chain.tip.get(key), chain.tip.prove(key)
    assert value is not None
    TRUSTED.verify_state(key=key, value=value, proof=proof, header=block.header)
    TRUSTED.verify_state(key=b"none", value=None, proof=chain.tip.prove(b"none"), header=block.header)
    for lie in (None, value + b"\x00"):
        with pytest.raises(StateNotProven, match="block 1"):
            TRUSTED.verify_state(key=key, value=lie, proof=proof, header=block.header)
    with pytest.raises(StateNotProven, match="block 0"):
        TRUSTED.verify_state(key=key, value=value, proof=proof, header=chain.initial.header)
