"""Addresses as people read and type them: bech32m text (BIP-350) and CAIP-10 account ids.

``dao1...`` is an account, ``daoval1...`` a validator; both carry 32 bytes. Reading is strict: one case, the
wanted prefix, exact length, zero padding, valid checksum. A wrong checksum is explained by the position of the
one wrong character where replacing one character would make the text valid.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from operator import xor
from typing import Final

from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import HASH_BYTES, Address, ChainId, IdError, ValidatorId, check_chain_id

ACCOUNT_PREFIX: Final = "dao"
VALIDATOR_PREFIX: Final = "daoval"
MAX_TEXT_CHARACTERS: Final = 90
MAX_REMEMBERED_TEXTS: Final = 8_192
"""Texts of ids that are remembered: whoever shows a chain writes the same ones again and again."""

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE_OF: Final = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What the five bits that leave a remainder at the top add to it, and which five bits a low end came from.
_REDUCTION_OF: Final = tuple(
    reduce(xor, (generator for place, generator in enumerate(_GENERATORS) if top >> place & 1), 0) for top in range(32)
)
_TOP_OF: Final = {reduction & 31: top for top, reduction in enumerate(_REDUCTION_OF)}
_BECH32M_CONSTANT: Final = 0x2BC830A3
_CHECKSUM_CHARACTERS: Final = 6


class AddressError(PrimitiveError):
    """Text is no address of the wanted kind; ``reason`` says what was wrong and what would be right."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def encode_account(address: Address) -> str:
    """Return the ``dao1...`` text of a 32-byte account address."""
    return _encode_id(address, prefix=ACCOUNT_PREFIX)


def decode_account(text: str) -> Address:
    """Return the account address that a ``dao1...`` text names, or raise ``AddressError``."""
    return Address(_decode_id(text, prefix=ACCOUNT_PREFIX))


def encode_validator(validator_id: ValidatorId) -> str:
    """Return the ``daoval1...`` text of a 32-byte validator id."""
    return _encode_id(validator_id, prefix=VALIDATOR_PREFIX)


def decode_validator(text: str) -> ValidatorId:
    """Return the validator id that a ``daoval1...`` text names, or raise ``AddressError``."""
    return ValidatorId(_decode_id(text, prefix=VALIDATOR_PREFIX))


def encode_caip10(chain_id: ChainId, address: Address) -> str:
    """Return the CAIP-10 account id, ``daonode:<reference>:dao1...``."""
    return f"{chain_id}:{encode_account(address)}"


def decode_caip10(text: str) -> tuple[ChainId, Address]:
    """Return chain and account of a CAIP-10 account id, or raise ``AddressError``."""
    chain_text, separator, account_text = text.rpartition(":")
    if not separator:
        raise AddressError("a CAIP-10 account id has the form daonode:<reference>:dao1...")
    try:
        chain_id = check_chain_id(chain_text)
    except IdError as error:
        raise AddressError(str(error)) from error
    return chain_id, decode_account(account_text)


def encode_bech32m(prefix: str, data: bytes) -> str:
    """Return the lower-case bech32m text of bytes under a prefix, or raise ``AddressError`` (over 90 characters)."""
    values = list(_regroup(data, from_bits=8, to_bits=5))
    remainder = _polymod([*_expand(prefix), *values, *[0] * _CHECKSUM_CHARACTERS]) ^ _BECH32M_CONSTANT
    checksum = [(remainder >> 5 * (_CHECKSUM_CHARACTERS - 1 - place)) & 31 for place in range(_CHECKSUM_CHARACTERS)]
    text = f"{prefix}1{''.join(_ALPHABET[value] for value in values + checksum)}"
    if len(text) > MAX_TEXT_CHARACTERS:
        raise AddressError(f"bech32m text has at most {MAX_TEXT_CHARACTERS} characters, got {len(text)}")
    return text


def decode_bech32m(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the lower-case prefix and the 5-bit values before the checksum, or raise ``AddressError`` (BIP-350)."""
    if not 0 < len(text) <= MAX_TEXT_CHARACTERS:
        raise AddressError(f"an address has 1 to {MAX_TEXT_CHARACTERS} characters, got {len(text)}")
    for position, character in enumerate(text):
        if not 33 <= ord(character) <= 126:
            raise AddressError(f"character {position + 1}, {character!r}, cannot stand in an address")
    if text != text.lower() and text != text.upper():
        raise AddressError("mixed case: write an address in lower case")
    prefix, separator, payload = text.lower().rpartition("1")
    if not separator or not prefix:
        raise AddressError("an address has a prefix, the separator 1, then the data")
    if len(payload) < _CHECKSUM_CHARACTERS:
        raise AddressError(
            f"the checksum has {_CHECKSUM_CHARACTERS} characters, got {len(payload)} after the separator"
        )
    for position, character in enumerate(payload, start=len(prefix) + 2):
        if character not in _VALUE_OF:
            raise AddressError(f"character {position}, {character!r}, is none of {_ALPHABET}")
    values = [_VALUE_OF[character] for character in payload]
    if _polymod([*_expand(prefix), *values]) != _BECH32M_CONSTANT:
        raise AddressError(_explain_checksum(prefix, values))
    return prefix, tuple(values[:-_CHECKSUM_CHARACTERS])


@lru_cache(MAX_REMEMBERED_TEXTS)
def _encode_id(data: bytes, *, prefix: str) -> str:
    if len(data) != HASH_BYTES:
        raise AddressError(f"a {prefix}1... address carries {HASH_BYTES} bytes, got {len(data)}")
    return encode_bech32m(prefix, data)


def _decode_id(text: str, *, prefix: str) -> bytes:
    found, separator, _ = text.lower().rpartition("1")
    # Said before the checksum, because an address of another kind or chain is the likelier mistake.
    if separator and found.isascii() and found.isalnum() and found != prefix:
        raise AddressError(f"wrong prefix: expected {prefix}, got {found[:MAX_TEXT_CHARACTERS]}")
    _, values = decode_bech32m(text)
    data = bytes(_regroup(values, from_bits=5, to_bits=8))
    if len(data) != HASH_BYTES:
        raise AddressError(f"a {prefix}1... address carries {HASH_BYTES} bytes, this one has {len(data)}")
    if tuple(_regroup(data, from_bits=8, to_bits=5)) != values:
        raise AddressError("the padding bits before the checksum must be zero")
    return data


def _regroup(values: Iterable[int], *, from_bits: int, to_bits: int) -> Iterable[int]:
    """Yield the bits of the values in groups of ``to_bits``; fill the last group up from 8 bits, drop it from 5."""
    pending = pending_bits = 0
    for value in values:
        pending = (pending << from_bits) | value
        pending_bits += from_bits
        while pending_bits >= to_bits:
            pending_bits -= to_bits
            yield pending >> pending_bits
            pending &= (1 << pending_bits) - 1
    if pending_bits and from_bits > to_bits:
        yield pending << (to_bits - pending_bits)


def _expand(prefix: str) -> list[int]:
    codes = [ord(character) for character in prefix]
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: Iterable[int]) -> int:
    """Return the remainder of the BCH code of BIP-173."""
    remainder = 1
    for value in values:
        remainder = (remainder & 0x1FFFFFF) << 5 ^ _REDUCTION_OF[remainder >> 25] ^ value
    return remainder


def _explain_checksum(prefix: str, values: Sequence[int]) -> str:
    """Say where the text is wrong, if one replaced character explains the checksum.

    The code is linear, so a wrong last character leaves its own difference, below 32, in the remainder; one
    before it leaves that difference after one more step. So the steps are undone until what is left is below 32.
    """
    difference = _polymod([*_expand(prefix), *values]) ^ _BECH32M_CONSTANT
    for place in range(len(values) - 1, -1, -1):
        if difference < 32:
            return f"bad checksum: character {place + len(prefix) + 2} is probably wrong"
        top = _TOP_OF[difference & 31]
        difference = (difference ^ _REDUCTION_OF[top]) >> 5 | top << 25
    return "bad checksum: more than one character is wrong"
