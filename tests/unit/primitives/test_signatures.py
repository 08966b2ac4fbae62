"""Signing and verifying, and what malformed input does."""

import pytest

from daonode.primitives.ids import PublicKey, Signature
from daonode.primitives.signatures import SeedError, public_key_of, sign, signing_function, verify

SEED = bytes(range(32))
KEY = public_key_of(SEED)


def test_a_signature_verifies_for_its_key_and_message_alone() -> None:
    signature = sign(SEED, b"message")
    assert verify(KEY, b"message", signature)
    assert not verify(KEY, b"another", signature)
    assert not verify(public_key_of(bytes(32)), b"message", signature)


def test_the_empty_message_can_be_signed() -> None:
    assert verify(KEY, b"", sign(SEED, b""))


@pytest.mark.parametrize("place", range(0, 64, 7))
def test_a_changed_bit_of_the_signature_is_refused(place: int) -> None:
    damaged = bytearray(sign(SEED, b"message"))
    damaged[place] ^= 1
    assert not verify(KEY, b"message", Signature(bytes(damaged)))


def test_a_key_or_signature_of_another_length_is_refused_without_an_error() -> None:
    signature = sign(SEED, b"message")
    for length in (0, 31, 33):
        assert not verify(PublicKey(bytes(length)), b"message", signature)
    for wrong in (b"", signature[:63], signature + b"\x00"):
        assert not verify(KEY, b"message", Signature(wrong))


def test_a_byte_moved_from_the_message_into_the_signature_is_refused() -> None:
    signature = sign(SEED, b"message")
    assert not verify(KEY, b"essage", Signature(signature + b"m"))


def test_a_seed_of_another_length_is_refused_and_not_shown() -> None:
    for use in (public_key_of, lambda seed: sign(seed, b"")):
        with pytest.raises(SeedError, match="32 bytes, got 31") as caught:
            use(b"\xaa" * 31)
        assert "aa" not in str(caught.value).replace("a private", "")


def test_a_signing_function_signs_as_sign_does() -> None:
    seed = bytes(range(32))
    signs = signing_function(seed)
    assert signs(b"one") == sign(seed, b"one")
    assert signs(b"two") == sign(seed, b"two")
    with pytest.raises(SeedError, match="32 bytes"):
        signing_function(seed[:-1])
