"""The OpenAPI document, made from the tables that make the routes, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

from daonode import __version__
from daonode.gateway.operations import Operation
from daonode.gateway.problems import PROBLEM_TYPE, ProblemForm
from daonode.gateway.rest.endpoint import Endpoint, Parameters
from daonode.gateway.rest.query import field_names
from daonode.primitives.json_form import Json
from daonode.primitives.json_schema import Schema, SchemaMaker

OPENAPI_VERSION: Final = "3.1.0"
PATH: Final = "/api/openapi.json"
_HEIGHT: Final[Schema] = {
    "description": "The height that the answer is as of.",
    "schema": {"type": "integer", "minimum": 0},
}
_TAG: Final[Schema] = {
    "description": "Names this answer; give it back in If-None-Match.",
    "schema": {"type": "string"},
}
_ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""How any request may be refused."""
_WITH_BODY: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


def describe(endpoints: Sequence[Endpoint], operations: Sequence[Operation]) -> Schema:
    """The document of these resources and operations."""
    maker = SchemaMaker()
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths[endpoint.path] = {"get": _describe_endpoint(endpoint, maker)}
    for operation in operations:
        described = paths.setdefault(operation.path, {})
        assert isinstance(described, dict), "a path is an object of methods"
        described[operation.method.lower()] = _describe_operation(operation, maker)
    maker.schema_of(ProblemForm)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "daonode gateway",
            "version": __version__,
            "description": "Bytes are 0x and hex, u64 and amounts decimal strings, addresses bech32m, times RFC 3339. "
            "A list is a page: give next_cursor back for the next one. Every answer has X-Dao-Height and RateLimit "
            "headers; what is wrong is told as a problem (RFC 9457).",
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(maker.definitions.items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, or the token of a session. Without one the client is anonymous.",
                }
            },
        },
    }


def _describe_endpoint(endpoint: Endpoint, maker: SchemaMaker) -> Schema:
    headers: Schema = {"X-Dao-Height": _HEIGHT}
    if not endpoint.is_live:
        headers["ETag"] = _TAG
    success: Schema = {
        "description": _text(endpoint.answer),
        "headers": headers,
        "content": {"application/json": {"schema": maker.schema_of(endpoint.answer)}},
    }
    unchanged: Schema = {"description": "The client has this answer already."}
    responses: Schema = {"200": success, "304": unchanged}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "parameters": _parameters(endpoint.parameters, maker, in_path=endpoint.path_names),
        "responses": {**responses, **_refusals((*_ALWAYS, HTTPStatus.NOT_FOUND))},
    }


def _describe_operation(operation: Operation, maker: SchemaMaker) -> Schema:
    success: Schema = {
        "description": _text(operation.answer),
        "content": {"application/json": {"schema": maker.schema_of(operation.answer)}},
    }
    refusals = (*_ALWAYS, *operation.refusals, *(() if operation.body is None else _WITH_BODY))
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(operation.success.value): success, **_refusals(refusals)},
    }
    if operation.parameters is not None:
        described["parameters"] = _parameters(operation.parameters, maker, in_path=())
    if operation.body is not None:
        body: Schema = {"application/json": {"schema": maker.schema_of(operation.body)}}
        described["requestBody"] = {"required": True, "content": body}
    return described


def _parameters(type_: type[Parameters], maker: SchemaMaker, *, in_path: Sequence[str]) -> list[Json]:
    names = {field: name for name, field in field_names(type_).items()}
    return [
        {
            "name": names[field],
            "in": "path" if names[field] in in_path else "query",
            "required": is_required,
            "schema": _without_null(schema),
        }
        for field, schema, is_required in maker.members_of(type_)
    ]


def _without_null(schema: Schema) -> Schema:
    """What is left out stands for null: no text of a query does."""
    options = schema.get("anyOf")
    if not isinstance(options, list):
        return schema
    present = [each for each in options if each != {"type": "null"}]
    only = present[0]
    return only if len(present) == 1 and isinstance(only, dict) else {"anyOf": present}


def _refusals(statuses: Iterable[HTTPStatus]) -> Schema:
    schema: Schema = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemForm"}}}
    return {str(status.value): {"description": status.phrase, "content": schema} for status in sorted(statuses)}


def _text(described: type) -> str:
    return " ".join((described.__doc__ or "").split())
