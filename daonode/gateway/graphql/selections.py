"""The selections of subscriptions: clients that select the same share one execution for each happening."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import trio
from graphql import ExecutionResult
from graphql.execution import execute_subscription_event
from graphql.language import FieldNode, OperationDefinitionNode, VariableNode

from daonode.gateway.graphql.execution import FIELD_UNITS, HAPPENING_UNITS, Engine, Prepared, content_of, pay
from daonode.gateway.graphql.limits import MAX_TEXT_OF_HAPPENING
from daonode.gateway.graphql.requests import GraphqlRequest
from daonode.httpd.budgets import Budget
from daonode.stores.rows import Row

MAX_KEPT_BYTES: Final = 64 * 1024
"""Results of one selection that are kept for the clients that are told a little later."""
SINCE: Final = "since"

Result = bytes
"""The JSON of one response."""


class Selection:
    """What some clients select of each happening of a topic."""

    def __init__(self, engine: Engine, prepared: Prepared) -> None:
        self._engine = engine
        self._executor = prepared.executor
        self._tell = prepared.topic.tell
        self._units = HAPPENING_UNITS + FIELD_UNITS * prepared.cost
        self._kept: OrderedDict[Row, Result] = OrderedDict()
        self._kept_bytes = 0
        self._executed: trio.Event | None = None

    async def results(self, rows: Sequence[Row], *, budget: Budget) -> list[Result]:
        """The result for each happening, as of now or a little before. Whoever asks first pays for its execution.

        Raises:
            Refused: the store cannot be read, or not in time.
        """
        # All who follow are told at the same moment: one executes, and the others go on together when it is done.
        while self._executed is not None and not all(row in self._kept for row in rows):
            await self._executed.wait()
        missing = [row for row in rows if row not in self._kept]
        found = {row: self._kept[row] for row in rows if row in self._kept}
        if missing:
            executed = self._executed = trio.Event()
            try:
                made = await self._engine.in_thread(lambda: self._execute(missing))
                for row, result in zip(missing, made, strict=True):
                    found[row] = result
                    self._keep(row, result)
            finally:
                self._executed = None
                executed.set()
            budget.owe(self._units * len(missing))
            await pay(budget, 0)
        return [found[row] for row in rows]

    def _keep(self, row: Row, result: Result) -> None:
        self._kept[row] = result
        self._kept_bytes += len(result)
        while self._kept_bytes > MAX_KEPT_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _execute(self, rows: Sequence[Row]) -> list[Result]:
        with self._engine.reading(text_limit=MAX_TEXT_OF_HAPPENING) as reading:
            results = []
            for row in rows:
                reading.anew()
                executor = self._executor.build_per_event_executor(self._tell(row))
                executor.context_value = reading
                result = execute_subscription_event(executor)
                assert isinstance(result, ExecutionResult), "resolvers never await"
                results.append(msgspec.json.encode(content_of(result, reading)))
            return results


class Selections:
    """The selections that somebody follows now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._followed: WeakValueDictionary[bytes, Selection] = WeakValueDictionary()

    def of(self, request: GraphqlRequest, prepared: Prepared) -> Selection:
        """The selection of a subscription, shared with all that differ in nothing but where they begin."""
        key = _key(request, prepared.executor.operation)
        found = self._followed.get(key)
        if found is None:
            found = self._followed[key] = Selection(self._engine, prepared)
        return found


def _key(request: GraphqlRequest, operation: OperationDefinitionNode) -> bytes:
    beginning = _variable_of_since(request.query, operation)
    variables = sorted((name, value) for name, value in request.variables.items() if name != beginning)
    return msgspec.json.encode((request.query, request.operation_name, variables))


def _variable_of_since(query: str, operation: OperationDefinitionNode) -> str | None:
    """The variable that says where to begin and nothing else: in the text it is declared and used once."""
    for selection in operation.selection_set.selections:
        for argument in (isinstance(selection, FieldNode) and selection.arguments) or ():
            if argument.name.value == SINCE and isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                return name if len(re.findall(rf"\${name}\b", query)) == 2 else None
    return None
