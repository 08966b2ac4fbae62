"""Whatever document is sent, nothing inside shows and nothing takes long: an answer, or a refusal with its code."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import trio
from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from graphql.type import GraphQLArgument, GraphQLField
from hypothesis import given
from hypothesis import strategies as st

from daonode.gateway.graphql.problems import RETRYABLE
from daonode.gateway.graphql.schema import make_schema
from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.ids import ValidatorId
from daonode.stores.sqlite import SqliteReader, open_reader, open_writer
from tests.unit.gateway.graphql.asking import answer, make_engine
from tests.unit.gateway.graphql.population import VALIDATOR, account, found, proposal_id, tx_id

PROPOSALS = (proposal_id(1), proposal_id(9))
INSERTIONS = ("", "{", "}", "...", '"""', "\x00", "(", "$x", "@skip")
TEXTS = st.text(max_size=6)
VALUES = {
    "Int": st.integers(-2, 120).map(str) | st.sampled_from(["2147483647", "2147483648", "1.5"]),
    "String": TEXTS.map(lambda text: msgspec.json.encode(text).decode()),
    "Boolean": st.sampled_from(["true", "false"]),
    "ID": st.sampled_from(
        ["1", '"2"', '"77"', '"x"', f'"0x{proposal_id(1).hex()}"', f'"0x{proposal_id(9).hex()}"', "-1"]
    ),
    "Count": st.integers(-1, 12).map(str) | st.sampled_from([str(2**53 - 1), str(2**53), str(2**64)]),
    "Hex": st.sampled_from(['"0x"', '"0x00"', '"0xzz"', f'"0x{tx_id(1, 0).hex()}"', f'"0x{"4d" * 32}"']),
    "Address": st.sampled_from([f'"{encode_account(account(index))}"' for index in (0, 1, 99)] + ['"dao1x"', "5"]),
    "ValidatorAddress": st.just(f'"{encode_validator(ValidatorId(VALIDATOR))}"'),
    "Position": st.sampled_from(['"0:0"', '"3:1"', '"999999999999999:9999999999"', '"x"']),
    "Time": st.sampled_from(
        ['"2026-05-28T20:26:45Z"', '"9999-12-31T23:59:59.999Z"', '"1970-01-01T00:00:00Z"', '"now"']
    ),
}


def argument_values(argument: GraphQLArgument) -> st.SearchStrategy[str]:
    type_ = get_named_type(argument.type)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from([*type_.values, "nothing"])
    return VALUES[type_.name] | st.just("null")


@st.composite
def fields(draw: st.DrawFn, name: str, field: GraphQLField, depth: int) -> str:
    """One field with some of its arguments, and selections within it."""
    given_: list[str] = []
    for key, argument in field.args.items():
        is_needed = isinstance(argument.type, GraphQLNonNull) and key != "first"
        if is_needed or draw(st.integers(0, 3)) == 0:
            given_.append(f"{key}: {draw(argument_values(argument))}")
    alias = draw(st.sampled_from(["", "", "", "a: ", "b: "]))
    text = f"{alias}{name}" + (f"({', '.join(given_)})" if given_ else "")
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return text
    assert isinstance(type_, GraphQLObjectType)
    return f"{text} {{ {draw(selections(type_, depth - 1))} }}"


@st.composite
def selections(draw: st.DrawFn, type_: GraphQLObjectType, depth: int) -> str:
    """Some selections of a type."""
    names = [name for name, field in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))]
    chosen = draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=4))
    texts = []
    for name in chosen:
        text = "__typename" if name == "__typename" else draw(fields(name, type_.fields[name], depth))
        wrapping = draw(st.sampled_from(["", "", "", f"... on {type_.name} ", "... @include(if: true) "]))
        texts.append(f"{wrapping}{{ {text} }}" if wrapping else text)
    return " ".join(texts)


def queries() -> st.SearchStrategy[str]:
    query = make_schema().query_type
    assert query is not None
    return selections(query, 5).map(lambda text: f"{{ {text} }}")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    """A real store, which takes less than memory does: no number above 64 bits, no order without an index."""
    path = tmp_path_factory.mktemp("store") / "index.sqlite"
    writer = open_writer(path)
    found(writer)
    reader = open_reader(path)
    yield reader
    reader.close()
    writer.close()


def check(document: str, reader: SqliteReader) -> None:
    """Execute a document, and check that what comes back is either an answer or explained."""
    given_ = trio.run(lambda: answer(document, engine=make_engine(reader)))
    content = given_.content
    errors = content.get("errors", [])
    assert isinstance(errors, list)
    assert "data" in content or errors
    for error in errors:
        code = error["extensions"]["code"]
        assert code != "INTERNAL", (document, error)
        assert error["extensions"]["retryable"] is (code in RETRYABLE)
        assert "Traceback" not in error["message"]
    msgspec.json.encode(content)


@given(document=queries())
def test_a_query_by_the_schema_never_meets_a_defect(reader: SqliteReader, document: str) -> None:
    check(document, reader)


@given(document=st.text(alphabet="{}()[]:!$@.\"'#\\ \n,|=&abcdefquery0123456789_é\U0001f600", max_size=80))
def test_text_that_is_no_document_is_explained(reader: SqliteReader, document: str) -> None:
    check(document, reader)


@given(
    document=queries(),
    place=st.integers(0, 200),
    insertion=st.sampled_from(["", "{", "}", "...", '"""', "\x00", "(", "$x", "@skip"]),
)
def test_a_broken_document_is_explained(reader: SqliteReader, document: str, place: int, insertion: str) -> None:
    check(document[:place] + insertion + document[place + 1 :], reader)
