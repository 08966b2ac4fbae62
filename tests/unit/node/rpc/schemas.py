"""Checks values against the server's own OpenRPC document, by the keywords of JSON Schema that the document uses.

A keyword that is not known here fails, so that nothing in the document goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import cast

from daonode.node.rpc.discovery import describe
from daonode.node.rpc.methods import METHODS
from daonode.primitives.json_form import Json

JsonObject = dict[str, Json]

TYPES: dict[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
IGNORED = {"description", "format"}


class Mismatch(AssertionError):
    """A value is not what the document says."""


@cache
def document() -> JsonObject:
    """The document of the server's methods."""
    return cast(JsonObject, describe(tuple(METHODS.values())))


def check_result(name: str, result: Json) -> None:
    """Raises `Mismatch` where a method's result is not as described."""
    (described,) = [each for each in _objects(document()["methods"]) if each["name"] == name]
    check(result, cast(JsonObject, cast(JsonObject, described["result"])["schema"]), path=name)


def check_parameters(name: str, parameters: JsonObject) -> None:
    """Raises `Mismatch` where the parameters of a call are not as described."""
    (described,) = [each for each in _objects(document()["methods"]) if each["name"] == name]
    schemas = {str(each["name"]): each for each in _objects(described["params"])}
    for each in schemas.values():
        if each["required"] and each["name"] not in parameters:
            raise Mismatch(f"{name}: {each['name']} is missing")
    for given, value in parameters.items():
        if given not in schemas:
            raise Mismatch(f"{name}: {given} is not described")
        check(value, cast(JsonObject, schemas[given]["schema"]), path=f"{name}.{given}")


def check_notification(parameters: Json) -> None:
    """Raises `Mismatch` where a notification is not as described."""
    (described,) = _objects(document()["x-notifications"])
    check(parameters, cast(JsonObject, described["params"]), path="notification")


def check(value: Json, schema: JsonObject, *, path: str) -> None:
    """Raises `Mismatch` where a value does not match a schema."""
    for keyword, wanted in schema.items():
        if keyword not in IGNORED:
            KEYWORDS[keyword](value, wanted, schema, path)


def _refer(value: Json, wanted: Json, _: JsonObject, path: str) -> None:
    place = document()
    for step in str(wanted).removeprefix("#/").split("/"):
        place = cast(JsonObject, place[step])
    check(value, place, path=path)


def _check_any(value: Json, wanted: Json, _: JsonObject, path: str) -> None:
    problems = []
    for option in _objects(wanted):
        try:
            check(value, option, path=path)
        except Mismatch as error:
            problems.append(str(error))
        else:
            return
    raise Mismatch(f"{path}: none of: {problems}")


def _check_properties(value: Json, wanted: Json, schema: JsonObject, path: str) -> None:
    known = cast(dict[str, JsonObject], wanted)
    for name, item in cast(JsonObject, value).items():
        if name in known:
            check(item, known[name], path=f"{path}.{name}")


def _check_additional(value: Json, wanted: Json, schema: JsonObject, path: str) -> None:
    known = cast(JsonObject, schema.get("properties", {}))
    for name, item in cast(JsonObject, value).items():
        if name not in known:
            if wanted is False:
                raise Mismatch(f"{path}.{name} is not described")
            check(item, cast(JsonObject, wanted), path=f"{path}.{name}")


def _check_items(value: Json, wanted: Json, _: JsonObject, path: str) -> None:
    for index, item in enumerate(cast(list[Json], value)):
        check(item, cast(JsonObject, wanted), path=f"{path}[{index}]")


def _check_prefix(value: Json, wanted: Json, _: JsonObject, path: str) -> None:
    for index, (item, schema) in enumerate(zip(cast(list[Json], value), _objects(wanted), strict=False)):
        check(item, schema, path=f"{path}[{index}]")


def _rule(holds: Callable[[Json, Json], object]) -> Callable[[Json, Json, JsonObject, str], None]:
    def run(value: Json, wanted: Json, schema: JsonObject, path: str) -> None:
        if not holds(value, wanted):
            raise Mismatch(f"{path}: {str(value)[:100]!r} is not {schema}")

    return run


def _objects(value: Json) -> list[JsonObject]:
    return cast(list[JsonObject], value)


KEYWORDS: dict[str, Callable[[Json, Json, JsonObject, str], None]] = {
    "$ref": _refer,
    "anyOf": _check_any,
    "properties": _check_properties,
    "additionalProperties": _check_additional,
    "items": _check_items,
    "prefixItems": _check_prefix,
    "type": _rule(lambda value, wanted: TYPES[str(wanted)](value)),
    "required": _rule(lambda value, wanted: set(cast(list[str], wanted)) <= set(cast(JsonObject, value))),
    "enum": _rule(lambda value, wanted: value in cast(list[Json], wanted)),
    "const": _rule(lambda value, wanted: value == wanted),
    "pattern": _rule(lambda value, wanted: re.search(str(wanted), str(value))),
    "minimum": _rule(lambda value, wanted: cast(int, value) >= cast(int, wanted)),
    "maximum": _rule(lambda value, wanted: cast(int, value) <= cast(int, wanted)),
    "minLength": _rule(lambda value, wanted: len(str(value)) >= cast(int, wanted)),
    "maxLength": _rule(lambda value, wanted: len(str(value)) <= cast(int, wanted)),
    "minItems": _rule(lambda value, wanted: len(cast(list[Json], value)) >= cast(int, wanted)),
    "maxItems": _rule(lambda value, wanted: len(cast(list[Json], value)) <= cast(int, wanted)),
}
