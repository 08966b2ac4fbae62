"""What docs/graphql.md shows is what happens, and its limits are the limits."""

import json
import re
from pathlib import Path

from daonode.gateway.graphql import limits
from daonode.gateway.graphql.execution import FIELD_UNITS, OPERATION_UNITS
from daonode.gateway.graphql.socket import INIT_TIMEOUT_S, MAX_OPERATIONS
from tests.integration.gateway.graphql.served import opened, served
from tests.unit.gateway.graphql.asking import answer
from tests.unit.gateway.graphql.population import founded_store

DOCUMENT = (Path(__file__).parents[4] / "docs" / "graphql.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```graphql\n(.*?)^```\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXCHANGE = re.compile(r"^```websocket\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMIT = re.compile(r"^\| [^|]+ \| (\d+) \|$", re.MULTILINE)


async def test_the_examples_are_answered_as_it_says() -> None:
    examples = EXAMPLE.findall(DOCUMENT)
    assert len(examples) == 2
    for query, expected in examples:
        assert (await answer(query)).content == json.loads(expected)


async def test_the_exchange_goes_as_it_says() -> None:
    (lines,) = EXCHANGE.findall(DOCUMENT)
    async with served(founded_store()) as server, opened(server) as client:
        for line in lines.splitlines():
            if line.startswith("> "):
                await client.connection.send_message(line[2:])
            else:
                assert await client.receive() == json.loads(line[2:])


def test_the_limits_are_those_of_the_code() -> None:
    assert [int(number) for number in LIMIT.findall(DOCUMENT)] == [
        limits.MAX_REQUEST_BYTES,
        limits.MAX_DOCUMENT_CHARACTERS,
        limits.MAX_TOKENS,
        limits.MAX_DEPTH,
        limits.MAX_ALIASES,
        limits.MAX_FIELDS,
        limits.MAX_COST,
        limits.MAX_COST_OF_HAPPENING,
        MAX_OPERATIONS,
    ]
    assert OPERATION_UNITS / FIELD_UNITS == 500
    assert INIT_TIMEOUT_S == 10
