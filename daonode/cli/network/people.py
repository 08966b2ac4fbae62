"""Who lives on a test network: twelve members with the names of the textbooks, and a registrar."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from daonode.client.wallet import Wallet
from daonode.genesis.document import TEST_COIN_TYPE
from daonode.primitives.derivation import words_from_entropy

MEMBERS = (
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl", "lena",
)  # fmt: skip
FOUNDERS = MEMBERS[:4]
"""Those who are members of a development network from its beginning; the registrar registers the others."""
REGISTRAR = "registrar"
ENTROPY_BYTES = 16
"""Twelve words: easier to copy than 24, and these are for test networks only."""


@dataclass(frozen=True, slots=True)
class Person:
    """A funded account with its words."""

    name: str
    words: str
    wallet: Wallet


def make_people(seed: str | None) -> tuple[Person, ...]:
    """The members, then the registrar. The same `seed` gives the same keys; without one they are random."""
    people: list[Person] = []
    for name in (*MEMBERS, REGISTRAR):
        words = words_from_entropy(entropy(seed, name, ENTROPY_BYTES))
        people.append(Person(name, words, Wallet.from_words(words, coin_type=TEST_COIN_TYPE)))
    return tuple(people)


def entropy(seed: str | None, label: str, size_bytes: int) -> bytes:
    """Random bytes, or with a `seed` those that follow from it and the label."""
    if seed is None:
        return secrets.token_bytes(size_bytes)
    return hashlib.sha256(f"daonode/testnet/{seed}/{label}".encode()).digest()[:size_bytes]
