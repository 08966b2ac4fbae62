"""A key that signs: from words or a seed to an address, and signatures over transactions and over text.

A transaction's signature signs its id; text is signed under a domain tag of its own, and a text to sign in with under
another, so none can pass for another.
The seed stays inside: it stands in no representation, no error and no log. This file knows no file and no node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from daonode.ledger.transactions import TxSignature, tx_id
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import KeyPolicy
from daonode.primitives.derivation import derive_account_seed
from daonode.primitives.hashing import LOGIN_TAG, MESSAGE_TAG, tagged_hash
from daonode.primitives.ids import Address, Hash, PublicKey, Signature
from daonode.primitives.signatures import public_key_of, sign, verify

TextPurpose = Literal["message", "login"]
"""What a text is signed for: anything, or to sign in at a gateway."""
_TAGS: Final = {"message": MESSAGE_TAG, "login": LOGIN_TAG}


class SigningKey(Protocol):
    """What signs: a `Wallet`, or a key that an agent holds."""

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        ...

    @property
    def address(self) -> Address:
        """The account that begins with this key."""
        ...

    def sign_transaction(self, body: bytes) -> TxSignature:
        """This key's signature over the transaction with this encoded body."""
        ...

    def sign_text(self, text: str, *, purpose: TextPurpose = "message") -> Signature:
        """This key's signature over text."""
        ...


@dataclass(frozen=True, slots=True)
class Wallet:
    """One Ed25519 key and the account that it makes. `address` is where the account begins; its policy may change."""

    public_key: PublicKey
    address: Address
    _seed: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> Wallet:
        """The wallet of a 32-byte private seed, or `SeedError`."""
        public_key = public_key_of(seed)
        return cls(public_key=public_key, address=single_key_address(public_key), _seed=seed)

    @classmethod
    def from_words(cls, words: str, *, coin_type: int, account: int = 0) -> Wallet:
        """The wallet at `m/44'/<coin_type>'/<account>'/0'` of BIP-39 words, or `DerivationError`."""
        return cls.from_seed(derive_account_seed(words, coin_type=coin_type, account=account))

    def sign_transaction(self, body: bytes) -> TxSignature:
        """This key's signature over the transaction with this encoded body."""
        return TxSignature(public_key=self.public_key, signature=sign(self._seed, tx_id(body)))

    def sign_text(self, text: str, *, purpose: TextPurpose = "message") -> Signature:
        """This key's signature over text, 64 bytes; it can never be that of a transaction, a ballot, or a text with
        another purpose."""
        return sign(self._seed, text_digest(text, purpose=purpose))


def single_key_address(public_key: PublicKey) -> Address:
    """The account that begins with this one key."""
    return account_id(KeyPolicy(public_key=public_key))


def text_digest(text: str, *, purpose: TextPurpose = "message") -> Hash:
    """What is signed of a text: the tagged hash of its UTF-8 bytes."""
    return tagged_hash(_TAGS[purpose], text.encode())


def verify_text(text: str, *, public_key: PublicKey, signature: Signature, purpose: TextPurpose = "message") -> bool:
    """Say whether a signature by `sign_text` is this key's for this text. Never raises."""
    return verify(public_key, text_digest(text, purpose=purpose), signature)
