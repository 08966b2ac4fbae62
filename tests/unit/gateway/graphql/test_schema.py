"""The schema as a document, and its scalars."""

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLScalarType, print_schema
from graphql.type import is_specified_scalar_type

from daonode.gateway.graphql.schema import make_schema, schema_text
from daonode.modules.governance.types import Choice, Status
from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.ids import ValidatorId
from tests.unit.gateway.graphql.asking import data, error
from tests.unit.gateway.graphql.population import VALIDATOR, account


def own_types() -> list[GraphQLObjectType | GraphQLEnumType | GraphQLScalarType]:
    return [
        type_
        for name, type_ in make_schema().type_map.items()
        if not name.startswith("__")
        and not is_specified_scalar_type(type_)
        and isinstance(type_, GraphQLObjectType | GraphQLEnumType | GraphQLScalarType)
    ]


def test_the_committed_schema_is_the_one_that_is_served_in_its_one_form() -> None:
    assert print_schema(make_schema()) + "\n" == schema_text()


def test_everything_in_the_schema_has_a_description() -> None:
    silent = [type_.name for type_ in own_types() if not type_.description]
    for type_ in own_types():
        if isinstance(type_, GraphQLObjectType):
            for name, field in type_.fields.items():
                silent += [] if field.description else [f"{type_.name}.{name}"]
                silent += [
                    f"{type_.name}.{name}({each})" for each, found in field.args.items() if not found.description
                ]
        if isinstance(type_, GraphQLEnumType):
            silent += [f"{type_.name}.{name}" for name, value in type_.values.items() if not value.description]
    assert silent == []


def test_the_enums_hold_the_words_of_the_chain() -> None:
    for name, words in (("ProposalStatus", Status), ("Choice", Choice)):
        enum = make_schema().type_map[name]
        assert isinstance(enum, GraphQLEnumType)
        assert tuple(enum.values) == words.__args__


async def test_scalars_have_the_forms_of_the_other_interfaces() -> None:
    found = await data("""{
        proposal(id: "1") { id submittedAt tally { electorate } votes(first: 1) { items { position time } } }
        transaction(id: "0x0000000000000000000000000000000100000000000000000000000000000000") { fee height }
        validators { id publicKey } }""")
    assert found == {
        "proposal": {
            "id": "0x" + "97" * 32,
            "submittedAt": "2026-05-28T20:26:41.000Z",
            "tally": {"electorate": "18446744073709551615"},
            "votes": {"items": [{"position": "4:2", "time": "2026-05-28T20:26:44.000Z"}]},
        },
        "transaction": {"fee": "18446744073709551615", "height": 1},
        "validators": [{"id": encode_validator(ValidatorId(VALIDATOR)), "publicKey": "0x" + "07" * 32}],
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('{ member(address: "dao1wrong") { name } }', "character"),
        (f'{{ member(address: "{encode_account(account(0)).upper()[:-1]}q") {{ name }} }}', "mixed case"),
        ("{ member(address: 5) { name } }", "expected a string"),
        ('{ spend(id: "0xABCD") { id } }', "expected 0x and lower-case hex"),
        ('{ spend(id: "0xabc") { id } }', "expected 0x and lower-case hex"),
        ('{ spend(id: "0xab cd") { id } }', "expected 0x and lower-case hex"),
        ('{ events(since: "12") { nextCursor } }', "expected height:index such as 120:3"),
        ("{ block(height: -1) { id } }", "expected a whole number from 0"),
        ("{ block(height: 9007199254740992) { id } }", "expected a whole number from 0"),
        ('{ metrics(series: members, from: "yesterday") { nextCursor } }', "expected a UTC time"),
        ("{ proposals(status: DECIDING) { nextCursor } }", "does not exist in 'ProposalStatus' enum"),
        ('{ validator(id: "dao1abc") { power } }', "wrong prefix: expected daoval"),
    ],
)
async def test_input_that_is_no_value_of_its_scalar_is_explained(query: str, said: str) -> None:
    given = await error(query)
    assert said in str(given["message"])
    assert given["code"] == "VALIDATION_FAILED"


async def test_the_same_is_said_of_variables() -> None:
    given = await error("query ($height: Count) { block(height: $height) { id } }", height="5")
    assert given["code"] == "BAD_INPUT"
    assert "expected a whole number from 0" in str(given["message"])
