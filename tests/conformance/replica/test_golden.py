"""Golden bytes of every record and key on disk, and of every message that is not of consensus."""

from __future__ import annotations

import json
import os
from pathlib import Path

from daonode.consensus.evidence import Evidence, SignedStatement
from daonode.consensus.statements import Commit, Timeout
from daonode.consensus.types import TwoChain
from daonode.genesis.document import ChainDescription
from daonode.ledger.block import EventRecord, Receipt
from daonode.primitives.codec import encode
from daonode.primitives.ids import Signature, TxId
from daonode.primitives.units import TimeMs
from daonode.replica.layout import (
    BLOCK_PREFIX,
    GENESIS_KEY,
    HEADER_PREFIX,
    NODE_PREFIX,
    PLACE_PREFIX,
    RECEIPTS_PREFIX,
    ROUND_PREFIX,
    STALE_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    CommittedBlock,
    Receipts,
    StaleNodes,
    StoredGenesis,
    Tip,
    TransactionPlace,
    block_key,
    height_key,
    place_key,
    round_key,
)
from daonode.replica.messages import BlockRequest, BlockResponse, EvidenceMessage, TransactionsMessage
from tests.unit.consensus.chains import Maker

GOLDEN = Path(__file__).parent / "golden.json"
APPROVAL = "DAONODE_APPROVE_GOLDEN"

maker = Maker()
A = maker.block(round_=1)
B = maker.block(round_=2, parent=A)
BLOCK_ID = A.header.id()
TX_ID = TxId(bytes(range(32)))
NO_SIGNATURE = Signature(bytes(64))
COMMIT = Commit(chain_id=A.header.chain_id, epoch=0, round=3, block_id=BLOCK_ID)
TIMEOUT = Timeout(chain_id=A.header.chain_id, epoch=0, round=4, high_qc_round=2)
EVIDENCE = Evidence(
    validator=maker.validators.validators[0].id,
    first=SignedStatement(statement=COMMIT, signature=NO_SIGNATURE),
    second=SignedStatement(statement=TIMEOUT, signature=NO_SIGNATURE),
)
RECEIPT = Receipt(
    tx_id=TX_ID, code=7, error="no", gas_used=300, fee=3, events=(EventRecord(type="accounts.Transferred", body=b"e"),)
)


def actual_bytes() -> dict[str, str]:
    two_chain = TwoChain(child=B.header, qc=maker.qc(B))
    values = {
        "committed block": encode(CommittedBlock(block_id=BLOCK_ID, header=A.header, proof=None)),
        "committed block with a certificate": encode(
            CommittedBlock(block_id=BLOCK_ID, header=A.header, proof=maker.commit(A))
        ),
        "committed block with a two-chain": encode(CommittedBlock(block_id=BLOCK_ID, header=A.header, proof=two_chain)),
        "receipts": encode(Receipts(receipts=(RECEIPT,))),
        "place": encode(TransactionPlace(height=300, index=2)),
        "tip": encode(Tip(height=1, block_id=BLOCK_ID, next_deadline_ms=None)),
        "tip with a deadline": encode(Tip(height=1, block_id=BLOCK_ID, next_deadline_ms=1_000_000)),
        "header key": height_key(HEADER_PREFIX, 300),
        "receipts key": height_key(RECEIPTS_PREFIX, 2**40),
        "stale nodes": encode(StaleNodes(node_keys=(bytes(8), bytes(7) + b"\x01\x0f"))),
        "stale key": height_key(STALE_PREFIX, 1),
        "place key": place_key(TX_ID),
        "block key": block_key(BLOCK_ID),
        "round key": round_key(300, BLOCK_ID),
        "state prefix": STATE_PREFIX,
        "node prefix": NODE_PREFIX,
        "place prefix": PLACE_PREFIX,
        "block prefix": BLOCK_PREFIX,
        "round prefix": ROUND_PREFIX,
        "tip key": TIP_KEY,
        "genesis": encode(
            StoredGenesis(
                chain=ChainDescription(chain_id=A.header.chain_id, genesis_time=TimeMs(1_000_000)),
                modules=("accounts", "validators"),
                header=A.header,
                validators=maker.validators,
            )
        ),
        "genesis key": GENESIS_KEY,
        "evidence": encode(EvidenceMessage(evidence=(EVIDENCE,))),
        "transactions message": encode(TransactionsMessage(transactions=(b"one", b"two"))),
        "block request": encode(BlockRequest(above_height=300, tip=BLOCK_ID)),
        "block response": encode(BlockResponse(above_height=0, tip=BLOCK_ID, blocks=(A,), proof=maker.commit(A))),
        "empty block response": encode(BlockResponse(above_height=300, tip=BLOCK_ID, blocks=(), proof=None)),
    }
    return {name: value.hex() for name, value in values.items()}


def test_the_bytes_are_those_that_were_approved() -> None:
    actual = actual_bytes()
    if os.environ.get(APPROVAL) == "1":
        GOLDEN.write_text(json.dumps(actual, indent=2) + "\n")
    assert actual == json.loads(GOLDEN.read_text()), f"bytes changed; {APPROVAL}=1 approves the new ones"


def test_heights_and_rounds_sort_as_numbers_do() -> None:
    numbers = [0, 1, 255, 256, 65_536, 2**40]
    assert sorted(height_key(HEADER_PREFIX, number) for number in numbers) == [
        height_key(HEADER_PREFIX, number) for number in numbers
    ]
    assert sorted(round_key(number, BLOCK_ID) for number in numbers) == [
        round_key(number, BLOCK_ID) for number in numbers
    ]
