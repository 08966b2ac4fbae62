"""Sending, simulating, pricing, and following transactions."""

import json

import pytest
import trio
import trio.testing

from daonode.ledger.block import Receipt
from daonode.ledger.receipts import verify_receipt
from daonode.node.api import Overloaded
from daonode.primitives.codec import decode
from daonode.primitives.json_form import from_json
from daonode.primitives.merkle import InclusionProof
from daonode.replica.mempool import SenderLimit
from tests.unit.node.rpc.calling import Caller, at, error_in
from tests.unit.node.rpc.fake_node import ALICE, id_of, proposal, transaction, transfer

AUTOJUMP_S = 0.3
"""The clock jumps when nothing happens for this long: reads on threads take less."""


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


async def test_a_sent_transaction_waits_and_is_then_committed_with_its_receipt() -> None:
    caller = Caller()
    raw = transfer(amount=7)
    sent = await caller.call("dao_sendRawTransaction", transaction=hexed(raw))
    assert sent == {"tx_id": hexed(id_of(raw))}
    pending = await caller.call("dao_getTransaction", **sent)
    assert (pending["status"], pending["height"], pending["receipt"]) == ("pending", None, None)
    assert (pending["sequence"], pending["memo"], pending["signers"]) == ("0", "a <memo>", [hexed(ALICE.public_key)])
    assert at(pending, "messages", 0, "value", "amount") == "7"
    caller.node.commit()
    committed = await caller.call("dao_getTransaction", **sent)
    assert (committed["status"], committed["height"], committed["index"]) == ("committed", 1, 0)
    assert committed["block_id"] == (await caller.call("dao_getBlock"))["id"]
    assert at(committed, "receipt", "code") == 0
    receipt = await caller.call("dao_getReceipt", **sent)
    assert receipt["receipt"] == committed["receipt"]
    assert "proof" not in receipt


async def test_a_receipt_is_proven_under_the_headers_root() -> None:
    caller = Caller()
    raws = [transfer(), transfer(sequence=1)]
    for raw in raws:
        await caller.call("dao_sendRawTransaction", transaction=hexed(raw))
    header = caller.node.commit()
    answer = await caller.call("dao_getReceipt", tx_id=hexed(id_of(raws[1])), proof=True)
    encoded = decode(bytes.fromhex(str(at(answer, "proof", "receipt"))[2:]), Receipt)
    inclusion = from_json(at(answer, "proof", "inclusion"), InclusionProof)
    assert encoded.tx_id == id_of(raws[1])
    assert verify_receipt(header.receipts_root, encoded, inclusion)
    first = await caller.call("dao_getReceipt", tx_id=hexed(id_of(raws[0])))
    events_before = len(caller.node.archive.receipts(1)[0].events)
    assert at(first, "receipt", "events", 0, "position") == "1:0"
    assert at(answer, "receipt", "events", 0, "position") == f"1:{events_before}"


async def test_waiting_for_a_transaction_ends_with_its_commit(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.autojump_threshold = AUTOJUMP_S
    caller, began = Caller(), trio.current_time()
    raw = transfer()
    await caller.call("dao_sendRawTransaction", transaction=hexed(raw))
    answers = []
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            answers.append(await caller.call("dao_getTransaction", tx_id=hexed(id_of(raw)), wait_ms=30_000))

        nursery.start_soon(wait)
        await trio.sleep(3)
        assert not answers
        caller.node.commit()
    assert answers[0]["status"] == "committed"
    assert 3 <= trio.current_time() - began < 4


async def test_waiting_for_nothing_ends_after_the_time(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.autojump_threshold = AUTOJUMP_S
    caller, began = Caller(), trio.current_time()
    refusal = await caller.refusal("dao_getTransaction", tx_id="0x" + "ab" * 32, wait_ms=5_000)
    assert (refusal["code"], refusal["reason"], refusal["retryable"]) == (-32001, "not_found", False)
    assert 5 <= trio.current_time() - began < 6
    raw = transfer()
    await caller.call("dao_sendRawTransaction", transaction=hexed(raw))
    pending = await caller.call("dao_getTransaction", tx_id=hexed(id_of(raw)), wait_ms=1_000)
    assert pending["status"] == "pending"
    assert (await caller.refusal("dao_getReceipt", tx_id=hexed(id_of(raw))))["code"] == -32001


async def test_a_rejected_transaction_carries_the_applications_code() -> None:
    caller = Caller()
    refusal = await caller.refusal(
        "dao_sendRawTransaction", transaction=hexed(transaction(ALICE, chain_id="daonode:elsewhere"))
    )
    assert (refusal["code"], refusal["application"], refusal["retryable"]) == (-32003, 11, False)
    refusal = await caller.refusal("dao_sendRawTransaction", transaction="0x00")
    assert (refusal["code"], refusal["application"], refusal["reason"]) == (-32003, 2, "invalid_encoding")


async def test_a_full_node_is_unavailable_and_a_full_sender_is_refused_both_for_now() -> None:
    caller = Caller()
    caller.node.refusal = Overloaded("busy", hint="later")
    refusal = await caller.refusal("dao_sendRawTransaction", transaction=hexed(transfer()))
    assert (refusal["code"], refusal["reason"], refusal["retryable"]) == (-32002, "overloaded", True)
    caller.node.refusal = SenderLimit("64 wait")
    refusal = await caller.refusal("dao_sendRawTransaction", transaction=hexed(transfer()))
    assert (refusal["code"], refusal["application"], refusal["retryable"]) == (-32003, 1002, True)


async def test_the_transactions_of_a_batch_are_submitted_together_and_answered_one_by_one() -> None:
    caller = Caller()
    raws = ["0x00", hexed(transfer()), hexed(transfer(sequence=1))]
    calls = [
        {"jsonrpc": "2.0", "id": index, "method": "dao_sendRawTransaction", "params": {"transaction": raw}}
        for index, raw in enumerate(raws)
    ]
    calls.insert(1, {"jsonrpc": "2.0", "id": "status", "method": "dao_status"})
    answers = await caller.send(calls)
    assert caller.node.submissions == [3]
    assert isinstance(answers, list)
    assert [at(answer, "id") for answer in answers] == [0, "status", 1, 2]
    assert error_in(answers[0])["code"] == -32003
    assert at(answers[3], "result", "tx_id") == hexed(id_of(transfer(sequence=1)))


async def test_simulation_shows_the_receipt_and_changes_nothing() -> None:
    caller = Caller()
    answer = await caller.call("dao_simulate", transaction=hexed(proposal()))
    assert (answer["code"], answer["error"]) == (0, "")
    assert '"governance.ProposalSubmitted"' in json.dumps(answer["events"])
    failing = await caller.call("dao_simulate", transaction=hexed(transfer(amount=10**15)))
    assert failing["code"] == 2000
    assert "holds" in str(failing["error"])
    refusal = await caller.refusal("dao_simulate", transaction=hexed(transfer(sequence=5)))
    assert (refusal["code"], refusal["application"]) == (-32003, 7)
    assert (await caller.call("dao_status"))["height"] == 0


@pytest.mark.parametrize(("limit", "fee"), [("1000", "1"), ("1001", "2"), ("0", "0")])
async def test_the_fee_is_the_price_of_the_limit_rounded_up(limit: str, fee: str) -> None:
    answer = await Caller().call("dao_estimateFee", gas_limit=limit)
    assert (answer["gas_price"], answer["gas_unit"], answer["fee"]) == ("1", "1000", fee)
    assert answer["expiry_window"] == "1d"
    assert (await Caller().call("dao_estimateFee"))["fee"] is None
