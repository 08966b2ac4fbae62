"""What the codec accepts and refuses, and what it says."""

from typing import Any

import msgspec
import pytest

from daonode.primitives.codec import (
    MAX_DEPTH,
    MAX_ENCODED_BYTES,
    U8,
    U64,
    Bytes32,
    DecodeError,
    EncodeError,
    Record,
    decode,
    encode,
)
from daonode.primitives.ids import Address, Signature
from daonode.primitives.nesting import UnsupportedTypeError


class Payment(Record, frozen=True):
    to: Address
    amount: U64
    memo: str = ""


class Chain(Record, frozen=True):
    inner: "Chain | None"


class Envelope(Record, frozen=True):
    body: msgspec.Raw


class Loose(msgspec.Struct, frozen=True):
    field: int


PAYMENT = Payment(to=Address(bytes(32)), amount=5)


def chain_of(length: int) -> Chain:
    chain = Chain(inner=None)
    for _ in range(length - 1):
        chain = Chain(inner=chain)
    return chain


def refusal(data: bytes, type_: Any = Payment, **options: int) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(data, type_, **options)
    return caught.value.reason


def test_a_record_is_an_array_in_field_order() -> None:
    assert encode(PAYMENT) == b"\x93\xc4\x20" + bytes(32) + b"\x05\xa0"
    assert decode(encode(PAYMENT), Payment) == PAYMENT


def test_a_record_can_neither_change_nor_carry_another_field() -> None:
    with pytest.raises(AttributeError):
        PAYMENT.amount = 6  # type: ignore[misc]  # The refusal itself is what is tested.
    assert "length 3, got 4" in refusal(encode((bytes(32), 5, "", 1)))


def test_a_default_left_out_is_not_canonical() -> None:
    assert "canonical" in refusal(encode((bytes(32), 5)))


def test_an_integer_in_a_longer_form_is_not_canonical() -> None:
    assert "at byte 35" in refusal(b"\x93\xc4\x20" + bytes(32) + b"\xcc\x05\xa0")


def test_a_map_out_of_order_or_with_a_key_twice_is_not_canonical() -> None:
    assert "canonical" in refusal(b"\x82\xa1b\x01\xa1a\x01", dict[str, int])
    assert "canonical" in refusal(b"\x82\xa1a\x01\xa1a\x01", dict[str, int])


def test_the_refusal_names_the_place() -> None:
    assert "$[1]" in refusal(encode((bytes(32), "five", "")))
    assert "length" in refusal(encode((bytes(31), 5, "")))
    assert "$[0]" in refusal(encode((bytes(31), 5, "")))


def test_a_number_outside_its_range_is_refused() -> None:
    assert ">= 0" in refusal(encode(-1), U64)
    assert "255" in refusal(encode(256), U8)
    assert decode(encode(2**64 - 1), U64) == 2**64 - 1


def test_ids_are_refused_at_any_other_length() -> None:
    for length in (0, 31, 33):
        assert "length" in refusal(encode(bytes(length)), Address)
        assert "length" in refusal(encode(bytes(length)), Bytes32)
    assert "length" in refusal(encode(bytes(32)), Signature)


def test_a_float_is_no_integer() -> None:
    assert "float" in refusal(b"\xcb\x3f\xf0" + bytes(6), U64)
    assert "float" in refusal(b"\xca\x7f\xc0\x00\x00", U64)


def test_more_bytes_than_allowed_are_refused_unread() -> None:
    assert "at most 10 bytes, got 37" in refusal(encode(PAYMENT), max_bytes=10)
    assert str(MAX_ENCODED_BYTES) in refusal(bytes(MAX_ENCODED_BYTES + 1))


def test_recursive_values_may_nest_to_the_bound_and_no_deeper() -> None:
    deepest = chain_of(MAX_DEPTH)
    assert decode(encode(deepest), Chain) == deepest
    assert f"deeper than {MAX_DEPTH}" in refusal(encode(chain_of(MAX_DEPTH + 1)), Chain)


def test_raw_bytes_inside_a_record_are_bounded_in_depth_too() -> None:
    inside = encode(chain_of(MAX_DEPTH - 1))
    assert bytes(decode(encode(Envelope(body=msgspec.Raw(inside))), Envelope).body) == inside
    too_deep = encode(Envelope(body=msgspec.Raw(encode(chain_of(MAX_DEPTH)))))
    assert "nested deeper" in refusal(too_deep, Envelope)


def test_raw_bytes_inside_a_record_hold_no_float_and_no_extension() -> None:
    for inside in (b"\xcb" + bytes(8), b"\xca" + bytes(4), b"\xd4\x01\x00", b"\xc7\x01\x05\x00", b"\xc1"):
        assert "begins no value" in refusal(b"\x91" + inside, Envelope)


def test_depth_counts_what_is_open_and_not_how_many_follow() -> None:
    wide = tuple(Chain(inner=Chain(inner=None)) for _ in range(10 * MAX_DEPTH))
    assert decode(encode(wide), tuple[Chain, ...]) == wide


def test_the_depth_bound_does_not_depend_on_the_callers_stack() -> None:
    data = encode(chain_of(MAX_DEPTH))

    def descend(levels: int) -> Chain:
        return descend(levels - 1) if levels else decode(data, Chain)

    assert descend(700) == decode(data, Chain)


@pytest.mark.parametrize("type_", [float, object, set[int], frozenset[int], dict[int, int], Loose, Chain | float])
def test_a_type_without_a_canonical_encoding_has_no_decoder(type_: Any) -> None:
    with pytest.raises(UnsupportedTypeError):
        decode(b"\xc0", type_)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, object(), "\ud800", {1: 2}])
def test_a_value_without_a_canonical_encoding_is_refused(value: object) -> None:
    with pytest.raises(EncodeError, match="no canonical encoding"):
        encode(value)
