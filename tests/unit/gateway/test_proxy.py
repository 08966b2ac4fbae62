"""`/rpc`: which calls go to a node, what each costs, and how nodes that do not answer are left alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from daonode.gateway.nodes import FAILURES_TO_REST, REST_S, Nodes
from daonode.gateway.problems import Problem
from daonode.gateway.proxy import COSTS, MAX_BATCH
from daonode.gateway.settings import LimitsSection
from daonode.node.rpc.methods import METHODS
from tests.unit.gateway.asking import Asker, PlayedNode, asking


def call(method: str, call_id: int = 1, **parameters: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": parameters}


async def ask(asker: Asker, body: Any) -> httpx.Response:
    return await asker.http.post("/rpc", json=body)


def error_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, Any] = answer.json()["error"]
    return error


async def test_a_call_goes_to_the_node_and_its_answer_comes_back_as_it_is() -> None:
    async with asking() as asker:
        answer = await ask(asker, call("dao_status", 7))
        batch = await ask(asker, [call("dao_status", 1), call("dao_getProof", 2)])
    assert answer.json() == {"jsonrpc": "2.0", "id": 7, "result": {"height": 12}}
    assert [each["id"] for each in batch.json()] == [1, 2]
    assert batch.json()[1]["error"]["data"]["reason"] == "unknown_method", "the node's own error"


def test_what_is_passed_on_is_what_a_node_has() -> None:
    assert set(COSTS) <= set(METHODS)
    assert {"dao_subscribe", "dao_unsubscribe", "dao_getBlocks", "dao_netInfo", "dao_consensusState"} & set(
        COSTS
    ) == set()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (call("dao_subscribe", topic="newBlocks"), "unknown_method"),
        (call("dao_getStatus"), "unknown_method"),
        ([call("dao_status"), call("dao_netInfo")], "unknown_method"),
        ([], "batch_too_large"),
        ([call("dao_status")] * (MAX_BATCH + 1), "batch_too_large"),
        (5, "invalid_request"),
        ([[]], "invalid_request"),
        ({"method": 5}, "invalid_request"),
    ],
)
async def test_what_may_not_be_asked_is_refused_in_the_form_of_json_rpc(body: Any, reason: str) -> None:
    async with asking() as asker:
        answer = await ask(asker, body)
        error = error_in(answer, answer.status_code)
    assert 400 <= answer.status_code < 500
    assert error["data"]["reason"] == reason
    assert asker.node.asked == []


async def test_an_unknown_method_is_told_the_nearest() -> None:
    async with asking() as asker:
        error = error_in(await ask(asker, call("dao_getTransactoin")), 404)
    assert error["code"] == -32601
    assert "did you mean 'dao_getTransaction'?" in error["data"]["hint"]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b" " * 600_000, "application/json", 413),
        (b"{}", "text/plain", 415),
    ],
)
async def test_bytes_that_are_no_call_do_not_reach_a_node(content: bytes, media_type: str, status: int) -> None:
    async with asking() as asker:
        answer = await asker.http.post("/rpc", content=content, headers={"Content-Type": media_type})
        error_in(answer, status)
    assert asker.node.asked == []


async def test_a_batch_costs_the_sum_of_its_calls() -> None:
    async with asking(limits=LimitsSection(anonymous_rate=1, anonymous_burst=12)) as asker:
        assert (await ask(asker, [call("dao_getProof"), call("dao_query")])).status_code == 200
        refused = await ask(asker, call("dao_query"))
    assert error_in(refused, 429)["code"] == -32005
    assert refused.headers["retry-after"]


async def test_while_no_node_answers_it_is_said_in_the_form_of_json_rpc() -> None:
    async with asking() as asker:
        asker.node.is_away = True
        answer = await ask(asker, call("dao_status"))
    assert error_in(answer, 503)["data"] == {
        "reason": "node_unavailable",
        "hint": "try again in a moment",
        "retryable": True,
    }
    assert answer.headers["retry-after"] == "5"


# Nodes.


@asynccontextmanager
async def two_nodes() -> AsyncIterator[tuple[Nodes, dict[str, PlayedNode]]]:
    nodes = {name: PlayedNode(results={"dao_status": {"height": index}}) for index, name in enumerate(("a", "b"))}

    async def route(request: httpx.Request) -> httpx.Response:
        return await nodes[request.url.host](request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(route)) as http:
        yield Nodes(("http://a:1", "http://b:1"), http), nodes


async def height(nodes: Nodes) -> int:
    return (await nodes.call("dao_status", {})).number("height")


async def test_the_next_node_is_asked_where_one_does_not_answer(mock_clock: trio.testing.MockClock) -> None:
    async with two_nodes() as (nodes, played):
        assert await height(nodes) == 0
        played["a"].is_away = True
        assert await height(nodes) == 1
        played["a"].is_away = False
        assert await height(nodes) == 0, "one failure does not rest a node"


async def test_a_node_that_fails_again_and_again_is_left_alone_for_a_while(mock_clock: trio.testing.MockClock) -> None:
    async with two_nodes() as (nodes, played):
        played["a"].is_away = True
        for _ in range(FAILURES_TO_REST):
            assert await height(nodes) == 1
        played["a"].is_away = False
        assert await height(nodes) == 1, "it rests"
        mock_clock.jump(REST_S)
        assert await height(nodes) == 0, "one question tries it again"
        assert await height(nodes) == 0


async def test_a_resting_node_is_tried_by_one_question_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    async with two_nodes() as (nodes, played):
        played["a"].is_away = True
        for _ in range(FAILURES_TO_REST):
            await height(nodes)
        await trio.sleep(REST_S)
        hanging = PlayedNode(results={})

        async def hang(request: httpx.Request) -> httpx.Response:
            hanging.asked.append(json.loads(request.content))
            await trio.sleep_forever()
            raise AssertionError

        played["a"] = hang  # type: ignore[assignment]  # another way to play a node
        found: list[int] = []

        async def ask_once() -> None:
            found.append(await height(nodes))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask_once)
    assert found == [1] * 5
    assert len(hanging.asked) == 1


async def test_where_no_node_answers_it_is_said_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with two_nodes() as (nodes, played):
        played["a"].is_away = played["b"].is_away = True
        for _ in range(FAILURES_TO_REST + 1):
            with pytest.raises(Problem, match="no node answers"):
                await height(nodes)
        assert await nodes.height() is None


async def test_the_height_is_asked_for_once_a_second(mock_clock: trio.testing.MockClock) -> None:
    async with two_nodes() as (nodes, played):
        for _ in range(10):
            assert await nodes.height() == 0
        assert len(played["a"].asked) == 1
        mock_clock.jump(1)
        await nodes.height()
        assert len(played["a"].asked) == 2
