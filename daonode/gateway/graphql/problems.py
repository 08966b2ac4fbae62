"""What a client is told when a request is not answered: GraphQL errors with a code that programs can go by."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Literal

from graphql import GraphQLError

Code = Literal[
    "BAD_REQUEST",
    "PARSE_FAILED",
    "VALIDATION_FAILED",
    "TOO_LARGE",
    "TOO_DEEP",
    "TOO_MANY_ALIASES",
    "TOO_MANY_FIELDS",
    "TOO_DEAR",
    "BAD_INPUT",
    "TOO_MANY_SUBSCRIPTIONS",
    "LAGGED",
    "OVERLOADED",
    "OUT_OF_TIME",
    "UNAVAILABLE",
    "INTERNAL",
]
RETRYABLE: Final = frozenset({"LAGGED", "OVERLOADED", "OUT_OF_TIME", "UNAVAILABLE"})
"""Codes of what may succeed later."""


class Refused(Exception):
    """A request that is not executed; over HTTP it is answered with `status`."""

    def __init__(self, errors: Sequence[GraphQLError], *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)
        self.status = status


def problem(message: str, code: Code, **details: str | int) -> GraphQLError:
    """An error with its code; `details` are said beside it, as `limit` and `value`."""
    return GraphQLError(message, extensions={"code": code, **details})


def refused(message: str, code: Code, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **details: str | int) -> Refused:
    """A refusal for one reason."""
    return Refused([problem(message, code, **details)], status=status)


def coded(errors: Sequence[GraphQLError], code: Code) -> list[GraphQLError]:
    """The library's own errors, with a code where they have none."""
    for error in errors:
        error.extensions = {"code": code, **(error.extensions or {})}
    return list(errors)


def written(error: GraphQLError) -> dict[str, object]:
    """An error as it is sent."""
    shown: dict[str, object] = dict(error.formatted)
    extensions = dict(error.extensions or {})
    extensions["retryable"] = extensions.get("code") in RETRYABLE
    shown["extensions"] = extensions
    return shown
