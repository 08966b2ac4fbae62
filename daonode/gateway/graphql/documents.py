"""From the text of a document to one that can be executed: within the limits, and valid by the schema."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)

from daonode.gateway.graphql.limits import MAX_DOCUMENT_CHARACTERS, MAX_TOKENS, check_shape
from daonode.gateway.graphql.problems import Refused, coded, refused
from daonode.gateway.graphql.schema import make_schema

MAX_KEPT_DOCUMENTS: Final = 64
"""Documents that are remembered with their syntax trees, at most half a megabyte each."""
MAX_ERRORS: Final = 10
"""Mistakes of a document that are told."""


@lru_cache(maxsize=MAX_KEPT_DOCUMENTS)
def read_document(text: str) -> DocumentNode:
    """Parse and check a document; may take a tenth of a second.

    Raises:
        Refused: it is beyond a limit, or not a valid document.
    """
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise refused(
            f"the document has {len(text)} characters, more than {MAX_DOCUMENT_CHARACTERS}",
            "TOO_LARGE",
            limit=MAX_DOCUMENT_CHARACTERS,
            value=len(text),
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    try:
        document = parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_TOKENS)
    except GraphQLError as error:
        raise Refused(coded([error], "PARSE_FAILED")) from None
    check_shape(document)
    errors = validate(make_schema(), document, max_errors=MAX_ERRORS)
    if errors:
        raise Refused(coded(errors, "VALIDATION_FAILED"))
    return document


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to execute.

    Raises:
        Refused: there is none of this name, or several and no name.
    """
    operation = get_operation_ast(document, name)
    if operation is None:
        names = [
            definition.name.value
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode) and definition.name is not None
        ]
        missing = "the document has several operations" if name is None else f"there is no operation {name[:64]!r}"
        hint = f"operationName is one of {', '.join(names)}" if names else "leave operationName away"
        raise refused(missing if names or name else "the document has no operation", "BAD_REQUEST", hint=hint)
    return operation


def is_subscription(operation: OperationDefinitionNode) -> bool:
    """Whether an operation has many answers."""
    return operation.operation is OperationType.SUBSCRIPTION
