"""The ``msgpack`` package, another implementation, reads what we write and writes what we read."""

from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import Address

integers = st.integers(min_value=-(2**63), max_value=2**64 - 1)
leaves = st.one_of(integers, st.binary(max_size=300), st.text(max_size=80), st.booleans(), st.none())
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=20).map(tuple), max_leaves=40)


class Vote(Record, frozen=True, tag="vote"):
    voter: Address
    proposal: int
    note: str | None
    weights: tuple[int, ...]


votes = st.builds(
    Vote,
    voter=st.binary(min_size=32, max_size=32),
    proposal=integers,
    note=st.none() | st.text(max_size=40),
    weights=st.lists(integers, max_size=20).map(tuple),
)


def as_oracle(vote: Vote) -> list[Any]:
    return ["vote", vote.voter, vote.proposal, vote.note, list(vote.weights)]


@given(values)
def test_the_oracle_writes_the_same_bytes_for_any_value(value: object) -> None:
    assert msgpack.packb(value, use_bin_type=True) == encode(value)


@given(votes)
def test_the_oracle_writes_records_as_arrays_in_field_order(vote: Vote) -> None:
    assert msgpack.packb(as_oracle(vote), use_bin_type=True) == encode(vote)
    assert msgpack.unpackb(encode(vote)) == as_oracle(vote)


@given(votes)
def test_what_the_oracle_writes_is_decoded(vote: Vote) -> None:
    assert decode(msgpack.packb(as_oracle(vote), use_bin_type=True), Vote) == vote


@given(st.dictionaries(st.text(max_size=10), integers, max_size=20))
def test_maps_are_written_in_the_byte_order_of_their_keys(mapping: dict[str, int]) -> None:
    ordered = dict(sorted(mapping.items(), key=lambda item: item[0].encode()))
    assert encode(mapping) == msgpack.packb(ordered)
    assert decode(encode(mapping), dict[str, int]) == mapping
