"""Trying a transaction before it is signed or sent."""

from daonode.ledger.transactions import Transaction
from daonode.primitives.codec import decode
from tests.unit.node.rpc.calling import Caller
from tests.unit.node.rpc.fake_node import ALICE, BOB, proposal, transfer


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


async def test_a_body_is_tried_with_the_keys_that_will_sign_it() -> None:
    caller = Caller()
    body = decode(proposal(), Transaction).body
    unsigned = await caller.call("dao_simulate", body=hexed(body), keys=[hexed(ALICE.public_key)])
    assert unsigned == await caller.call("dao_simulate", transaction=hexed(proposal()))
    assert unsigned["code"] == 0
    wrong = await caller.refusal("dao_simulate", body=hexed(body), keys=[hexed(BOB.public_key)])
    assert (wrong["code"], wrong["reason"]) == (-32003, "unauthorised")


async def test_more_or_less_than_one_transaction_is_refused() -> None:
    caller, raw = Caller(), hexed(transfer())
    key = hexed(ALICE.public_key)
    for parameters, reason in (
        ({}, "nothing_given"),
        ({"body": raw}, "nothing_given"),
        ({"keys": [key]}, "nothing_given"),
        ({"transaction": raw, "body": raw, "keys": [key]}, "ambiguous"),
        ({"transaction": raw, "keys": [key]}, "ambiguous"),
    ):
        refusal = await caller.refusal("dao_simulate", **parameters)
        assert (refusal["code"], refusal["reason"]) == (-32000, reason), parameters
    assert (await caller.refusal("dao_estimateFee", transaction=raw, gas_limit="1"))["reason"] == "ambiguous"
    assert (await caller.refusal("dao_simulate", body=raw, keys=[key] * 33))["path"] == "params.keys"


async def test_a_transactions_fee_is_that_of_the_gas_it_takes_with_a_margin() -> None:
    caller, raw = Caller(), hexed(transfer())
    simulated = await caller.call("dao_simulate", transaction=raw)
    estimate = await caller.call("dao_estimateFee", transaction=raw)
    assert estimate["gas_used"] == simulated["gas_used"]
    used, limit = int(str(estimate["gas_used"])), int(str(estimate["gas_limit"]))
    assert limit == used + used // 4
    assert estimate["fee"] == (await caller.call("dao_estimateFee", gas_limit=str(limit)))["fee"]
    assert (await caller.call("dao_estimateFee"))["gas_used"] is None
