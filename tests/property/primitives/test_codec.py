"""Whatever the bytes: a canonical value or ``DecodeError``, nothing between and nothing else."""

from typing import Literal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daonode.primitives.codec import U8, U16, U32, U64, DecodeError, Record, decode, encode
from daonode.primitives.ids import Address, Hash, Signature


class Leaf(Record, frozen=True, tag=1):
    address: Address
    number: U64
    small: U8 | None = None


class Branch(Record, frozen=True, tag=2):
    children: "tuple[Leaf | Branch, ...]"
    name: str = ""


class Everything(Record, frozen=True):
    digest: Hash
    signature: Signature
    numbers: tuple[U16, ...]
    pair: tuple[U32, bool]
    names: dict[str, U8]
    kind: Literal["a", "b"]
    tree: Leaf | Branch
    body: msgspec.Raw


TYPES = [Leaf, Branch, Leaf | Branch, Everything, U64, bytes, str, bool, tuple[Leaf, ...], Leaf | None, msgspec.Raw]
types = st.sampled_from(TYPES)

leaves = st.builds(
    Leaf,
    address=st.binary(min_size=32, max_size=32),
    number=st.integers(min_value=0, max_value=2**64 - 1),
    small=st.none() | st.integers(min_value=0, max_value=255),
)
trees = st.recursive(
    leaves,
    lambda inner: st.builds(Branch, children=st.lists(inner, max_size=4).map(tuple), name=st.text(max_size=8)),
    max_leaves=8,
)
everything = st.builds(
    Everything,
    digest=st.binary(min_size=32, max_size=32),
    signature=st.binary(min_size=64, max_size=64),
    numbers=st.lists(st.integers(min_value=0, max_value=2**16 - 1), max_size=20).map(tuple),
    pair=st.tuples(st.integers(min_value=0, max_value=2**32 - 1), st.booleans()),
    names=st.dictionaries(st.text(max_size=6), st.integers(min_value=0, max_value=255), max_size=5),
    kind=st.sampled_from(["a", "b"]),
    tree=trees,
    body=trees.map(encode).map(msgspec.Raw),
)


@given(everything)
def test_a_value_comes_back_from_its_bytes(value: Everything) -> None:
    data = encode(value)
    again = decode(data, Everything)
    assert encode(again) == data
    assert (again.tree, again.names) == (value.tree, value.names)


@given(st.binary(max_size=200), types)
@example(b"\xdd\xff\xff\xff\xff", tuple[Leaf, ...])
@example(b"\xdf\xff\xff\xff\xff", Everything)
@example(b"\xdb\xff\xff\xff\xff", str)
@example(b"\xc6\xff\xff\xff\xff", bytes)
@example(b"\xa2\xff\xfe", str)
@example(b"\xcb\x7f\xf8" + bytes(6), U64)
@example(b"\xd4\x01\x00", bytes)
@example(b"\xc7\x0c\xff" + bytes(12), Everything)
@example(b"\x92\x02\x91" * 20_000 + b"\x90", Branch)
@example(b"\x91" * 100_000, msgspec.Raw)
@example(b"\x81\xa1a" * 100_000, msgspec.Raw)
def test_any_bytes_give_a_canonical_value_or_a_decode_error(data: bytes, type_: type[object]) -> None:
    try:
        value = decode(data, type_)
    except DecodeError:
        return
    assert encode(value) == data


@given(everything, st.data())
def test_damaged_bytes_give_another_canonical_value_or_a_decode_error(value: Everything, data: st.DataObject) -> None:
    original = bytearray(encode(value))
    place = data.draw(st.integers(min_value=0, max_value=len(original) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "insert"])):
        case "flip":
            original[place] ^= data.draw(st.integers(min_value=1, max_value=255))
        case "cut":
            del original[place:]
        case "insert":
            original[place:place] = data.draw(st.binary(min_size=1, max_size=4))
    try:
        again = decode(bytes(original), Everything)
    except DecodeError:
        return
    assert encode(again) == bytes(original)


@given(trees, st.binary(min_size=1, max_size=3))
def test_a_trailing_byte_is_refused(tree: Leaf | Branch, rest: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(encode(tree) + rest, Leaf | Branch)
