"""From words to keys: BIP-39 words and seed, then SLIP-10 Ed25519 down one hardened path.

The path of account n is ``m/44'/<coin>'/<n>'/0'``; the coin type belongs to the chain. Entropy is given by the
caller: nothing here draws it. Secrets are kept nowhere and stand in no error message.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import cache
from typing import Final

from mnemonic import Mnemonic

from daonode.primitives.errors import PrimitiveError

PURPOSE: Final = 44
HARDENED: Final = 2**31
MIN_SEED_BYTES: Final = 16
MAX_SEED_BYTES: Final = 64
ENTROPY_BYTES: Final = (16, 20, 24, 28, 32)
WORD_COUNTS: Final = (12, 15, 18, 21, 24)
_MASTER_KEY: Final = b"ed25519 seed"


class DerivationError(PrimitiveError):
    """Entropy, words, seed or path cannot be derived from; ``reason`` says why and quotes no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class ExtendedKey:
    """A private Ed25519 seed and its chain code, 32 bytes each. It has no text form, so that no log shows it."""

    seed: bytes
    chain_code: bytes


def words_from_entropy(entropy: bytes) -> str:
    """Return the English BIP-39 words, one space between, of 16, 20, 24, 28 or 32 bytes of entropy."""
    if len(entropy) not in ENTROPY_BYTES:
        raise DerivationError(f"entropy has 16, 20, 24, 28 or 32 bytes, got {len(entropy)}")
    return _english().to_mnemonic(entropy)


def check_words(words: str) -> str:
    """Return the words in lower case with single spaces, or raise ``DerivationError`` (count, word, checksum)."""
    spelled = words.lower().split()
    if len(spelled) not in WORD_COUNTS:
        raise DerivationError(f"a mnemonic has 12, 15, 18, 21 or 24 words, got {len(spelled)}")
    known = _english_words()
    for place, word in enumerate(spelled, start=1):
        if word not in known:
            raise DerivationError(f"word {place} is not in the English BIP-39 list")
    phrase = " ".join(spelled)
    if not _english().check(phrase):
        raise DerivationError("the words' checksum is wrong: a word is mistaken, or two are exchanged")
    return phrase


def seed_from_words(words: str, *, passphrase: str = "") -> bytes:
    """Return the 64-byte BIP-39 seed of valid words, or raise ``DerivationError``. Takes a millisecond or two."""
    return Mnemonic.to_seed(check_words(words), passphrase)


def derive(seed: bytes, path: tuple[int, ...]) -> ExtendedKey:
    """Return the SLIP-10 Ed25519 key at a path from the master key of a 16 to 64 byte seed.

    ``path`` holds the indices without their hardening mark, each below 2**31: SLIP-10 derives Ed25519 by hardened
    indices alone. Raises ``DerivationError`` for a seed or an index out of range.
    """
    if not MIN_SEED_BYTES <= len(seed) <= MAX_SEED_BYTES:
        raise DerivationError(f"a seed has {MIN_SEED_BYTES} to {MAX_SEED_BYTES} bytes, got {len(seed)}")
    key = _split(hmac.digest(_MASTER_KEY, seed, hashlib.sha512))
    for index in path:
        if not 0 <= index < HARDENED:
            raise DerivationError(f"an index is 0 to {HARDENED - 1}, got {index}")
        data = b"\x00" + key.seed + (HARDENED + index).to_bytes(4, "big")
        key = _split(hmac.digest(key.chain_code, data, hashlib.sha512))
    return key


def derive_account_seed(words: str, *, coin_type: int, account: int, passphrase: str = "") -> bytes:
    """Return the 32-byte private seed of an account, at ``m/44'/<coin_type>'/<account>'/0'``.

    Raises ``DerivationError`` for invalid words or an index out of range.
    """
    return derive(seed_from_words(words, passphrase=passphrase), (PURPOSE, coin_type, account, 0)).seed


def _split(digest: bytes) -> ExtendedKey:
    return ExtendedKey(seed=digest[:32], chain_code=digest[32:])


@cache
def _english() -> Mnemonic:
    return Mnemonic("english")


@cache
def _english_words() -> frozenset[str]:
    return frozenset(_english().wordlist)
