"""How much a request may ask for. All of it is known before anything is executed.

The document is bounded in bytes and tokens before and while it is parsed; in depth, aliases and fields before it is
validated, since validation compares fields in pairs; in cost, which multiplies with the sizes of pages, before it is
executed. Whatever is beyond a limit is told the limit and its own value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution import VariableValues, get_argument_values
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.type import GraphQLField, is_list_type, is_non_null_type

from daonode.gateway.graphql.problems import Refused, coded, refused
from daonode.gateway.paging import MAX_PAGE

MAX_REQUEST_BYTES: Final = 64 * 1024
"""A request with its variables."""
MAX_DOCUMENT_CHARACTERS: Final = 16 * 1024
MAX_TOKENS: Final = 1_000
MAX_DEPTH: Final = 20
"""Fields and fragments that stand inside one another; the usual introspection has 17."""
MAX_ALIASES: Final = 30
"""Fields with a name of the client's choice, in the whole document."""
MAX_FIELDS: Final = 200
"""Fields and fragments that are written in the document."""
MAX_COST: Final = 25_000
"""Fields that an answer may have at most, pages and lists counted as full."""
MAX_COST_OF_HAPPENING: Final = 500
"""The same for what a subscription selects of each happening."""
MAX_TEXT_CHARACTERS: Final = 4 * 1024 * 1024
"""Characters of all texts in an answer: a small field may hold a long one, and again in each item."""
MAX_TEXT_OF_HAPPENING: Final = 128 * 1024
"""The same for one happening of a subscription."""
LIST_SIZE: Final = 10
"""What a list that is no page counts as: the chain's rules keep these short."""
INTROSPECTION_SIZES: Final[Mapping[str, int]] = {
    "types": 60,
    "fields": 4,
    "args": 1,
    "inputFields": 1,
    "enumValues": 1,
    "interfaces": 1,
    "possibleTypes": 1,
}
"""What the lists of the schema about itself count as: about their means."""


def check_shape(document: DocumentNode) -> None:
    """Check what a document has before anything is known of its meaning.

    Raises:
        Refused: it is too deep, or has too many aliases or fields.
    """
    fragments = {
        definition.name.value: definition.selection_set
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    shape = _Shape(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            shape.count(definition.selection_set)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            shape.descend(definition.selection_set, 1)


class _Shape:
    """Walks through the selections of a document."""

    def __init__(self, fragments: Mapping[str, SelectionSetNode]) -> None:
        self._fragments = fragments
        self._entered: dict[str, int] = {}
        self._aliases = 0
        self._fields = 0

    def count(self, selections: SelectionSetNode) -> None:
        """Count what is written in a definition."""
        waiting = [selections]
        while waiting:
            for selection in waiting.pop().selections:
                self._fields += 1
                self._aliases += isinstance(selection, FieldNode) and selection.alias is not None
                nested = _nested(selection)
                if nested is not None:
                    waiting.append(nested)
        if self._fields > MAX_FIELDS:
            raise _beyond("TOO_MANY_FIELDS", "fields and fragments", MAX_FIELDS, self._fields)
        if self._aliases > MAX_ALIASES:
            raise _beyond("TOO_MANY_ALIASES", "aliases", MAX_ALIASES, self._aliases)

    def descend(self, selections: SelectionSetNode, depth: int) -> None:
        """Follow selections into what they hold. A fragment that was entered as deep before needs no second look."""
        if depth > MAX_DEPTH:
            raise refused(
                f"fields and fragments stand more than {MAX_DEPTH} deep inside one another",
                "TOO_DEEP",
                limit=MAX_DEPTH,
                value=depth,
                hint="ask for the inner part by itself; a fragment may not hold itself",
            )
        for selection in selections.selections:
            nested = _nested(selection)
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if self._entered.get(name, 0) >= depth:
                    continue
                self._entered[name] = depth
                nested = self._fragments.get(name)
            if nested is not None:
                self.descend(nested, depth + 1)


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: VariableValues,
    *,
    limit: int = MAX_COST,
) -> int:
    """The cost of a valid operation.

    Raises:
        Refused: it is above what a request may cost, or a page's size is no number.
    """
    root = schema.get_root_type(operation.operation)
    assert root is not None, "a validated operation has its root type"
    try:
        cost = _Pricing(schema, document, variables).of(operation.selection_set, root)
    except GraphQLError as error:
        raise Refused(coded([error], "BAD_INPUT")) from None
    if cost > limit:
        raise refused(
            f"the answer may have {cost} fields, more than {limit}",
            "TOO_DEAR",
            limit=limit,
            value=cost,
            hint="ask for smaller pages with first, or for fewer fields in them",
        )
    return cost


class _Pricing:
    """Adds up fields, multiplied with the sizes of what they stand in."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: VariableValues) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._prices: dict[tuple[str, int], int] = {}

    def of(self, selections: SelectionSetNode, parent: GraphQLObjectType, *, items: int = LIST_SIZE) -> int:
        """The cost of selections; `items` is the size of the page that they stand in, if they stand in one."""
        return sum(self._of_selection(selection, parent, items) for selection in selections.selections)

    def _of_selection(self, selection: SelectionNode, parent: GraphQLObjectType, items: int) -> int:
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if (name, items) not in self._prices:
                self._prices[name, items] = self.of(self._fragments[name].selection_set, parent, items=items)
            return self._prices[name, items]
        if isinstance(selection, InlineFragmentNode):
            return self.of(selection.selection_set, parent, items=items)
        assert isinstance(selection, FieldNode), "there are three kinds of selections"
        field = self._schema.get_field(parent, selection.name.value)
        assert field is not None, "a validated field exists"
        inner = get_named_type(field.type)
        if selection.selection_set is None or not isinstance(inner, GraphQLObjectType):
            return 1
        size = self._size(selection, field, items)
        return 1 + size * self.of(selection.selection_set, inner, items=self._page_size(selection, field))

    def _page_size(self, selection: FieldNode, field: GraphQLField) -> int:
        """How many items the page of a field may have."""
        if "first" not in field.args:
            return LIST_SIZE
        first: int = get_argument_values(field, selection, self._variables)["first"]
        return min(max(first, 0), MAX_PAGE)

    def _size(self, selection: FieldNode, field: GraphQLField, items: int) -> int:
        """How many values a field may have."""
        type_ = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(type_):
            return 1
        return items if selection.name.value == "items" else INTROSPECTION_SIZES.get(selection.name.value, LIST_SIZE)


def _nested(selection: SelectionNode) -> SelectionSetNode | None:
    return selection.selection_set if isinstance(selection, FieldNode | InlineFragmentNode) else None


def _beyond(code: str, what: str, limit: int, value: int) -> Refused:
    assert code in ("TOO_MANY_FIELDS", "TOO_MANY_ALIASES")
    return refused(
        f"the document has {value} {what}, more than {limit}",
        "TOO_MANY_FIELDS" if code == "TOO_MANY_FIELDS" else "TOO_MANY_ALIASES",
        limit=limit,
        value=value,
        hint="send several smaller requests",
    )
