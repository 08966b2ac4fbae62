"""Ed25519 signatures (RFC 8032) through libsodium, with one acceptance rule for the whole network.

Implementations of Ed25519 disagree about malformed signatures; validators that disagree fork. The rule of this
network is that of libsodium's ``crypto_sign_open``. A signature R || S by a key A over a message M is accepted
exactly where

- S is below the group order L;
- A is the canonical encoding of a curve point, and not of one of small order;
- R is not an encoding of a point of small order;
- R equals, byte for byte, the encoding of [S]B - [SHA-512(R || A || M)]A: no cofactor, R canonical.

So A and R of mixed order are accepted where the equation holds without the cofactor, as RFC 8032 permits.
A change of any verdict is a change of the protocol. The conformance tests pin the verdict of every published
edge case. Verification is one signature at a time: batch verification accepts other signatures.

Private seeds pass through ``sign`` and ``public_key_of`` and are kept nowhere but in what ``signing_function`` returns.
"""

from collections.abc import Callable
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import PublicKey, Signature

SEED_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class SeedError(PrimitiveError):
    """A private seed has ``actual_bytes`` bytes and should have 32. The seed itself is in no message."""

    def __init__(self, *, actual_bytes: int) -> None:
        super().__init__(f"a private seed has {SEED_BYTES} bytes, got {actual_bytes}")
        self.actual_bytes = actual_bytes


def verify(public_key: PublicKey, message: bytes, signature: Signature) -> bool:
    """Say whether the signature is the key's for the message, by the rule above. Never raises.

    A key or signature of another length than 32 and 64 bytes is refused.
    """
    # libsodium reads 32 and 64 bytes whatever it is given, so the lengths are checked here.
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


def sign(seed: bytes, message: bytes) -> Signature:
    """Return the deterministic 64-byte signature of the message by the 32-byte seed, or raise ``SeedError``."""
    _, secret_key = _key_pair(seed)
    return Signature(crypto_sign(message, secret_key)[:SIGNATURE_BYTES])


def signing_function(seed: bytes) -> Callable[[bytes], Signature]:
    """Return what signs as ``sign`` does with this seed, without deriving the key anew each time, or raise
    ``SeedError``. Whoever holds the function holds the key."""
    _, secret_key = _key_pair(seed)
    return lambda message: Signature(crypto_sign(message, secret_key)[:SIGNATURE_BYTES])


def public_key_of(seed: bytes) -> PublicKey:
    """Return the 32-byte public key of a 32-byte private seed, or raise ``SeedError``."""
    public_key, _ = _key_pair(seed)
    return PublicKey(public_key)


def _key_pair(seed: bytes) -> tuple[bytes, bytes]:
    if len(seed) != SEED_BYTES:
        raise SeedError(actual_bytes=len(seed))
    return crypto_sign_seed_keypair(seed)
