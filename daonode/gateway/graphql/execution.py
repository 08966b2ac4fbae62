"""Executing requests: in threads, each on one state of the store, within a time.

The library's executor runs through without awaiting anything, since every resolver reads and returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import structlog
import trio
from graphql import DocumentNode, ExecutionResult, GraphQLError
from graphql.execution import Executor, create_source_event_stream, execute_root_selection_set

from daonode.gateway.graphql.documents import find_operation, is_subscription, read_document
from daonode.gateway.graphql.limits import MAX_COST, MAX_COST_OF_HAPPENING, MAX_TEXT_CHARACTERS, check_cost
from daonode.gateway.graphql.metrics import GraphqlMetrics
from daonode.gateway.graphql.problems import Refused, coded, problem, refused, written
from daonode.gateway.graphql.reading import OutOfTime, Reading, TooMuchText
from daonode.gateway.graphql.requests import GraphqlRequest
from daonode.gateway.graphql.schema import make_schema
from daonode.gateway.graphql.topics import Topic
from daonode.gateway.live import Live
from daonode.gateway.paging import PageError
from daonode.httpd.budgets import Budget
from daonode.stores.access import Reader
from daonode.stores.errors import StoreError

T = TypeVar("T")
OPERATION_UNITS: Final = 1.0
"""What a request costs of a client's budget, as a read does elsewhere."""
FIELD_UNITS: Final = 0.002
"""What each field that an answer may have costs, which is paid afterwards."""
HAPPENING_UNITS: Final = 0.05
"""What a happening of a subscription costs besides its fields."""
TIME_LIMIT_S: Final = 5.0
"""How long one request, or one read for a subscription, may be executed."""
MAX_EXECUTED_AT_ONCE: Final = 4
"""Threads that execute."""
MAX_ANSWERING: Final = 128
"""Requests over HTTP that are answered or wait for it; one more is told to come again. What comes over WebSockets is
bounded by its connections, and waits: all come at one time after a gateway was away."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: the response of GraphQL, and the height that it is as of."""

    content: dict[str, object]
    height: int | None = None
    cost: int = 0
    status: HTTPStatus = HTTPStatus.OK

    @property
    def has_data(self) -> bool:
        """Whether it was executed at all."""
        return "data" in self.content


@dataclass(frozen=True, slots=True)
class Prepared:
    """A subscription that may begin: what it follows, and what executes its selection for each happening."""

    topic: Topic
    executor: Executor[Reading]
    cost: int


class Engine:
    """Executes requests over one store."""

    def __init__(self, reader: Reader, live: Live, *, metrics: GraphqlMetrics) -> None:
        self._reader = reader
        self._metrics = metrics
        self._live = live
        self._threads = trio.CapacityLimiter(MAX_EXECUTED_AT_ONCE)
        self._answering = 0
        # Attaching the resolvers checks them: better now than at the first request.
        make_schema()

    async def answer(self, request: GraphqlRequest) -> Answer:
        """Execute a query of a client of which nothing else is bounded; a refusal is an answer too."""
        if self._answering >= MAX_ANSWERING:
            busy = "the gateway answers as many requests as it may"
            return self.refusal(refused(busy, "OVERLOADED", status=HTTPStatus.SERVICE_UNAVAILABLE))
        self._answering += 1
        try:
            begun = await self.begin(request)
        finally:
            self._answering -= 1
        if isinstance(begun, Prepared):
            hint = "open a WebSocket at this path with the subprotocol graphql-transport-ws"
            return self.refusal(refused("a subscription has many answers", "BAD_REQUEST", hint=hint))
        return begun

    async def begin(self, request: GraphqlRequest) -> Answer | Prepared:
        """Execute a query, or check a subscription; a refusal is an answer too."""
        with self._metrics.seconds.time():
            try:
                return await self.in_thread(lambda: self._begin(request))
            except Refused as error:
                return self.refusal(error)

    def refusal(self, error: Refused) -> Answer:
        """A refusal as an answer; it is counted."""
        for each in error.errors:
            self._metrics.refused.labels((each.extensions or {})["code"]).inc()
        return Answer({"errors": [written(each) for each in error.errors]}, status=error.status)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what reads the store where it holds nobody up.

        Raises:
            Refused: it takes too long, answers too much, or the store cannot be read.
        """
        try:
            return await trio.to_thread.run_sync(work, limiter=self._threads)
        except OutOfTime:
            raise refused(
                f"the answer took longer than {TIME_LIMIT_S:g} s",
                "OUT_OF_TIME",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                hint="ask for less at a time",
            ) from None
        except TooMuchText as error:
            raise refused(
                f"the texts of the answer have more than {error.limit} characters",
                "TOO_LARGE",
                limit=error.limit,
                hint="ask for less at a time",
            ) from None
        except StoreError as error:
            log.warning("the index cannot be read", reason=str(error))
            raise unavailable() from None

    @contextmanager
    def reading(self, *, text_limit: int = MAX_TEXT_CHARACTERS) -> Iterator[Reading]:
        """One state of the store, for as long as a request may take; raises `Refused` where nothing is indexed."""
        with self._reader.snapshot() as rows:
            head = rows.head()
            if head is None:
                raise unavailable()
            yield Reading(rows, head, deadline=time.monotonic() + TIME_LIMIT_S, text_limit=text_limit)

    def _begin(self, request: GraphqlRequest) -> Answer | Prepared:
        document = read_document(request.query)
        operation = find_operation(document, request.operation_name)
        is_followed = is_subscription(operation)
        with self.reading() as reading:
            executor = self._build(document, request, reading=reading)
            limit = MAX_COST_OF_HAPPENING if is_followed else MAX_COST
            cost = check_cost(make_schema(), document, operation, executor.variable_values, limit=limit)
            if is_followed:
                return _prepare(executor, cost)
            result = execute_root_selection_set(executor)
            assert isinstance(result, ExecutionResult), "resolvers never await"
            return Answer(content_of(result, reading, cost=cost), reading.head.height, cost)

    def _build(self, document: DocumentNode, request: GraphqlRequest, *, reading: Reading) -> Executor[Reading]:
        built = Executor.build(
            make_schema(),
            document,
            self._live,
            reading,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
        )
        if isinstance(built, list):
            raise Refused(coded(built, "BAD_INPUT"))
        return built


def _prepare(executor: Executor[Reading], cost: int) -> Prepared:
    stream = create_source_event_stream(executor)
    if isinstance(stream, ExecutionResult):
        raise Refused([shown(error) for error in stream.errors or ()])
    assert isinstance(stream, Topic), "every field of Subscription is a topic"
    return Prepared(stream, executor, cost)


async def pay(budget: Budget, units: float) -> None:
    """Wait until a budget can pay."""
    wait_s = budget.spend(units)
    while wait_s > 0:
        await trio.sleep(wait_s)
        wait_s = budget.spend(units)


def content_of(result: ExecutionResult, reading: Reading, *, cost: int | None = None) -> dict[str, object]:
    """The response of GraphQL for a result; its extensions say the height that it is as of."""
    content: dict[str, object] = {"data": result.data}
    if result.errors:
        content["errors"] = [written(shown(error)) for error in result.errors]
    content["extensions"] = {"height": reading.head.height} | ({} if cost is None else {"cost": cost})
    return content


def shown(error: GraphQLError) -> GraphQLError:
    """An error of a resolver as a client may see it: what it did wrong, and nothing of what is inside here."""
    original = error.original_error
    if isinstance(original, PageError):
        return _at(error, problem(str(original), "BAD_INPUT"))
    if isinstance(original, StoreError):
        log.warning("the index cannot be read", reason=str(original))
        return _at(error, unavailable().errors[0])
    if original is None or isinstance(original, GraphQLError):
        return coded([error], "BAD_INPUT")[0]
    log.error("a resolver failed", path=error.path, exc_info=original)
    return _at(error, problem("this part could not be answered: a defect of the gateway", "INTERNAL"))


def _at(place: GraphQLError, error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, nodes=place.nodes, path=place.path, extensions=error.extensions)


def unavailable() -> Refused:
    """The refusal where there is nothing to read from."""
    return refused(
        "nothing is indexed yet, or the index cannot be read now",
        "UNAVAILABLE",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        hint="see that the indexer runs: daonode indexer status",
    )
