"""Addresses, amounts and list proofs over arbitrary values."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daonode.primitives.addresses import AddressError, decode_account, encode_account
from daonode.primitives.ids import Address
from daonode.primitives.merkle import list_root, prove_inclusion, verify_inclusion
from daonode.primitives.units import U64_MAX, ceil_div

amounts = st.integers(min_value=0, max_value=U64_MAX)
addresses = st.binary(min_size=32, max_size=32).map(Address)


@given(addresses)
def test_an_address_comes_back_from_its_text(address: Address) -> None:
    assert decode_account(encode_account(address)) == address


@given(addresses, st.data())
def test_up_to_three_wrong_characters_are_always_noticed(address: Address, data: st.DataObject) -> None:
    text = list(encode_account(address))
    places = data.draw(st.lists(st.integers(min_value=4, max_value=len(text) - 1), min_size=1, max_size=3, unique=True))
    for place in places:
        others = [character for character in "qpzry9x8gf2tvdw0s3jn54khce6mua7l" if character != text[place]]
        text[place] = data.draw(st.sampled_from(others))
    with pytest.raises(AddressError, match="checksum"):
        decode_account("".join(text))


@given(st.text(max_size=100))
def test_any_other_text_is_refused_with_an_address_error(text: str) -> None:
    with pytest.raises(AddressError):
        decode_account(text)


@given(amounts, st.integers(min_value=1, max_value=U64_MAX))
def test_rounding_up_adds_less_than_one(dividend: int, divisor: int) -> None:
    assert 0 <= ceil_div(dividend, divisor) - Fraction(dividend, divisor) < 1


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=60), st.data())
def test_a_leaf_is_proven_and_a_changed_leaf_is_not(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(leaves) - 1))
    other = data.draw(st.binary(max_size=8))
    assume(other != leaves[index])
    root, proof = list_root(leaves), prove_inclusion(leaves, index)
    assert verify_inclusion(root, leaves[index], proof)
    assert not verify_inclusion(root, other, proof)


@given(st.lists(st.binary(max_size=4), max_size=20), st.lists(st.binary(max_size=4), max_size=20))
def test_different_lists_have_different_roots(left: list[bytes], right: list[bytes]) -> None:
    assert (list_root(left) == list_root(right)) is (left == right)
