"""Addresses as text, and what is said about a mistyped one."""

import pytest

from daonode.primitives.addresses import (
    AddressError,
    decode_account,
    decode_bech32m,
    decode_caip10,
    decode_validator,
    encode_account,
    encode_bech32m,
    encode_caip10,
    encode_validator,
)
from daonode.primitives.ids import Address, ValidatorId, check_chain_id

ADDRESS = Address(bytes(range(32)))
VALIDATOR = ValidatorId(bytes(range(32)))
TEXT = encode_account(ADDRESS)


def refusal(text: str) -> str:
    with pytest.raises(AddressError) as caught:
        decode_account(text)
    return caught.value.reason


def test_an_account_and_a_validator_come_back_from_their_texts() -> None:
    assert TEXT.startswith("dao1")
    assert decode_account(TEXT) == ADDRESS
    assert encode_validator(VALIDATOR).startswith("daoval1")
    assert decode_validator(encode_validator(VALIDATOR)) == VALIDATOR


def test_upper_case_is_read_and_mixed_case_is_not() -> None:
    assert decode_account(TEXT.upper()) == ADDRESS
    assert "mixed case" in refusal(TEXT[:-1] + TEXT[-1].upper() if TEXT[-1].isalpha() else TEXT[:3].upper() + TEXT[3:])


def test_another_prefix_is_named() -> None:
    assert "expected dao, got daoval" in refusal(encode_validator(VALIDATOR))
    assert "expected dao, got cosmos" in refusal(encode_bech32m("cosmos", ADDRESS))
    with pytest.raises(AddressError, match="expected daoval, got dao"):
        decode_validator(TEXT)


@pytest.mark.parametrize("place", [4, 20, 40, len(TEXT) - 1])
def test_one_wrong_character_is_pointed_at(place: int) -> None:
    other = "p" if TEXT[place] == "q" else "q"
    assert f"character {place + 1} is probably wrong" in refusal(TEXT[:place] + other + TEXT[place + 1 :])


def test_two_wrong_characters_are_a_bad_checksum() -> None:
    assert "more than one character" in refusal(TEXT[:10] + ("qq" if TEXT[10:12] != "qq" else "pp") + TEXT[12:])


def test_a_character_outside_the_alphabet_is_pointed_at() -> None:
    assert "character 11, 'b'" in refusal(TEXT[:10] + "b" + TEXT[11:])
    assert "character 11, ' '" in refusal(TEXT[:10] + " " + TEXT[11:])


@pytest.mark.parametrize("length", [0, 20, 31, 33])
def test_other_than_32_bytes_are_refused(length: int) -> None:
    assert "32 bytes" in refusal(encode_bech32m("dao", bytes(length)))
    with pytest.raises(AddressError, match=f"got {length}"):
        encode_account(Address(bytes(length)))


def test_padding_bits_that_are_not_zero_are_refused() -> None:
    _, values = decode_bech32m(TEXT)
    padded = forge("dao", (*values[:-1], values[-1] | 1))
    assert "padding" in refusal(padded)


@pytest.mark.parametrize("text", ["", "1", "dao", "dao1", "x" * 91, "0x" + "00" * 32, "d\u0430o1qqqqqq"])
def test_text_that_is_no_address_is_refused(text: str) -> None:
    assert refusal(text)


def test_a_caip_10_id_joins_chain_and_account() -> None:
    chain_id = check_chain_id("daonode:test")
    text = encode_caip10(chain_id, ADDRESS)
    assert text == f"daonode:test:{TEXT}"
    assert decode_caip10(text) == (chain_id, ADDRESS)
    for wrong in (TEXT, f"cosmos:hub:{TEXT}", "daonode:test:", f"daonode::{TEXT}"):
        with pytest.raises(AddressError):
            decode_caip10(wrong)


def forge(prefix: str, values: tuple[int, ...]) -> str:
    """Write 5-bit values with a valid checksum, by trying the checksum's 30 bits one character at a time."""
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    codes = [ord(character) for character in prefix]
    stream = [code >> 5 for code in codes] + [0] + [code & 31 for code in codes] + list(values) + [0] * 6
    remainder = 1
    for value in stream:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            remainder ^= generator if top >> bit & 1 else 0
    remainder ^= 0x2BC830A3
    checksum = [remainder >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1{''.join(alphabet[value] for value in [*values, *checksum])}"
