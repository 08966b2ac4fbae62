"""Typed tables over the flat state: how a module's records become keys and values, and back.

A key is the module's name, a one-byte table tag and the encoded key of the record. Module names are text without
control characters and tags lie below them, so no table's keys can begin with another table's prefix. A value is one
byte of schema version and the canonical encoding of its Record. Every table of a module is declared in its `keys.py`:

    ACCOUNTS = Table("accounts", 1, ADDRESS_KEY, Account)

A table holds nothing itself: its methods take the state that they read or change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from daonode.ledger.errors import LedgerError, NotFound
from daonode.ledger.state import StateReader, StateStore
from daonode.primitives.codec import DecodeError, EncodeError, Record, decode, encode
from daonode.primitives.ids import HASH_BYTES, Address

K = TypeVar("K")
V = TypeVar("V", bound=Record)
A = TypeVar("A")
B = TypeVar("B")

MAX_TAG: Final = 31
U64_BYTES: Final = 8


class CorruptRecord(LedgerError):
    """Stored bytes are not a record of their table: written by another version, or damaged."""


@dataclass(frozen=True, slots=True)
class KeyCodec(Generic[K]):
    """How keys of one kind become bytes that sort as the keys do. `size` is their length, None where it varies."""

    encode: Callable[[K], bytes]
    decode: Callable[[bytes], K]
    size: int | None


def fixed_key(make: Callable[[bytes], K], size: int = HASH_BYTES) -> KeyCodec[K]:
    """Keys that are `size` bytes already, such as ids; `make` is the id's type."""

    def to_bytes(key: K) -> bytes:
        if not isinstance(key, bytes) or len(key) != size:
            raise EncodeError(f"expected a key of {size} bytes, got {key!r}")
        return key

    return KeyCodec(encode=to_bytes, decode=make, size=size)


def number_key(make: Callable[[int], K]) -> KeyCodec[K]:
    """Unsigned 64-bit numbers, 8 bytes big-endian; `make` is the number's type."""

    def to_bytes(key: K) -> bytes:
        if not isinstance(key, int) or not 0 <= key < 1 << 64:
            raise EncodeError(f"expected a key from 0 to {(1 << 64) - 1}, got {key!r}")
        return int(key).to_bytes(U64_BYTES)

    return KeyCodec(encode=to_bytes, decode=lambda data: make(int.from_bytes(data)), size=U64_BYTES)


def text_key(make: Callable[[str], K]) -> KeyCodec[K]:
    """Text in UTF-8, of any length; in a pair it can only be the last part. `make` is the text's type."""

    def to_bytes(key: K) -> bytes:
        try:
            return str(key).encode()
        except UnicodeEncodeError as error:
            raise EncodeError(f"a key is text that UTF-8 can write: {error}") from error

    return KeyCodec(encode=to_bytes, decode=lambda data: make(data.decode()), size=None)


def pair_key(first: KeyCodec[A], second: KeyCodec[B]) -> KeyCodec[tuple[A, B]]:
    """Two keys, the first of fixed length, ordered by the first, then by the second. Pairs nest."""
    if first.size is None:
        raise TypeError("the first part of a pair has a fixed length; put the text last")
    split = first.size
    return KeyCodec(
        encode=lambda key: first.encode(key[0]) + second.encode(key[1]),
        decode=lambda data: (first.decode(data[:split]), second.decode(data[split:])),
        size=None if second.size is None else split + second.size,
    )


def _no_bytes(_: None) -> bytes:
    return b""


def _no_key(_: bytes) -> None:
    return None


ADDRESS_KEY: Final = fixed_key(Address)
U64_KEY: Final = number_key(int)
TEXT_KEY: Final = text_key(str)
ONLY_KEY: Final[KeyCodec[None]] = KeyCodec(encode=_no_bytes, decode=_no_key, size=0)
"""The key None of a table that has one record, such as parameters."""


@dataclass(frozen=True, slots=True)
class Table(Generic[K, V]):
    """Records of one type under the keys of one kind. `tag` is 1 to 31, unique in its module and never reused."""

    module: str
    tag: int
    key: KeyCodec[K]
    value: type[V]
    schema: int = 1
    prefix: bytes = field(init=False)
    """What all keys of the table begin with."""
    _head: bytes = field(init=False)
    _last: list[tuple[bytes, V]] = field(init=False, repr=False, compare=False)
    """The value that was stored or taken apart last, with its bytes: a transaction reads most of its records twice, and
    every vote reads the same proposal. Replaced in one step, so threads may read at the same time."""

    def __post_init__(self) -> None:
        if not 1 <= self.tag <= MAX_TAG or not self.module.isprintable() or not self.module.isascii():
            raise ValueError(f"table {self.module!r} {self.tag}: expected ASCII text and a tag from 1 to {MAX_TAG}")
        object.__setattr__(self, "prefix", self.module.encode() + bytes([self.tag]))
        object.__setattr__(self, "_head", bytes([self.schema]))
        object.__setattr__(self, "_last", [])

    def state_key(self, key: K) -> bytes:
        """The key of a record in the flat state and in the state tree: what a proof of it names."""
        return self.prefix + self.key.encode(key)

    def get(self, state: StateReader, key: K) -> V | None:
        """The record at `key`, or None."""
        data = state.get(self.prefix + self.key.encode(key))
        return None if data is None else self.decode_value(data)

    def require(self, state: StateReader, key: K) -> V:
        """The record at `key`, or raise `NotFound`."""
        record = self.get(state, key)
        if record is None:
            shown = key.hex() if isinstance(key, bytes) else repr(key)
            raise NotFound(f"there is no {self.module} {self.value.__name__} at {shown}")
        return record

    def has(self, state: StateReader, key: K) -> bool:
        """Whether there is a record at `key`."""
        return state.get(self.prefix + self.key.encode(key)) is not None

    def set(self, state: StateStore, key: K, record: V) -> None:
        """Write a record. One that breaks its type's constraints (a number below zero) raises `EncodeError`."""
        body = encode(record)
        try:
            stored = decode(body, self.value)
        except DecodeError as error:
            raise EncodeError(f"{self.module} {self.value.__name__} cannot be stored: {error.reason}") from error
        data = self._head + body
        self._last[:] = ((data, stored),)
        state.set(self.prefix + self.key.encode(key), data)

    def delete(self, state: StateStore, key: K) -> None:
        """Remove the record at `key`; removing what is not there changes nothing."""
        state.delete(self.prefix + self.key.encode(key))

    def iterate(self, state: StateReader, *, prefix: bytes = b"", after: K | None = None) -> Iterator[tuple[K, V]]:
        """Keys and records in ascending order.

        `prefix`: only encoded keys that begin with these bytes (the first part of a pair: `PAIR.first.encode(...)`).
        `after`: only keys greater than this one, which need not exist: the cursor of a paged reader.
        """
        start = self.prefix + prefix
        end = _successor(start)
        if after is not None:
            start = max(start, self.prefix + self.key.encode(after) + b"\x00")
        skip = len(self.prefix)
        for key, data in state.iterate(start, end):
            yield self.key.decode(key[skip:]), self.decode_value(data)

    def first(self, state: StateReader, *, prefix: bytes = b"") -> tuple[K, V] | None:
        """The least key (with `prefix`) and its record, or None."""
        return next(self.iterate(state, prefix=prefix), None)

    def decode_value(self, data: bytes) -> V:
        """Take a stored value apart, for a reader that has it from a proof.

        Raises:
            CorruptRecord: it is not a record of this table in this schema.
        """
        for known, record in self._last:
            if known == data:
                return record
        if data[:1] != self._head:
            found = data[:1].hex() or "no bytes"
            raise CorruptRecord(f"{self.module} {self.value.__name__}: expected schema {self.schema}, found {found}")
        try:
            record = decode(data[1:], self.value)
        except DecodeError as error:
            raise CorruptRecord(f"{self.module} {self.value.__name__}: {error.reason}") from error
        self._last[:] = ((data, record),)
        return record


def _successor(prefix: bytes) -> bytes:
    """The least bytes above everything that begins with `prefix`, which has a byte below 255: its table's name."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1])
