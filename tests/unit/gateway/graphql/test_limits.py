"""What is beyond a limit is refused before it is executed, and told the limit and its own value."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

import msgspec
import pytest
import trio
from graphql import get_introspection_query

from daonode.gateway.graphql import execution
from daonode.gateway.graphql.execution import MAX_ANSWERING
from daonode.gateway.graphql.limits import (
    MAX_ALIASES,
    MAX_COST,
    MAX_DEPTH,
    MAX_DOCUMENT_CHARACTERS,
    MAX_FIELDS,
    MAX_TEXT_CHARACTERS,
    MAX_TOKENS,
)
from daonode.stores.access import Between, Head, Snapshot, Value
from daonode.stores.errors import StoreUnavailable
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import Row, TrackRow
from daonode.stores.tables import EVENTS, PROPOSALS, TRACKS, Table
from tests.unit.gateway.graphql.asking import answer, data, error, make_engine
from tests.unit.gateway.graphql.population import changes, event, founded_store, proposal

R = TypeVar("R", bound=Row)
EXPANDING: Final = "".join(f"fragment F{n} on Block {{ ...F{n + 1} ...F{n + 1} }} " for n in range(30))


async def refused(query: str, **variables: int | str | None) -> dict[str, object]:
    """The refusal of a request of which nothing is executed."""
    given = await answer(query, **variables)
    assert not given.has_data
    return await error(query, **variables)


async def test_the_usual_introspection_is_within_every_limit() -> None:
    assert "__schema" in await data(get_introspection_query(input_value_deprecation=True))


async def test_a_long_document() -> None:
    given = await refused("{ status { height } }" + " " * MAX_DOCUMENT_CHARACTERS)
    assert given["code"] == "TOO_LARGE"
    assert (given["limit"], given["value"]) == (MAX_DOCUMENT_CHARACTERS, MAX_DOCUMENT_CHARACTERS + 21)


@pytest.mark.parametrize("filling", ["a ", "#\n"])
async def test_a_document_of_many_tokens_or_comments(filling: str) -> None:
    given = await refused("{" + filling * (MAX_TOKENS + 1) + "}")
    assert given["code"] == "PARSE_FAILED"
    assert str(MAX_TOKENS) in str(given["message"])


def alternating(depth: int) -> str:
    """A query of this depth: block, proposer, lastProposed, proposer, ..."""
    names = ["block", *(("proposer", "lastProposed")[place % 2] for place in range(depth - 2))]
    last = "height" if names[-1] in ("block", "lastProposed") else "moniker"
    return "".join(f"{{ {name} " for name in names) + f"{{ {last}" + " }" * depth


async def test_depth() -> None:
    assert "block" in await data(alternating(MAX_DEPTH))
    given = await refused(alternating(MAX_DEPTH + 1))
    assert (given["code"], given["limit"], given["value"]) == ("TOO_DEEP", MAX_DEPTH, MAX_DEPTH + 1)


async def test_depth_through_fragments_that_hold_one_another() -> None:
    chain = "".join(f"fragment F{n} on Block {{ ...F{n + 1} }} " for n in range(100))
    for query in (
        "{ block { ...F0 } } " + chain + "fragment F100 on Block { height }",
        "{ block { ...A } } fragment A on Block { proposer { lastProposed { ...A } } }",
        "{ block { ...A } } fragment A on Block { ...B } fragment B on Block { ...A }",
    ):
        assert (await refused(query))["code"] == "TOO_DEEP"


async def test_fragments_that_double_at_each_step_take_no_time() -> None:
    began = time.monotonic()
    assert (await refused("{ block { ...F0 } } " + EXPANDING))["code"] == "TOO_DEEP"
    shallow = "".join(f"fragment F{n} on Block {{ ...F{n + 1} ...F{n + 1} }} " for n in range(15))
    given = await refused("{ block { ...F0 } } " + shallow + "fragment F15 on Block { height }")
    assert (given["code"], given["value"]) == ("TOO_DEAR", 1 + 2**15)
    assert time.monotonic() - began < 5


async def test_aliases() -> None:
    def query(count: int) -> str:
        return "{" + " ".join(f"a{place}: assets {{ id }}" for place in range(count)) + "}"

    assert len(await data(query(MAX_ALIASES))) == MAX_ALIASES
    given = await refused(query(MAX_ALIASES + 1))
    assert (given["code"], given["limit"], given["value"]) == ("TOO_MANY_ALIASES", MAX_ALIASES, MAX_ALIASES + 1)


async def test_fields() -> None:
    assert await data("{ status {" + "height " * (MAX_FIELDS - 1) + "} }")
    given = await refused("{ status {" + "height " * MAX_FIELDS + "} }")
    assert (given["code"], given["limit"], given["value"]) == ("TOO_MANY_FIELDS", MAX_FIELDS, MAX_FIELDS + 1)


async def test_cost_multiplies_with_the_sizes_of_pages() -> None:
    given = await answer("{ proposals(first: 7) { items { id votes(first: 3) { items { weight } nextCursor } } } }")
    assert given.cost == 1 + 1 + 7 * (1 + 1 + (1 + 3 * 1) + 1)
    query = (
        "query ($n: Int!) { proposals(first: 100) { items { votes(first: $n) { items { weight reason choice } } } } }"
    )
    assert (await answer(query, n=50)).cost == 2 + 100 * (2 + 50 * 3)
    dear = await refused(query, n=100)
    assert (dear["code"], dear["limit"], dear["value"]) == ("TOO_DEAR", MAX_COST, 2 + 100 * (2 + 100 * 3))


async def test_introspection_costs() -> None:
    deep = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    assert (await refused(deep))["message"] == "Maximum introspection depth exceeded"
    given = await answer("{ __schema { types { name description fields { name } } } }")
    assert given.cost > 100


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_the_size_of_a_page(first: int) -> None:
    given = await error("query ($n: Int!) { blocks(first: $n) { items { height } } }", n=first)
    assert (given["code"], given["message"]) == ("BAD_INPUT", f"expected 1 to 100 rows in a page, got {first}")


async def test_the_size_of_a_page_is_a_number() -> None:
    given = await refused("query ($n: Int = 5) { blocks(first: $n) { items { height } } }", n=None)
    assert given["code"] == "BAD_INPUT"


class Spied:
    """A store whose reads are counted, take a while or fail."""

    def __init__(self, store: MemoryStore, *, failure: Exception | None = None, pause_s: float = 0) -> None:
        self._store = store
        self._failure = failure
        self._pause_s = pause_s
        self.reads = 0

    def head(self) -> Head | None:
        return self._store.head()

    def get(self, table: Table[R], *key: Value) -> R | None:
        self._note()
        return self._store.get(table, *key)

    def page(
        self,
        table: Table[R],
        *,
        order: Sequence[str],
        where: Mapping[str, Value | Between] | None = None,
        descending: bool = False,
        after: Sequence[Value] | None = None,
        limit: int = 100,
    ) -> list[R]:
        self._note()
        return self._store.page(table, order=order, where=where, descending=descending, after=after, limit=limit)

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return self._snapshot()

    @contextmanager
    def _snapshot(self) -> Iterator[Snapshot]:
        yield self

    def _note(self) -> None:
        self.reads += 1
        if self._failure is not None:
            raise self._failure
        if self._pause_s:
            threading.Event().wait(self._pause_s)


async def test_each_row_is_read_once() -> None:
    store = Spied(founded_store())
    await data(
        """{ votes { items { proposal { number track { name } }
            voter { member { name account { member { name } } } } } } }""",
        engine=make_engine(store),
    )
    # One page of five ballots, one proposal, one track, five members.
    assert store.reads == 1 + 1 + 1 + 5


async def test_a_request_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "TIME_LIMIT_S", 0.05)
    store = Spied(founded_store(), pause_s=0.02)
    given = await answer("{ members { items { account { votes { items { weight } } } } } }", engine=make_engine(store))
    assert given.status == 503
    assert not given.has_data
    assert store.reads <= 4


@pytest.mark.parametrize(
    "field", ["body", "actions { type }", "track { rules }", "events(first: 1) { items { value } }"]
)
async def test_texts_of_an_answer_are_bounded_together(field: str) -> None:
    long = "x" * 200_000
    calls = json.dumps([{"type": "text", "value": long}])
    store = founded_store()
    rows = [
        (PROPOSALS, msgspec.structs.replace(proposal(1), body=long, actions=calls)),
        (TRACKS, TrackRow(1, "treasury", "token", json.dumps(long))),
        (EVENTS, event("some.Event", long, height=11, position=0, number=1)),
    ]
    store.apply(changes(11, rows))
    engine = make_engine(store)
    assert await data(f"{{ proposal(id: 1) {{ {field} }} }}", engine=engine)
    many = " ".join(f"a{place}: {field}" for place in range(MAX_TEXT_CHARACTERS // len(long) + 1))
    given = await answer(f"{{ proposal(id: 1) {{ {many} }} }}", engine=engine)
    assert not given.has_data
    assert (await error(f"{{ proposal(id: 1) {{ {many} }} }}", engine=engine))["code"] == "TOO_LARGE"


async def test_a_store_that_fails_is_no_secret_and_a_defect_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    away = Spied(founded_store(), failure=StoreUnavailable("cannot be used: /secret/path", store="/secret/path"))
    given = await error("{ tracks { name } }", engine=make_engine(away))
    assert (given["code"], given["retryable"]) == ("UNAVAILABLE", True)
    assert "secret" not in str(given)
    broken = Spied(founded_store(), failure=ZeroDivisionError("of a secret"))
    given = await error("{ tracks { name } }", engine=make_engine(broken))
    assert (given["code"], given["retryable"]) == ("INTERNAL", False)
    assert "secret" not in str(given)
    assert "of a secret" in capsys.readouterr().out


async def test_requests_at_one_time_are_bounded() -> None:
    store = Spied(founded_store(), pause_s=0.001)
    engine = make_engine(store)
    codes: list[object] = []

    async def ask() -> None:
        given = await answer("{ tracks { name } }", engine=engine)
        codes.append(given.status)

    async with trio.open_nursery() as nursery:
        for _ in range(MAX_ANSWERING + 10):
            nursery.start_soon(ask)
    assert codes.count(200) == MAX_ANSWERING
    assert codes.count(503) == 10
