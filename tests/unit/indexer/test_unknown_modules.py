"""What a module of somebody else tells is kept, projected by nobody, and stops nothing."""

from __future__ import annotations

import dataclasses
import json

from msgspec.structs import replace

from daonode.genesis.document import GenesisDocument
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.projector import Projector
from daonode.indexer.verifying import BlockVerifier, Known
from daonode.ledger.block import EventRecord, Receipt
from daonode.ledger.session import NO_TRANSACTION
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount
from daonode.stores.memory import MemoryStore
from daonode.stores.tables import EVENTS, TRANSACTIONS
from tests.unit.indexer.dao_chain import ALICE, BOB, DAO, DaoChain


class Sung(Record, frozen=True):
    """An event that this chain's registry does not know."""

    song: str
    singer: Address


UNKNOWN = (
    EventRecord(type="choir.Sung", body=encode(Sung("la", ALICE.address))),
    EventRecord(type="governance.VoteCast", body=b"\xc0"),
    EventRecord(type="", body=b""),
)


def test_an_event_that_is_not_known_is_kept_as_it_came() -> None:
    dao = DaoChain()
    dao.send(ALICE, Transfer(destination=BOB.address, asset=DAO, amount=Amount(5)))
    document: GenesisDocument = dao.chain.document
    verifier, projector, store = BlockVerifier(document), Projector(document), MemoryStore()
    draft = Draft(store)
    store.apply(projector.begin(draft))
    draft.written()
    (block,) = verifier.verify(dao.blocks(), after=verifier.genesis())
    own = Receipt(tx_id=NO_TRANSACTION, code=0, error="", gas_used=0, fee=0, events=UNKNOWN)
    told = dataclasses.replace(
        block,
        receipts=(replace(block.receipts[0], events=(*block.receipts[0].events, *UNKNOWN)), own),
    )
    store.apply(projector.project([told], draft))
    rows = store.page(EVENTS, order=("height", "position"), where={"type": "choir.Sung"})
    assert [json.loads(row.value) for row in rows] == [{"body": "0x" + UNKNOWN[0].body.hex()}] * 2
    assert [(row.tx_id is None, row.proposal) for row in rows] == [(False, None), (True, None)]
    wrong = store.page(EVENTS, order=("height", "position"), where={"type": "governance.VoteCast"})
    assert [json.loads(row.value) for row in wrong] == [{"body": "0xc0"}] * 2
    head = store.head()
    assert head is not None
    assert Known(head.height, head.block_id, head.time_ms) == block.known()


def test_a_message_that_is_not_known_is_kept_as_it_came() -> None:
    dao = DaoChain()
    dao.commit(dao.sign(ALICE, Transfer(destination=BOB.address, asset=DAO, amount=Amount(5))))
    document = dao.chain.document
    verifier, projector, store = BlockVerifier(document), Projector(document), MemoryStore()
    draft = Draft(store)
    store.apply(projector.begin(draft))
    draft.written()
    (block,) = verifier.verify(dao.blocks(), after=verifier.genesis())
    (sent,) = block.transactions
    call = replace(sent.body.messages[0], type="choir.Sing")
    other = dataclasses.replace(
        sent, body=replace(sent.body, messages=(call, replace(call, type="accounts.Transfer", body=b"\xc1")))
    )
    told = dataclasses.replace(block, transactions=(other,))
    store.apply(projector.project([told], draft))
    row = store.get(TRANSACTIONS, sent.id)
    assert row is not None
    assert [each["value"] for each in json.loads(row.messages)] == [
        {"body": "0x" + call.body.hex()},
        {"body": "0xc1"},
    ]
