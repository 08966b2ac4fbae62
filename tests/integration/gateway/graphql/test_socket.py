"""graphql-transport-ws: the messages and close codes of the protocol, with a real client and server."""

import json
from typing import Final

import httpx
import pytest
import trio

from daonode.gateway.graphql import socket as socket_module
from daonode.gateway.graphql.socket import MAX_OPERATIONS
from daonode.primitives.addresses import encode_account
from daonode.stores.tables import BLOCKS, EVENTS, MOVES, PROPOSALS
from tests.integration.gateway.graphql.served import GOOD_TOKEN, PATIENCE_S, Served, connected, opened, served
from tests.unit.gateway.graphql.population import (
    HEIGHT,
    account,
    block,
    changes,
    event,
    founded_store,
    move,
    proposal,
    vote_block,
)

BLOCKS_QUERY: Final = "subscription ($since: Position) { blockAdded(since: $since) { position block { height } } }"
VOTES_QUERY: Final = """subscription ($since: Position, $proposal: ID, $voter: Address) {
    voteCast(since: $since, proposal: $proposal, voter: $voter) {
        position choice weight reason voter { address } proposal { number tally { yes } } transaction { place } } }"""


async def until_counted(server: Served, name: str, value: float) -> None:
    """Wait until a metric has a value."""
    with trio.fail_after(PATIENCE_S):
        while server.count(name) != value:
            await trio.sleep(0.005)


async def test_a_query_is_told_next_and_complete() -> None:
    async with served(founded_store()) as server, connected(server) as client:
        await client.subscribe("q", "query ($n: Int!) { blocks(first: $n) { items { height } } }", n=1)
        assert await client.next("q") == {"blocks": {"items": [{"height": 10}]}}
        assert await client.receive() == {"id": "q", "type": "complete"}
        # The id is free again.
        await client.subscribe("q", "{ status { height } }")
        assert await client.next("q") == {"status": {"height": 10}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "PARSE_FAILED"),
        ("subscription { nothing }", "VALIDATION_FAILED"),
        ("subscription { a: blockAdded { position } b: blockAdded { position } }", "VALIDATION_FAILED"),
        ('subscription { voteCast(proposal: "x") { position } }', "BAD_INPUT"),
        ('subscription { blockAdded(since: "11:0") { position } }', "BAD_INPUT"),
        (
            "subscription { voteCast { proposal { votes(first: 100) { items {choice reason time weight a: time}}}}}",
            "TOO_DEAR",
        ),
    ],
)
async def test_an_operation_that_is_not_executed_is_told_why_and_the_connection_stays(query: str, code: str) -> None:
    async with served(founded_store()) as server, connected(server) as client:
        await client.subscribe("1", query)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        errors = message["payload"]
        assert isinstance(errors, list)
        assert errors[0]["extensions"]["code"] == code
        await client.subscribe("1", "{ status { height } }")
        assert await client.next("1") == {"status": {"height": 10}}


async def test_blocks_are_told_as_they_come_and_complete_ends_them() -> None:
    store = founded_store()
    async with served(store) as server, connected(server) as client:
        await client.subscribe("b", BLOCKS_QUERY)
        await until_counted(server, "subscriptions", 1)
        for height in range(HEIGHT + 1, HEIGHT + 4):
            store.apply(vote_block(height, []))
            assert await client.next("b") == {"blockAdded": {"position": f"{height}:0", "block": {"height": height}}}
        await client.send(id="b", type="complete")
        await until_counted(server, "subscriptions", 0)
        store.apply(vote_block(HEIGHT + 4, []))
        await client.subscribe("after", "{ status { height } }")
        assert await client.next("after") == {"status": {"height": HEIGHT + 4}}
        # Ending what has ended already is no mistake.
        await client.send(id="b", type="complete")


async def test_votes_and_changes_are_filtered() -> None:
    store = founded_store()
    bob = encode_account(account(1))
    async with served(store) as server, connected(server) as client:
        await client.subscribe("bob", VOTES_QUERY, voter=bob)
        await client.subscribe("one", VOTES_QUERY, proposal="1")
        changed = """subscription {
            proposalChanged(proposal: 2, status: rejected) { position before after time proposal { title } } }"""
        await client.subscribe("moves", changed)
        await until_counted(server, "subscriptions", 3)
        store.apply(vote_block(11, [0, 1, 2]))
        assert await client.next("bob") == {
            "voteCast": {
                "position": "11:1",
                "choice": "yes",
                "weight": str(2**60 + 1),
                "reason": "because",
                "voter": {"address": bob},
                "proposal": {"number": 2, "tally": {"yes": "11"}},
                "transaction": {"place": 1},
            }
        }
        rows = [
            (BLOCKS, block(12)),
            (PROPOSALS, proposal(2, status="rejected")),
            (MOVES, move(2, "deciding", "confirming", height=12, position=0)),
            (MOVES, move(2, "confirming", "rejected", height=12, position=1)),
            (MOVES, move(1, "ready", "rejected", height=12, position=2)),
        ]
        store.apply(changes(12, rows))
        assert await client.next("moves") == {
            "proposalChanged": {
                "position": "12:1",
                "before": "confirming",
                "after": "rejected",
                "time": "2026-05-28T20:26:52.000Z",
                "proposal": {"title": "Proposal 2"},
            }
        }


async def test_an_event_of_another_form_is_no_vote_and_ends_nothing() -> None:
    store = founded_store()
    async with served(store) as server, connected(server) as client:
        await client.subscribe("v", VOTES_QUERY)
        await until_counted(server, "subscriptions", 1)
        strange = event("governance.VoteCast", {"body": "0x00"}, height=11, position=0)
        store.apply(changes(11, [(BLOCKS, block(11)), (EVENTS, strange)]))
        store.apply(vote_block(12, [0]))
        assert "'position': '12:0'" in str(await client.next("v"))


async def test_a_subscription_resumes_without_loss_or_repetition_wherever_it_broke_off() -> None:
    store = founded_store()
    everything = ["2:0", "2:3", "3:1", "3:4", "4:2"]
    async with served(store) as server:
        seen: list[str] = []
        since = "0:0"
        for height in range(HEIGHT + 1, HEIGHT + 6):
            store.apply(vote_block(height, [0, 1]))
            everything += [f"{height}:0", f"{height}:1"]
            async with connected(server) as client:
                await client.subscribe("v", VOTES_QUERY, since=since)
                # Each connection takes an odd number, so that it breaks off inside a block.
                for _ in range(3 if height < HEIGHT + 5 else len(everything) - len(seen)):
                    told = (await client.next("v"))["voteCast"]
                    assert isinstance(told, dict)
                    since = str(told["position"])
                    seen.append(since)
        assert seen == everything


async def test_clients_that_select_the_same_share_it_and_get_all_of_it() -> None:
    store = founded_store()
    async with served(store) as server, connected(server) as early, connected(server) as late:
        await early.subscribe("e", VOTES_QUERY)
        await late.subscribe("l", VOTES_QUERY, since="4:1")
        assert str((await late.next("l"))["voteCast"]).startswith("{'position': '4:2'")
        await until_counted(server, "subscriptions", 2)
        store.apply(vote_block(11, [0, 1]))
        for client, id_ in ((early, "e"), (late, "l")):
            for place in range(2):
                told = (await client.next(id_))["voteCast"]
                assert isinstance(told, dict)
                assert told["position"] == f"11:{place}"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["nonsense"], 4400),
        (['"text"'], 4400),
        (["{}"], 4400),
        (['{"type": "next", "id": "1"}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {"query": "{a}"}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "complete"}'], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ status { height } }"}}'], 4401),
        (['{"type": "connection_init", "payload": {"Authorization": "Bearer bad"}}'], 4403),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (
            [
                '{"type": "connection_init"}',
                '{"type": "subscribe", "id": "1", "payload": {"query": "subscription { blockAdded { position } }"}}',
                '{"type": "subscribe", "id": "1", "payload": {"query": "subscription { blockAdded { position } }"}}',
            ],
            4409,
        ),
    ],
)
async def test_whoever_breaks_the_protocol_is_closed_with_its_code(messages: list[str], code: int) -> None:
    async with served(founded_store()) as server, opened(server) as client:
        for message in messages:
            await client.connection.send_message(message)
        assert await client.close_code() == code


async def test_whoever_does_not_begin_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_module, "INIT_TIMEOUT_S", 0.05)
    async with served(founded_store()) as server, opened(server) as client:
        assert await client.close_code() == 4408


async def test_pings_are_answered_before_and_after_the_beginning() -> None:
    async with served(founded_store()) as server, opened(server) as client:
        await client.send(type="ping", payload={"any": "thing"})
        assert await client.receive() == {"type": "pong"}
        await client.send(type="pong")
        await client.send(type="connection_init", payload={"Authorization": GOOD_TOKEN})
        assert await client.receive() == {"type": "connection_ack"}
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}


async def test_a_parameter_that_is_wrong_ends_its_operation_alone() -> None:
    async with served(founded_store()) as server, connected(server) as client:
        await client.send(id="1", type="subscribe", payload={"quary": "{ status { height } }"})
        message = await client.receive()
        assert message["type"] == "error"
        assert "there is no parameter 'quary'" in json.dumps(message)


async def test_the_operations_of_a_connection_are_bounded() -> None:
    async with served(founded_store()) as server, connected(server) as client:
        for place in range(MAX_OPERATIONS):
            await client.subscribe(str(place), BLOCKS_QUERY)
        await client.subscribe("more", BLOCKS_QUERY)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("more", "error")
        assert '"code": "TOO_MANY_SUBSCRIPTIONS"' in json.dumps(message)
        await client.send(id="0", type="complete")
        await client.subscribe("more", "{ status { height } }")
        assert await client.next("more") == {"status": {"height": 10}}


async def test_the_subprotocol_is_asked_for() -> None:
    async with served(founded_store()) as server, httpx.AsyncClient(trust_env=False) as client:
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": "graphql-ws",
        }
        response = await client.get(server.url, headers=headers)
        assert response.status_code == 400
        assert "graphql-transport-ws" in response.text


async def test_a_connection_that_ends_leaves_nothing_behind() -> None:
    store = founded_store()
    async with served(store) as server:
        async with connected(server) as client:
            await client.subscribe("b", BLOCKS_QUERY)
            await until_counted(server, "subscriptions", 1)
        await until_counted(server, "subscriptions", 0)
