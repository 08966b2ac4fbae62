"""How a secret is kept under a password: argon2id makes a key of it, AES-256-GCM seals the secret.

Random bytes (salt, nonce) are the caller's: everything here is a function of its arguments. What stands beside the
secret in clear is sealed with it as associated data, so that it cannot be exchanged unnoticed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta
from nacl.pwhash import argon2id

from daonode.client.errors import InvalidKey, WeakKeyFile, WrongPassword
from daonode.primitives.codec import Record

if TYPE_CHECKING:
    from Crypto.Cipher._mode_gcm import GcmMode

SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
ARGON2_MEMORY_KIB: Final = 64 * 1024
ARGON2_PASSES: Final = 3
"""A quarter of a second of one core: what a thief pays for each guess."""
MIN_MEMORY_KIB: Final = 64 * 1024
MIN_PASSES: Final = 3
"""A file that asks for less is not opened, whoever wrote it: its owner would trust it more than it deserves."""
MAX_MEMORY_KIB: Final = 1024 * 1024
MAX_PASSES: Final = 16
"""A file that asks for more than these is refused: reading it must not exhaust the machine."""
MAX_SECRET_BYTES: Final = 64


class Sealed(Record, frozen=True, tag="argon2id-aes256gcm"):
    """A sealed secret: argon2id over the password (one lane), AES-256-GCM over the secret."""

    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    memory_kib: Annotated[int, Meta(ge=8, le=MAX_MEMORY_KIB)]
    passes: Annotated[int, Meta(ge=1, le=MAX_PASSES)]
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
    ciphertext: Annotated[bytes, Meta(min_length=1, max_length=MAX_SECRET_BYTES)]
    tag: Annotated[bytes, Meta(min_length=TAG_BYTES, max_length=TAG_BYTES)]


def seal(secret: bytes, *, password: str, associated: bytes, salt: bytes, nonce: bytes) -> Sealed:
    """Seal a secret with a fresh 16-byte `salt` and 12-byte `nonce`, or raise `InvalidKey` for an empty password."""
    key = _key_of(password, salt=salt, memory_kib=ARGON2_MEMORY_KIB, passes=ARGON2_PASSES)
    cipher = _cipher(key, nonce)
    cipher.update(associated)
    ciphertext, tag = cipher.encrypt_and_digest(secret)
    return Sealed(
        salt=salt, memory_kib=ARGON2_MEMORY_KIB, passes=ARGON2_PASSES, nonce=nonce, ciphertext=ciphertext, tag=tag
    )


def unseal(sealed: Sealed, *, password: str, associated: bytes) -> bytes:
    """Return the secret.

    Raises:
        WeakKeyFile: a guess at its password costs less than `MIN_MEMORY_KIB` and `MIN_PASSES`.
        WrongPassword: the password is wrong, or the file was altered.
    """
    if sealed.memory_kib < MIN_MEMORY_KIB or sealed.passes < MIN_PASSES:
        raise WeakKeyFile(
            f"a guess at its password takes {sealed.memory_kib} KiB and {sealed.passes} passes of argon2id, "
            f"expected at least {MIN_MEMORY_KIB} KiB and {MIN_PASSES} passes",
            hint="get its words from the software that wrote it, and run: daonode keys import",
        )
    key = _key_of(password, salt=sealed.salt, memory_kib=sealed.memory_kib, passes=sealed.passes)
    cipher = _cipher(key, sealed.nonce)
    cipher.update(associated)
    try:
        return cipher.decrypt_and_verify(sealed.ciphertext, sealed.tag)
    except ValueError as error:
        raise WrongPassword("wrong password, or the key file was altered") from error


def _key_of(password: str, *, salt: bytes, memory_kib: int, passes: int) -> bytes:
    if not password:
        raise InvalidKey("the password is empty", hint="choose one of at least one character")
    # One form of the same characters, however a keyboard composes them.
    text = unicodedata.normalize("NFKC", password).encode()
    return bytes(argon2id.kdf(KEY_BYTES, text, salt, opslimit=passes, memlimit=memory_kib * 1024))


def _cipher(key: bytes, nonce: bytes) -> GcmMode:
    # Imported when it is used: it takes as long as the rest of a command that opens no encrypted key.
    from Crypto.Cipher import AES

    return AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
