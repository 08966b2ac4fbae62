"""Typed functions as the untyped handlers and queries of the module interface.

A module writes `def transfer(self, context: Context, message: Transfer)`; the registry holds functions of any `Record`.
What joins them stands here once: the check that the record is of the type that the function was registered for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from daonode.ledger.context import Context
from daonode.ledger.module import Handler, Query, QueryContext
from daonode.primitives.codec import Record

M = TypeVar("M", bound=Record)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class _TypedQuery:
    arguments: type[Record]
    result: type[Record]
    run: Callable[[QueryContext, Record], Record]


def handles(message: type[M], apply: Callable[[Context, M], None]) -> Handler:
    """Return `apply` as the handler to register for `message`."""

    def handler(context: Context, record: Record) -> None:
        assert isinstance(record, message), f"the registry gave a {type(record).__name__} to {message.__name__}"
        apply(context, record)

    return handler


def answers(arguments: type[M], result: type[R], run: Callable[[QueryContext, M], R]) -> Query:
    """Return `run` as a query whose arguments and result have these types."""

    def query(context: QueryContext, record: Record) -> Record:
        assert isinstance(record, arguments), f"the registry gave a {type(record).__name__} to {arguments.__name__}"
        return run(context, record)

    return _TypedQuery(arguments=arguments, result=result, run=query)
