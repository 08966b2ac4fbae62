"""The bytes of transactions, receipts and state records. A change here is a change of the protocol."""

import json
import os
from pathlib import Path

from daonode.ledger.application import EMPTY_PAYLOAD
from daonode.ledger.block import EventRecord, Receipt
from daonode.ledger.deadlines import QUEUE, Scheduled
from daonode.ledger.events import BlockWorkFailed, DeadlineFailed
from daonode.ledger.origins import module_address, origin_address
from daonode.ledger.params import PARAMS, LedgerParams
from daonode.ledger.receipts import receipt_leaf, receipts_root
from daonode.ledger.snapshots import HELD_HEIGHTS, HeldHeight, HeldHeights
from daonode.primitives.codec import encode
from daonode.primitives.ids import TxId
from tests.unit.ledger.counter_chain import ALICE, BOB, Add, Plan, Refuse, chain, payload

GOLDEN = Path(__file__).with_name("golden.json")
APPROVE = "DAONODE_APPROVE_GOLDEN"


def produced() -> dict[str, str]:
    transaction = ALICE.send(Add("votes", 3), lane=2, sequence=7)
    event = EventRecord(type="counter.Added", body=b"\x92\xa1a\x01")
    receipt = Receipt(tx_id=TxId(b"t" * 32), code=9, error="text", gas_used=1_000, fee=1, events=(event,))
    world = chain(votes=5)
    block = world.run(ALICE.send(Add("votes", 3)), BOB.send(Refuse("x"), Plan(2_000_000, b"item")))
    values = {
        "empty payload": EMPTY_PAYLOAD,
        "transaction": transaction,
        "payload": payload(transaction),
        "receipt": encode(receipt),
        "receipt leaf": receipt_leaf(receipt),
        "receipts root": receipts_root([receipt]),
        "event DeadlineFailed": encode(DeadlineFailed(module="counter", item=b"x", code=9, reason="out_of_gas")),
        "event BlockWorkFailed": encode(
            BlockWorkFailed(module="counter", step="end_block", code=9, reason="out_of_gas")
        ),
        "params": encode(LedgerParams()),
        "params key": PARAMS.state_key(None),
        "held heights": encode(HeldHeights(heights=(HeldHeight(height=300, holders=2),))),
        "held heights key": HELD_HEIGHTS.state_key(None),
        "deadline": encode(Scheduled()),
        "deadline key": QUEUE.state_key((2_000_000, ("counter", b"item"))),
        "module account": module_address("treasury"),
        "origin account": origin_address("root"),
        "block state root": block.state_root,
        "block receipts root": block.receipts_root,
        "block receipts": encode(block.receipts),
    }
    return {name: value.hex() for name, value in values.items()}


def test_every_encoding_is_the_approved_one() -> None:
    """Run with DAONODE_APPROVE_GOLDEN=1 to approve new bytes."""
    found = produced()
    if os.environ.get(APPROVE):
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(GOLDEN.read_text())
