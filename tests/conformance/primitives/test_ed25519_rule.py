"""The written acceptance rule, restated in plain integers, against libsodium.

Keys and nonces get every combination of small-order parts, so that signatures arise which hold with the cofactor
alone, without it, or not at all. The oracle is RFC 8032's arithmetic on affine points; it never calls our code.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daonode.primitives.ids import PublicKey, Signature
from daonode.primitives.signatures import sign, verify

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, -1, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(left: Point, right: Point) -> Point:
    cross = CURVE_D * left[0] * right[0] * left[1] * right[1] % PRIME
    x = (left[0] * right[1] + right[0] * left[1]) * pow(1 + cross, -1, PRIME)
    y = (left[1] * right[1] + left[0] * right[0]) * pow(1 - cross, -1, PRIME)
    return x % PRIME, y % PRIME


def multiply(scalar: int, point: Point) -> Point:
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def compress(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decompress(data: bytes) -> Point | None:
    """Return the point of a canonical encoding, or None."""
    number = int.from_bytes(data, "little")
    sign_bit, y = number >> 255, number & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign_bit):
        return None
    return (PRIME - x if x & 1 != sign_bit else x), y


BASE = decompress((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little")) or IDENTITY
ORDER_8 = decompress(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")) or IDENTITY
TORSION = [multiply(place, ORDER_8) for place in range(8)]


def is_accepted(key: bytes, message: bytes, signature: bytes) -> bool:
    nonce, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    key_point, nonce_point = decompress(key), decompress(nonce)
    if scalar >= ORDER or key_point is None or nonce_point is None:
        return False
    if key_point in TORSION or nonce_point in TORSION:
        return False
    challenge = int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little") % ORDER
    negative = (PRIME - key_point[0], key_point[1])
    return compress(add(multiply(scalar, BASE), multiply(challenge, negative))) == nonce


def forge(*, secret: int, key_part: Point, ephemeral: int, nonce_part: Point, message: bytes) -> tuple[bytes, bytes]:
    """Return key and signature of which the equation holds but for the small-order parts."""
    key = compress(add(multiply(secret, BASE), key_part))
    nonce = compress(add(multiply(ephemeral, BASE), nonce_part))
    challenge = int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little")
    return key, nonce + ((ephemeral + challenge * secret) % ORDER).to_bytes(32, "little")


@pytest.mark.parametrize("key_place", range(8))
def test_mixed_order_keys_and_nonces_get_the_verdict_of_the_written_rule(key_place: int) -> None:
    verdicts = []
    for nonce_place in range(8):
        message = b"%d %d" % (key_place, nonce_place)
        key, signature = forge(
            secret=123457,
            key_part=TORSION[key_place],
            ephemeral=7654321,
            nonce_part=TORSION[nonce_place],
            message=message,
        )
        verdict = verify(PublicKey(key), message, Signature(signature))
        assert verdict is is_accepted(key, message, signature)
        verdicts.append(verdict)
    assert not all(verdicts), "signatures that hold with the cofactor alone are refused"


def test_both_verdicts_occur_among_keys_of_mixed_order() -> None:
    verdicts = []
    for number in range(24):
        message = b"%d" % number
        key, signature = forge(
            secret=99, key_part=TORSION[1], ephemeral=77, nonce_part=TORSION[7 - number % 8], message=message
        )
        verdicts.append(verify(PublicKey(key), message, Signature(signature)))
    assert True in verdicts
    assert False in verdicts


@pytest.mark.parametrize("scalar", [0, 1])
@pytest.mark.parametrize("place", range(8))
def test_keys_or_nonces_of_small_order_get_the_verdict_of_the_written_rule(scalar: int, place: int) -> None:
    small, usual = TORSION[place], multiply(5, BASE)
    for key_point, nonce_point in ((small, small), (small, usual), (usual, small), (small, multiply(scalar, BASE))):
        key, signature = compress(key_point), compress(nonce_point) + scalar.to_bytes(32, "little")
        assert verify(PublicKey(key), b"", Signature(signature)) is is_accepted(key, b"", signature)


@given(st.binary(max_size=70), st.binary(max_size=40), st.binary(max_size=70))
def test_any_bytes_get_a_verdict(key: bytes, message: bytes, signature: bytes) -> None:
    assert not verify(PublicKey(key), message, Signature(signature))


def test_an_honest_signature_satisfies_the_written_rule() -> None:
    seed = bytes(range(32))
    secret = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little") & ((1 << 254) - 8) | 1 << 254
    assert is_accepted(compress(multiply(secret, BASE)), b"message", sign(seed, b"message"))
