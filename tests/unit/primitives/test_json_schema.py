"""The schema of every form: what is written matches it, row by row of the table."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta

from daonode.primitives.codec import U8, U64, Bytes32, Record
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.json_form import Json
from daonode.primitives.json_schema import DEFINITIONS, FormOf, SchemaMaker
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs


class Leaf(Record, frozen=True):
    """A leaf
    of a tree."""

    size: U8 = 0


class Branch(Record, frozen=True):
    """A branch."""

    parts: tuple["Branch", ...]


class Left(Record, frozen=True, tag="left"):
    """One."""

    amount: Amount


class Right(Record, frozen=True, tag="right"):
    """The other."""


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (bytes, {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}),
        (Bytes32, {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}),
        (
            Annotated[bytes, Meta(min_length=1, max_length=3)],
            {"type": "string", "pattern": "^0x([0-9a-f]{2})*$", "minLength": 4, "maxLength": 8},
        ),
        (Annotated[bytes, Meta(min_length=2)], {"type": "string", "pattern": "^0x([0-9a-f]{2})*$", "minLength": 6}),
        (U64, {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}),
        (Amount, {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}),
        (U8, {"type": "integer", "minimum": 0, "maximum": 255}),
        (Bps, {"type": "integer", "minimum": 0, "maximum": 10_000}),
        (bool, {"type": "boolean"}),
        (object, {}),
        (Literal["yes", "no"], {"enum": ["yes", "no"]}),
        (Annotated[str, Meta(pattern="^a$")], {"type": "string", "pattern": "^a$"}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
        (list[bool], {"type": "array", "items": {"type": "boolean"}}),
        (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (Annotated[dict[str, object], FormOf(bool)], {"type": "boolean"}),
    ],
)
def test_each_type_has_the_schema_of_its_form(hint: object, schema: Json) -> None:
    assert SchemaMaker().schema_of(hint) == schema


def test_bounds_of_arrays_and_fixed_arrays_are_told() -> None:
    maker = SchemaMaker()
    bounded = maker.schema_of(Annotated[tuple[bool, ...], Meta(max_length=3)])
    assert bounded == {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}
    pair = maker.schema_of(tuple[bool, str])
    assert (pair["minItems"], pair["maxItems"]) == (2, 2)
    assert pair["prefixItems"] == [{"type": "boolean"}, {"type": "string"}]


@pytest.mark.parametrize("hint", [Address, ValidatorId, TimeMs, DurationMs])
def test_named_texts_say_what_they_are(hint: object) -> None:
    schema = SchemaMaker().schema_of(hint)
    assert schema["type"] == "string"
    assert schema["description"]


def test_a_record_is_described_once_with_its_text_and_all_its_fields() -> None:
    maker = SchemaMaker()
    assert maker.schema_of(Leaf) == maker.schema_of(Leaf) == {"$ref": DEFINITIONS + "Leaf"}
    assert maker.definitions["Leaf"] == {
        "type": "object",
        "description": "A leaf of a tree.",
        "properties": {"size": {"type": "integer", "minimum": 0, "maximum": 255}},
        "required": ["size"],
        "additionalProperties": False,
    }
    assert [(name, is_required) for name, _, is_required in maker.members_of(Leaf)] == [("size", False)]


def test_a_union_is_told_apart_by_its_kind_and_a_type_may_contain_itself() -> None:
    maker = SchemaMaker()
    union = maker.schema_of(Left | Right | None)
    assert union == {"anyOf": [{"$ref": DEFINITIONS + "Left"}, {"$ref": DEFINITIONS + "Right"}, {"type": "null"}]}
    assert '"const": "left"' in str(maker.definitions["Left"]).replace("'", '"')
    assert maker.schema_of(Branch) == {"$ref": DEFINITIONS + "Branch"}
    assert DEFINITIONS + "Branch" in str(maker.definitions["Branch"])


def test_a_type_without_a_form_is_the_programmers_mistake() -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        SchemaMaker().schema_of(float)
