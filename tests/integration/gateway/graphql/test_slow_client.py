"""A client that does not read is told from where to resume, and holds up nobody."""

import json

import pytest
from trio_websocket import ConnectionClosed

from daonode.httpd import outbox
from tests.integration.gateway.graphql.served import Client, connected, opened, served
from tests.integration.gateway.graphql.test_socket import BLOCKS_QUERY, until_counted
from tests.unit.gateway.graphql.population import HEIGHT, founded_store, vote_block

VOTERS = range(20)
TEXTS_QUERY = "subscription ($since: Position) { voteCast(since: $since) { position proposal { body } } }"
"""Each value has the long text of the proposal: what waits is soon more than may."""


async def test_a_slow_client_is_told_its_position_closed_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "STALLED_AFTER_S", 0.3)
    monkeypatch.setattr(outbox, "MAX_QUEUED_BYTES", 2_000)
    store = founded_store()
    async with served(store) as server, opened(server, buffer_bytes=4_096) as slow, connected(server) as quick:
        await slow.send(type="connection_init")
        await slow.subscribe("s", TEXTS_QUERY)
        await quick.subscribe("q", BLOCKS_QUERY)
        await until_counted(server, "subscriptions", 2)
        height = HEIGHT
        while server.count("lagged_total") == 0:
            height += 1
            store.apply(vote_block(height, VOTERS, body="x" * 10_000))
            # The quick one is told all the while.
            assert await quick.next("q") == {"blockAdded": {"position": f"{height}:0", "block": {"height": height}}}
        told, since = await read_to_the_end(slow)
        expected = [f"{each}:{voter}" for each in range(HEIGHT + 1, height + 1) for voter in VOTERS]
        assert 0 < len(told) < len(expected)
        assert told == expected[: len(told)]
        assert since == told[-1]
        async with connected(server) as again:
            await again.subscribe("s", TEXTS_QUERY, since=since)
            for position in expected[len(told) :]:
                value = (await again.next("s"))["voteCast"]
                assert isinstance(value, dict)
                assert value["position"] == position


async def read_to_the_end(client: Client) -> tuple[list[str], str]:
    """The positions that were told, and the one from which to resume."""
    told: list[str] = []
    since = ""
    try:
        while True:
            message = json.loads(await client.connection.get_message())
            if message["type"] == "next":
                told.append(message["payload"]["data"]["voteCast"]["position"])
            if message["type"] == "error":
                assert message["id"] == "s"
                assert message["payload"][0]["extensions"]["code"] == "LAGGED"
                since = message["payload"][0]["extensions"]["since"]
    except ConnectionClosed:
        closed = client.connection.closed
    assert closed is not None
    assert closed.code == 1013
    return told, since
