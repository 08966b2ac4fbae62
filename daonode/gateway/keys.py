"""API keys: made by the operator, kept as digests in a file, found by whoever holds one.

A key is `dk_`, an id of 8 hexadecimal digits, and 256 random bits. Nobody can guess that much, so a plain SHA-256 is
enough of a digest: slow ones are for passwords, which people choose. The file may be read by its owner alone; a running
gateway reads it again when it changes.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta

from daonode.client.errors import DamagedKeyFile, InvalidKeyName, KeyExists, KeyFault, UnknownKey
from daonode.client.private_file import create_private_file, read_private_file
from daonode.gateway.clients import KeyHolder, Rate
from daonode.primitives.codec import U32, Bytes32, Record
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json
from daonode.primitives.units import TimeMs

PREFIX: Final = "dk_"
SECRET_BYTES: Final = 32
MAX_KEYS: Final = 1_000
MAX_FILE_BYTES: Final = 1024 * 1024
CHECK_S: Final = 1.0
"""How often a gateway looks whether the file has changed."""
_KEY: Final = re.compile(r"dk_([0-9a-f]{8})_[-_A-Za-z0-9]{43}")
_LIMITS: Final = JsonLimits(max_bytes=MAX_FILE_BYTES, max_depth=6, max_values=20 * MAX_KEYS)
NAME_PATTERN: Final = r"^[A-Za-z0-9][-_.A-Za-z0-9]{0,63}\Z"
KeyName = Annotated[str, Meta(pattern=NAME_PATTERN)]

log = structlog.get_logger(__name__)


class KeyEntry(Record, frozen=True):
    """A key as the file has it: its digest, never the key. A key without a rate has that of all keys."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]
    name: KeyName
    digest: Bytes32
    created_at: TimeMs
    expires_at: TimeMs | None = None
    rate: U32 | None = None
    burst: U32 | None = None


class KeyFile(Record, frozen=True):
    """All keys."""

    keys: Annotated[tuple[KeyEntry, ...], Meta(max_length=MAX_KEYS)] = ()


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What an operator grants with a key."""

    name: str
    expires_at: TimeMs | None = None
    rate: int | None = None
    burst: int | None = None


def read_keys(path: Path) -> tuple[KeyEntry, ...]:
    """The keys of a file; none where there is none.

    Raises:
        KeyFault: others can read the file, or it is not of its form.
        OSError: it cannot be opened.
    """
    try:
        data = read_private_file(path, max_bytes=MAX_FILE_BYTES)
    except FileNotFoundError:
        return ()
    try:
        return from_json(parse_json(data, _LIMITS), KeyFile, "keys").keys
    except (StrictJsonError, JsonFormError) as error:
        raise DamagedKeyFile(str(error), path=path) from error


def add_key(path: Path, terms: KeyTerms, *, now_ms: TimeMs) -> str:
    """Make a key, write its digest, and return it: it is nowhere else.

    Raises:
        InvalidKeyName: the name cannot be one.
        KeyExists: a key has this name, or there are as many as may be.
        KeyFault, OSError: as `read_keys`.
    """
    if re.match(NAME_PATTERN, terms.name) is None:
        raise InvalidKeyName(f"{terms.name!r:.80} is no name: expected 1 to 64 of a-z, A-Z, 0-9 and _ . -")
    entries = read_keys(path)
    if len(entries) >= MAX_KEYS:
        raise KeyExists(f"there are {MAX_KEYS} keys, as many as there may be", hint="revoke those that nobody uses")
    if any(entry.name == terms.name for entry in entries):
        raise KeyExists(f"a key is named {terms.name!r} already", hint="revoke it first, or choose another name")
    key_id = secrets.token_hex(4)
    secret = base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")
    key = f"{PREFIX}{key_id}_{secret}"
    entry = KeyEntry(
        id=key_id,
        name=terms.name,
        digest=_digest(key),
        created_at=now_ms,
        expires_at=terms.expires_at,
        rate=terms.rate,
        burst=terms.burst,
    )
    _write(path, (*entries, entry))
    return key


def revoke_key(path: Path, name: str) -> None:
    """Remove the key with this name or id.

    Raises:
        UnknownKey: there is none.
        KeyFault, OSError: as `read_keys`.
    """
    entries = read_keys(path)
    kept = tuple(entry for entry in entries if name not in (entry.name, entry.id))
    if len(kept) == len(entries):
        known = ", ".join(entry.name for entry in entries) or "none"
        raise UnknownKey(f"no API key has the name or id {name!r}", hint=f"known: {known}")
    _write(path, kept)


@dataclass(slots=True)
class FileKeys:
    """The keys of a file, as it is now."""

    path: Path
    now_s: Callable[[], float] = time.time
    _entries: Mapping[str, KeyEntry] = field(default_factory=dict)
    _state: tuple[int, int, int] | None = None
    _looked_at_s: float = 0.0

    def find(self, secret: str) -> KeyHolder | None:
        """Who holds a key; None where it is unknown, revoked or expired."""
        match = _KEY.fullmatch(secret)
        if match is None:
            return None
        self._read_again()
        entry = self._entries.get(match[1])
        if entry is None or not hmac.compare_digest(entry.digest, _digest(secret)):
            return None
        if entry.expires_at is not None and entry.expires_at <= self.now_s() * 1_000:
            return None
        if entry.rate is None:
            return KeyHolder(entry.name, None)
        return KeyHolder(entry.name, Rate(entry.rate, entry.burst or 10 * entry.rate))

    def _read_again(self) -> None:
        """Take a changed file into use. One that cannot be used leaves the keys as they were."""
        now_s = self.now_s()
        if self._state is not None and 0 <= now_s - self._looked_at_s < CHECK_S:
            return
        self._looked_at_s = now_s
        state = _state_of(self.path)
        if state == self._state:
            return
        self._state = state
        try:
            self._entries = {entry.id: entry for entry in read_keys(self.path)}
        except (KeyFault, OSError) as error:
            log.error("the API keys are unchanged", reason=str(error))


def _state_of(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _write(path: Path, entries: tuple[KeyEntry, ...]) -> None:
    content = msgspec.json.format(msgspec.json.encode(to_json(KeyFile(entries))), indent=2) + b"\n"
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    create_private_file(beside, content)
    beside.replace(path)
