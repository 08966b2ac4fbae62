"""Asking GraphQL without a server: an engine over the store of `population`."""

from __future__ import annotations

from typing import TypeAlias, cast

from prometheus_client import CollectorRegistry

from daonode.gateway.graphql.execution import Answer, Engine
from daonode.gateway.graphql.metrics import GraphqlMetrics
from daonode.gateway.graphql.requests import read_request
from daonode.gateway.live import Live
from daonode.primitives.json_form import Json
from daonode.stores.access import Reader
from tests.unit.gateway.graphql.population import founded_store

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | bool | None"


def make_engine(reader: Reader | None = None) -> Engine:
    """An engine over a store; without one, over the founding rows."""
    store = founded_store() if reader is None else reader
    return Engine(store, Live(store), metrics=GraphqlMetrics(CollectorRegistry()))


async def answer(
    query: str, *, engine: Engine | None = None, operation: str | None = None, **variables: Json
) -> Answer:
    """The whole answer to a request."""
    asked: dict[str, Json] = {"query": query, "operationName": operation, "variables": variables}
    return await (engine or make_engine()).answer(read_request(asked))


async def data(query: str, *, engine: Engine | None = None, **variables: Json) -> dict[str, Data]:
    """The data of an answer that has no errors."""
    given = await answer(query, engine=engine, **variables)
    assert "errors" not in given.content, given.content
    return cast("dict[str, Data]", given.content["data"])


async def error(query: str, *, engine: Engine | None = None, **variables: Json) -> dict[str, object]:
    """The message and the extensions of the only error of an answer."""
    given = await answer(query, engine=engine, **variables)
    errors = cast("list[dict[str, object]]", given.content["errors"])
    assert len(errors) == 1, errors
    return {"message": errors[0]["message"], **cast("dict[str, object]", errors[0]["extensions"])}
