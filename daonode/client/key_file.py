"""The form of a key file: JSON with name, address and public key in clear, and the entropy of its words sealed.

`encryption` says how: `{"kind": "argon2id-aes256gcm", ...}`, or `{"kind": "none", ...}` for keys of test networks, that
anyone who reads the file can use. `version` changes with the form; an unknown one is refused, never guessed at.
What is in clear is sealed as associated data. This file reads no disk and asks for no password.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from mnemonic import Mnemonic
from msgspec import Meta

from daonode.client.errors import DamagedKeyFile, InvalidKey, InvalidKeyName, PasswordNeeded
from daonode.client.key_encryption import Sealed, seal, unseal
from daonode.client.wallet import Wallet
from daonode.primitives.codec import U32, Record
from daonode.primitives.derivation import DerivationError, check_words, words_from_entropy
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

FORMAT: Final = "daonode-key"
VERSION: Final = 1
MAX_KEY_FILE_BYTES: Final = 16 * 1024
FILE_LIMITS: Final = JsonLimits(max_bytes=MAX_KEY_FILE_BYTES, max_depth=8, max_values=100)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


class Plain(Record, frozen=True, tag="none"):
    """A secret that is not sealed: for keys of test networks only."""

    entropy: Annotated[bytes, Meta(min_length=16, max_length=32)]


class KeyFile(Record, frozen=True):
    """One key: the entropy of its words, and the account of the path `m/44'/<coin_type>'/<account>'/0'`."""

    format: Literal["daonode-key"]
    version: Annotated[int, Meta(ge=1, le=65_535)]
    name: str
    address: Address
    public_key: PublicKey
    coin_type: U32
    account: U32
    encryption: Sealed | Plain

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return isinstance(self.encryption, Sealed)

    @property
    def path(self) -> str:
        """The derivation path of the key."""
        return f"m/44'/{self.coin_type}'/{self.account}'/0'"


def check_name(name: str) -> str:
    """Return the text as a key's name, or raise `InvalidKeyName`. Lower case: some disks do not tell cases apart."""
    if _NAME.fullmatch(name) is None:
        raise InvalidKeyName(
            f"{name[:80]!r} cannot be the name of a key", hint="use 1 to 64 of a-z 0-9 - _, a letter or digit first"
        )
    return name


def entropy_of(words: str) -> bytes:
    """The entropy of BIP-39 words, or `InvalidKey`."""
    try:
        return bytes(Mnemonic("english").to_entropy(check_words(words)))
    except DerivationError as error:
        raise InvalidKey(error.reason) from error


def make_key_file(
    name: str, entropy: bytes, *, coin_type: int, account: int, password: str | None, salt: bytes, nonce: bytes
) -> KeyFile:
    """Make the file of a key; without a password it is not encrypted. `salt` and `nonce` are fresh random bytes.

    Raises:
        InvalidKeyName, InvalidKey: the name, the entropy, the path or the password cannot be used.
    """
    check_name(name)
    try:
        wallet = Wallet.from_words(words_from_entropy(entropy), coin_type=coin_type, account=account)
    except DerivationError as error:
        raise InvalidKey(error.reason) from error
    key_file = KeyFile(
        format=FORMAT,
        version=VERSION,
        name=name,
        address=wallet.address,
        public_key=wallet.public_key,
        coin_type=coin_type,
        account=account,
        encryption=Plain(entropy=entropy),
    )
    if password is None:
        return key_file
    sealed = seal(entropy, password=password, associated=_associated(key_file), salt=salt, nonce=nonce)
    return _with_encryption(key_file, sealed)


def key_file_to_bytes(key_file: KeyFile) -> bytes:
    """The file's bytes: indented JSON with a line end."""
    return (json.dumps(to_json(key_file), indent=2) + "\n").encode()


def parse_key_file(data: bytes, *, path: Path) -> KeyFile:
    """Read a key file, or raise `DamagedKeyFile`; what is sealed is not looked at."""
    try:
        parsed = parse_json(data, FILE_LIMITS)
    except StrictJsonError as error:
        raise DamagedKeyFile(f"not a key file: {error}", path=path) from error
    version = parsed.get("version") if isinstance(parsed, dict) else None
    if version != VERSION:
        raise DamagedKeyFile(
            f"expected a {FORMAT} file of version {VERSION}, got version {version!r:.40}",
            path=path,
            hint="a newer daonode may have written it",
        )
    try:
        return from_json(parsed, KeyFile)
    except JsonFormError as error:
        raise DamagedKeyFile(f"not a key file: {error}", path=path) from error


def open_entropy(key_file: KeyFile, *, password: str | None, path: Path) -> tuple[bytes, Wallet]:
    """Return the entropy and the wallet of a key file.

    Raises:
        PasswordNeeded, WrongPassword: the file is encrypted, and the password is missing or does not open it.
        DamagedKeyFile: the key is not the one that the file states in clear.
    """
    if isinstance(key_file.encryption, Plain):
        entropy = key_file.encryption.entropy
    elif password is None:
        raise PasswordNeeded(f"the key {key_file.name} is encrypted: its password is needed")
    else:
        entropy = unseal(key_file.encryption, password=password, associated=_associated(key_file))
    try:
        words = words_from_entropy(entropy)
        wallet = Wallet.from_words(words, coin_type=key_file.coin_type, account=key_file.account)
    except DerivationError as error:
        raise DamagedKeyFile(error.reason, path=path) from error
    if wallet.public_key != key_file.public_key or wallet.address != key_file.address:
        raise DamagedKeyFile("the address or public key it states is not that of its key", path=path)
    return entropy, wallet


def _associated(key_file: KeyFile) -> bytes:
    """What is in clear, as it is sealed: the JSON form without `encryption`, keys sorted, no space."""
    shown = to_json(key_file)
    assert isinstance(shown, dict), "a record is written as an object"
    clear = {key: value for key, value in shown.items() if key != "encryption"}
    return json.dumps(clear, sort_keys=True, separators=(",", ":")).encode()


def _with_encryption(key_file: KeyFile, sealed: Sealed) -> KeyFile:
    return KeyFile(
        format=key_file.format,
        version=key_file.version,
        name=key_file.name,
        address=key_file.address,
        public_key=key_file.public_key,
        coin_type=key_file.coin_type,
        account=key_file.account,
        encryption=sealed,
    )
