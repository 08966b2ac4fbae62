"""GraphQL over HTTP, by the specification of that name, with a real client and server."""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from daonode.gateway.graphql import graphiql
from daonode.gateway.graphql.execution import FIELD_UNITS
from daonode.gateway.graphql.limits import MAX_REQUEST_BYTES
from tests.integration.gateway.graphql.served import served
from tests.unit.gateway.graphql.population import founded_store

RESPONSE = "application/graphql-response+json"
PATH = "/graphql"
HEIGHT_QUERY = "{ status { height } }"


@asynccontextmanager
async def asking(*, accept: str = RESPONSE) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        served(founded_store()) as server,
        httpx.AsyncClient(base_url=f"http://{server.address}", headers={"Accept": accept}, trust_env=False) as client,
    ):
        yield client


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def test_a_query_is_answered_in_the_type_that_is_accepted_with_its_height() -> None:
    async with asking() as client:
        for accept, given in (
            (RESPONSE, RESPONSE),
            (f"{RESPONSE};charset=utf-8, application/json;q=0.9", RESPONSE),
            ("application/json", "application/json"),
            ("*/*", "application/json"),
        ):
            response = await client.post(PATH, json={"query": HEIGHT_QUERY}, headers={"Accept": accept})
            assert response.status_code == 200
            assert response.headers["Content-Type"] == f"{given}; charset=utf-8"
            assert response.json()["data"] == {"status": {"height": 10}}
            assert response.headers["X-Dao-Height"] == "10" == str(response.json()["extensions"]["height"])
            assert (response.headers["Cache-Control"], response.headers["Vary"]) == ("no-store", "Accept")
        assert (await client.post(PATH, json={"query": "{}"}, headers={"Accept": "image/png"})).status_code == 406


async def test_a_query_in_the_address() -> None:
    async with asking() as client:
        query = "query A($n: Int!) { blocks(first: $n) { items { height } } } query B { status { height } }"
        parameters = {"query": query, "operationName": "A", "variables": '{"n": 1}'}
        assert (await client.get(PATH, params=parameters)).json()["data"] == {"blocks": {"items": [{"height": 10}]}}
        parameters["operationName"] = "B"
        assert (await client.get(PATH, params=parameters)).json()["data"] == {"status": {"height": 10}}
        for wrong, said in (
            ({}, "query: expected a string with the document"),
            ({"query": HEIGHT_QUERY, "variables": "{"}, "not JSON"),
            ({"query": HEIGHT_QUERY, "variables": "[]"}, "variables: expected an object or null"),
            ({"query": HEIGHT_QUERY, "operation": "A"}, "there is no parameter 'operation'"),
            ({"query": query}, "the document has several operations"),
            ({"query": query, "operationName": "C"}, "there is no operation 'C'"),
            ({"query": "fragment F on Block { height }"}, "never used"),
        ):
            response = await client.get(PATH, params=wrong)
            assert response.status_code == 400
            assert said in response.json()["errors"][0]["message"]
        twice = await client.get(PATH, params=[("query", HEIGHT_QUERY), ("query", HEIGHT_QUERY)])
        assert (twice.status_code, codes(twice)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "PARSE_FAILED"),
        ("{ nothing }", "VALIDATION_FAILED"),
        ("mutation { vote }", "VALIDATION_FAILED"),
        ("subscription { blockAdded { position } }", "BAD_REQUEST"),
        ("query ($n: Int!) { blocks(first: $n) { nextCursor } }", "BAD_INPUT"),
        ("{ proposals(first: 100) { items { votes(first: 100) { items { weight reason choice } } } } }", "TOO_DEAR"),
    ],
)
async def test_a_request_that_is_not_executed_has_no_data_and_in_its_own_type_a_status(query: str, code: str) -> None:
    async with asking() as client:
        own = await client.post(PATH, json={"query": query})
        assert (own.status_code, codes(own)) == (400, [code])
        assert "data" not in own.json()
        plain = await client.post(PATH, json={"query": query}, headers={"Accept": "application/json"})
        assert (plain.status_code, codes(plain)) == (200, [code])


async def test_part_of_an_answer_is_an_answer() -> None:
    async with asking() as client:
        response = await client.post(PATH, json={"query": '{ status { height } proposal(id: "x") { title } }'})
        assert response.status_code == 200
        assert response.json()["data"] == {"status": {"height": 10}, "proposal": None}
        assert response.json()["errors"][0]["path"] == ["proposal"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{}", "query: expected a string with the document"),
        (b'{"query": 5}', "query: expected a string with the document"),
        (b'"query"', "expected a JSON object with query"),
        (b'[{"query": "{ status { height } }"}]', "several requests at a time are not taken"),
        (b'{"query": "{a}", "query": "{b}"}', "stands twice"),
        (b'{"query": "{a}", "variables": "x"}', "variables: expected an object or null"),
        (b'{"query": "{a}", "operationName": 1}', "operationName: expected a string or null"),
        (b'{"query": "{a}", "extensions": 1}', "extensions: expected an object or null"),
        (b'{"query": "{a}", "querry": 1}', "there is no parameter 'querry'"),
        (b'{"query": "\\ud800"}', "half of a pair"),
        (b'{"query": "{a}", "variables": ' + b"[" * 500 + b"]" * 500 + b"}", "nested deeper"),
        (b"\xff", "not UTF-8"),
    ],
)
async def test_a_body_that_is_no_request_is_a_bad_one_in_every_type(body: bytes, said: str) -> None:
    async with asking(accept="application/json") as client:
        response = await client.post(PATH, content=body, headers={"Content-Type": "application/json"})
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
        assert said in response.json()["errors"][0]["message"]


async def test_a_body_is_declared_and_bounded() -> None:
    async with asking() as client:
        undeclared = await client.post(PATH, content=HEIGHT_QUERY, headers={"Content-Type": "application/graphql"})
        assert (undeclared.status_code, codes(undeclared)) == (415, ["BAD_REQUEST"])
        large = await client.post(PATH, json={"query": "#" * MAX_REQUEST_BYTES})
        assert (large.status_code, codes(large)) == (413, ["BAD_REQUEST"])
        long = await client.post(PATH, json={"query": "#" * (MAX_REQUEST_BYTES // 2)})
        assert (long.status_code, codes(long)) == (413, ["TOO_LARGE"])
        assert (await client.put(PATH, json={})).status_code == 405


async def test_what_was_executed_is_owed() -> None:
    async with (
        served(founded_store(), rate=1e-6, burst=1_000) as server,
        httpx.AsyncClient(base_url=f"http://{server.address}", trust_env=False) as client,
    ):
        query = "{ votes(first: 100) { items { proposal { votes(first: 100) { items { weight } } } } } }"
        cost = (await client.post(PATH, json={"query": query})).json()["extensions"]["cost"]
        assert cost > 10_000
        assert server.budget.level == pytest.approx(1_000 - cost * FIELD_UNITS)


class Links(HTMLParser):
    """What a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("src", "href") and value is not None]


async def test_a_browser_gets_graphiql_and_nothing_from_elsewhere() -> None:
    async with asking(accept="text/html,*/*;q=0.8") as client:
        page = await client.get(PATH)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        links = Links()
        links.feed(page.text)
        assert len(links.found) == len(graphiql.ASSETS)
        for link in links.found:
            asset = await client.get(str(page.url.join(link)))
            assert asset.status_code == 200
            assert asset.headers["Content-Type"].startswith(("text/css", "text/javascript"))
            again = await client.get(asset.url, headers={"If-None-Match": asset.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(f"{PATH}/assets/__init__.py")).status_code == 404


def test_the_files_of_graphiql_are_those_that_its_readme_names() -> None:
    folder = Path(graphiql.__file__).parent
    named = re.findall(r"^\| `(\S+)` \|.*\| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE)
    assert {name for name, _ in named} == {name for name in graphiql.ASSETS if ".min." in name}
    for name, digest in named:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


async def test_what_is_refused_is_counted() -> None:
    async with (
        served(founded_store()) as server,
        httpx.AsyncClient(base_url=f"http://{server.address}", trust_env=False) as client,
    ):
        await client.post(PATH, json={"query": "{"})
        await client.post(PATH, json={"query": HEIGHT_QUERY})
        assert server.count("refused_total", code="PARSE_FAILED") == 1
        assert server.count("seconds_count") == 2
