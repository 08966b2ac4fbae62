"""Keys in a directory, one file a key, `NAME.json`; `NAME.unencrypted.json` where it opens without a password.

Nothing is overwritten, and a file that others can read is refused. Name, address and public key are readable without a
password. Draws the randomness of new keys from the operating system.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daonode.client.errors import DamagedKeyFile, KeyExists, KeyFault, UnknownKey
from daonode.client.key_encryption import NONCE_BYTES, SALT_BYTES
from daonode.client.key_file import (
    MAX_KEY_FILE_BYTES,
    KeyFile,
    check_name,
    entropy_of,
    key_file_to_bytes,
    make_key_file,
    open_entropy,
    parse_key_file,
)
from daonode.client.private_file import create_private_file, read_private_file
from daonode.client.wallet import Wallet
from daonode.primitives.derivation import words_from_entropy
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.json_form import suggestion

NEW_KEY_ENTROPY_BYTES: Final = 32
"""24 words."""
_ENCRYPTED_SUFFIX: Final = ".json"
_UNENCRYPTED_SUFFIX: Final = ".unencrypted.json"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What is known of a key without its password. One that is not `is_encrypted` is for test networks only."""

    name: str
    address: Address
    public_key: PublicKey
    path: str
    coin_type: int
    is_encrypted: bool
    file: Path


@dataclass(frozen=True, slots=True)
class KeyListing:
    """The keys of a directory by name, and what is wrong with files that could not be read."""

    entries: tuple[KeyEntry, ...]
    problems: tuple[KeyFault, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an owner should know: problems, and keys that anyone who reads the disk can use."""
        plain = [entry.name for entry in self.entries if not entry.is_encrypted]
        exposed = (f"not encrypted, for test networks only: {', '.join(plain)}",) if plain else ()
        return (
            *(f"{problem} ({problem.hint})" if problem.hint else str(problem) for problem in self.problems),
            *exposed,
        )


class Keystore:
    """The keys in one directory, which need not exist before the first key is added."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def create(self, name: str, *, coin_type: int, account: int = 0, password: str | None) -> KeyEntry:
        """Add a new key of 24 words; `export` shows them. Without a password it is kept unencrypted.

        Raises:
            KeyExists, InvalidKeyName, InvalidKey: as `add`.
        """
        entropy = secrets.token_bytes(NEW_KEY_ENTROPY_BYTES)
        return self._add(name, entropy, coin_type=coin_type, account=account, password=password)

    def add(self, name: str, words: str, *, coin_type: int, account: int = 0, password: str | None) -> KeyEntry:
        """Add the key of BIP-39 words. Without a password it is kept unencrypted, for test networks only.

        Raises:
            KeyExists: a key has the name already.
            InvalidKeyName, InvalidKey: the name, the words, the account or the password cannot be used.
        """
        return self._add(name, entropy_of(words), coin_type=coin_type, account=account, password=password)

    def list(self) -> KeyListing:
        """All keys by name; files that cannot be read are told as problems and hide no other."""
        entries: dict[str, KeyEntry] = {}
        problems: list[KeyFault] = []
        # Hidden files are ones that a crash left half written.
        for path in sorted(self.directory.glob("[!.]*.json")):
            try:
                key_file = self._read(path)
            except KeyFault as problem:
                problems.append(problem)
            else:
                entries[key_file.name] = _entry_of(key_file, path)
        return KeyListing(tuple(entries[name] for name in sorted(entries)), tuple(problems))

    def entry(self, name: str) -> KeyEntry:
        """What is known of a key without its password.

        Raises:
            UnknownKey: there is none of that name; the hint names the nearest.
            ExposedKeyFile, DamagedKeyFile: its file cannot be used.
        """
        key_file, path = self._find(name)
        return _entry_of(key_file, path)

    def unlock(self, name: str, password: str | None = None) -> Wallet:
        """The key's wallet.

        Raises:
            PasswordNeeded, WrongPassword: the file is encrypted, and the password is missing or wrong.
            UnknownKey, ExposedKeyFile, DamagedKeyFile: as `entry`.
        """
        key_file, path = self._find(name)
        _, wallet = open_entropy(key_file, password=password, path=path)
        return wallet

    def export(self, name: str, password: str | None = None) -> str:
        """The key's words: whoever has them has the key. Raises as `unlock`."""
        key_file, path = self._find(name)
        entropy, _ = open_entropy(key_file, password=password, path=path)
        return words_from_entropy(entropy)

    def _add(self, name: str, entropy: bytes, *, coin_type: int, account: int, password: str | None) -> KeyEntry:
        check_name(name)
        for path in self._paths(name):
            if path.exists():
                raise KeyExists(f"there is a key {name} already: {path}", hint="choose another name")
        key_file = make_key_file(
            name,
            entropy,
            coin_type=coin_type,
            account=account,
            password=password,
            salt=secrets.token_bytes(SALT_BYTES),
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        encrypted, plain = self._paths(name)
        path = encrypted if key_file.is_encrypted else plain
        try:
            create_private_file(path, key_file_to_bytes(key_file))
        except FileExistsError as error:
            raise KeyExists(f"there is a key {name} already: {path}", hint="choose another name") from error
        return _entry_of(key_file, path)

    def _find(self, name: str) -> tuple[KeyFile, Path]:
        for path in self._paths(check_name(name)):
            if path.exists():
                return self._read(path), path
        known = tuple(entry.name for entry in self.list().entries)
        raise UnknownKey(f"no key {name} in {self.directory}", hint=suggestion(name, known))

    def _read(self, path: Path) -> KeyFile:
        try:
            data = read_private_file(path, max_bytes=MAX_KEY_FILE_BYTES)
        except OSError as error:
            raise DamagedKeyFile(f"cannot be read: {error.strerror}", path=path) from error
        key_file = parse_key_file(data, path=path)
        suffix = _ENCRYPTED_SUFFIX if key_file.is_encrypted else _UNENCRYPTED_SUFFIX
        if path.name != key_file.name + suffix:
            raise DamagedKeyFile(f"expected the file name {key_file.name}{suffix}", path=path)
        return key_file

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.directory / f"{name}{_ENCRYPTED_SUFFIX}", self.directory / f"{name}{_UNENCRYPTED_SUFFIX}"


def _entry_of(key_file: KeyFile, path: Path) -> KeyEntry:
    return KeyEntry(
        name=key_file.name,
        address=key_file.address,
        public_key=key_file.public_key,
        path=key_file.path,
        coin_type=key_file.coin_type,
        is_encrypted=key_file.is_encrypted,
        file=path,
    )
