"""Handing transactions to a node: what is taken, what is refused and how, and what happens while nodes are away."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from daonode.client.transactions import make_body, sign_body
from daonode.client.wallet import Wallet
from daonode.gateway.settings import LimitsSection
from daonode.ledger.errors import WrongSequence
from daonode.ledger.transactions import Call, Transaction
from daonode.primitives.codec import encode
from daonode.primitives.ids import ChainId
from tests.unit.gateway.asking import Asker, PlayedNode, asking, problem_in

ALICE = Wallet.from_seed(bytes([1]) * 32)
BODY = make_body(
    [Call(type="governance.Vote", body=encode((1,)))],
    chain_id=ChainId("daonode:test"),
    sender=ALICE.address,
    sequence=0,
    expires_at_ms=1,
    gas_limit=1,
    max_fee=1,
)
SIGNED = sign_body(BODY, [ALICE])
TX = f"0x{SIGNED.id.hex()}"


async def send(asker: Asker, raw: bytes = SIGNED.raw) -> httpx.Response:
    return await asker.http.post("/api/transactions", json={"transaction": f"0x{raw.hex()}"})


def taking() -> PlayedNode:
    return PlayedNode(results={"dao_sendRawTransaction": {"tx_id": TX}})


def refusing(code: int, reason: str, *, retryable: bool = False, application: int | None = None) -> PlayedNode:
    data: dict[str, Any] = {"reason": reason, "hint": "do better", "retryable": retryable}
    if application is not None:
        data["code"] = application
    return PlayedNode(errors={"dao_sendRawTransaction": {"code": code, "message": "no", "data": data}}, results={})


async def test_a_signed_transaction_goes_to_the_node_as_it_is() -> None:
    async with asking(node=taking()) as asker:
        answer = await send(asker)
    assert (answer.status_code, answer.json()["tx_id"]) == (202, TX)
    assert answer.headers["location"] == f"/api/transactions/{TX}"
    assert asker.node.asked[-1]["params"] == {"transaction": f"0x{SIGNED.raw.hex()}"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x00", "invalid_transaction"),
        (SIGNED.raw + b"\x00", "invalid_transaction"),
        (SIGNED.raw[:-1], "invalid_transaction"),
        (encode(BODY), "invalid_transaction"),
        (encode(Transaction(body=encode(BODY), signatures=())), "unsigned_transaction"),
        (b"", "invalid_body"),
    ],
)
async def test_what_is_no_signed_transaction_is_refused_here(raw: bytes, reason: str) -> None:
    async with asking(node=taking()) as asker:
        assert problem_in(await send(asker, raw), 400)["reason"] == reason
    assert [call["method"] for call in asker.node.asked] == []


@pytest.mark.parametrize(
    ("node", "status", "code"),
    [
        (refusing(-32003, "insufficient_funds", application=2003), 422, 2003),
        (refusing(-32003, "sender_limit", retryable=True, application=1002), 422, 1002),
        (refusing(-32002, "overloaded", retryable=True, application=1000), 503, 1000),
        (refusing(-32005, "rate_limited", retryable=True), 503, 503),
        (refusing(-32602, "invalid_parameters"), 400, 400),
    ],
)
async def test_a_refusal_of_the_chain_has_its_code(node: PlayedNode, status: int, code: int) -> None:
    async with asking(node=node) as asker:
        answer = await send(asker)
    problem = problem_in(answer, status)
    assert (problem["code"], problem["hint"]) == (code, "do better")
    assert ("retry-after" in answer.headers) == problem["retryable"]


async def test_sending_again_what_is_known_already_is_no_error() -> None:
    node = refusing(-32003, WrongSequence.reason, application=WrongSequence.code)
    async with asking(node=node) as asker:
        assert problem_in(await send(asker), 422)["reason"] == WrongSequence.reason
        node.results["dao_getTransaction"] = {"tx_id": TX, "status": "pending"}
        assert (await send(asker)).status_code == 202


async def test_while_no_node_answers_it_is_to_be_tried_again() -> None:
    async with asking(node=taking()) as asker:
        asker.node.is_away = True
        answer = await send(asker)
    assert problem_in(answer, 503)["reason"] == "node_unavailable"
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"transaction": "0x00"}', "text/plain", 415),
        (b'{"transaction": "0x00"}', "", 415),
        (b"{" + b" " * 400_000 + b"}", "application/json", 413),
        (b'{"transaction": "0x0"}', "application/json", 400),
        (b'{"transaction": "0x00", "transaction": "0x00"}', "application/json", 400),
        (b'{"transaction": "0x00", "sign": true}', "application/json", 400),
        (b"NaN", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"", "application/json", 400),
    ],
)
async def test_a_body_that_is_not_right_is_refused(content: bytes, media_type: str, status: int) -> None:
    async with asking(node=taking()) as asker:
        headers = {"Content-Type": media_type}
        problem_in(await asker.http.post("/api/transactions", content=content, headers=headers), status)


async def test_sending_costs_more_than_reading() -> None:
    async with asking(node=taking(), limits=LimitsSection(anonymous_rate=1, anonymous_burst=7)) as asker:
        assert (await send(asker)).status_code == 202
        assert problem_in(await send(asker), 429)["reason"] == "rate_limited"
