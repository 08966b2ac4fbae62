"""Reading a request: the parameters of GraphQL over HTTP, and of a subscription, are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daonode.gateway.graphql.limits import MAX_REQUEST_BYTES
from daonode.gateway.graphql.problems import Refused, refused
from daonode.primitives.json_form import Json, suggestion
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

LIMITS: Final = JsonLimits(max_bytes=MAX_REQUEST_BYTES, max_depth=8, max_values=1_000)
_PARAMETERS: Final = ("query", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    """A document, which of its operations, and the values of that one's variables."""

    query: str
    operation_name: str | None
    variables: dict[str, Json]


def read_json(data: bytes) -> Json:
    """Read JSON of a client.

    Raises:
        Refused: it is none that is taken.
    """
    try:
        return parse_json(data, LIMITS)
    except StrictJsonError as error:
        raise refused(str(error), "BAD_REQUEST", hint=error.hint) from None


def read_request(value: Json) -> GraphqlRequest:
    """Read the parameters of a request.

    Raises:
        Refused: one is missing, unknown or of the wrong type.
    """
    if isinstance(value, list):
        raise refused("several requests at a time are not taken", "BAD_REQUEST", hint="send one object with query")
    if not isinstance(value, dict):
        raise refused("expected a JSON object with query", "BAD_REQUEST")
    for given in value:
        if given not in _PARAMETERS:
            hint = suggestion(given[:64], _PARAMETERS)
            raise refused(f"there is no parameter {given[:64]!r}", "BAD_REQUEST", hint=hint)
    query, name, variables = value.get("query"), value.get("operationName"), value.get("variables")
    if not isinstance(query, str):
        raise _wrong("query", "a string with the document")
    if name is not None and not isinstance(name, str):
        raise _wrong("operationName", "a string or null")
    if variables is not None and not isinstance(variables, dict):
        raise _wrong("variables", "an object or null")
    if not isinstance(value.get("extensions"), dict | None):
        raise _wrong("extensions", "an object or null")
    return GraphqlRequest(query, name or None, dict(variables or {}))


def _wrong(name: str, expected: str) -> Refused:
    return refused(f"{name}: expected {expected}", "BAD_REQUEST")
