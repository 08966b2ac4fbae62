"""What a store and its snapshots share: reads, and the gate that closing waits at."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Condition, Lock
from types import TracebackType
from typing import Final, Self

import plyvel

from daonode.node.storage.errors import StoreClosed, StoreDamaged

READ_AHEAD: Final = 16
"""Entries that an iteration takes from LevelDB at a time."""


class Gate:
    """Counts the threads inside LevelDB, so that closing waits for them: a handle freed under a call is a crash."""

    __slots__ = ("_condition", "_inside", "_is_closed", "_lock", "path")

    def __init__(self, *, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._condition = Condition(self._lock)
        self._inside = 0
        self._is_closed = False

    def __enter__(self) -> None:
        with self._lock:
            if self._is_closed:
                raise StoreClosed(path=self.path)
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._is_closed and not self._inside:
                self._condition.notify_all()

    def close(self) -> None:
        """Let nobody in any more and wait until the last is out."""
        with self._condition:
            self._is_closed = True
            self._condition.wait_for(lambda: not self._inside)


class Cursor:
    """Finds keys by seeking in a database as it is at the first of them, until it is reset. One thread at a time.

    LevelDB charges a get that looks into a second table to the first one, and merges a table into those below it when
    it has been charged a hundred times. In a state that is much larger than what is written to it, nearly every get
    is charged, and merging cost more than all else that a validator does. What an iterator passes is not charged. That
    holds for a snapshot too: while one of 200,000 records was read for peers, gets merged half as much again.
    """

    def __init__(self, handle: plyvel.DB) -> None:
        self._handle = handle
        self._iterator: plyvel.RawIterator | None = None

    def find(self, key: bytes) -> bytes | None:
        """Return the value at a key, None where there is none."""
        if self._iterator is None:
            self._iterator = self._handle.raw_iterator(verify_checksums=True)
        iterator = self._iterator
        iterator.seek(key)
        if not iterator.valid() or iterator.key() != key:
            return None
        value: bytes = iterator.value()
        return value

    def reset(self) -> None:
        """Let go of the moment, and of the tables that it holds."""
        if self._iterator is not None:
            self._iterator.close()
            self._iterator = None


class StoreReader:
    """Reads from a LevelDB handle: a database or a snapshot of it."""

    def __init__(self, handle: plyvel.DB, *, gate: Gate) -> None:
        self._handle = handle
        self._gate = gate
        self._cursor = Cursor(handle)
        self._cursor_lock = Lock()

    @property
    def path(self) -> Path:
        """The folder of the store."""
        return self._gate.path

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value at a key, None where there is none.

        Raises:
            StoreDamaged: the value cannot be read back as it was written.
            StoreClosed: the store is closed.
        """
        try:
            with self._gate:
                return self._find(key)
        except plyvel.Error as error:
            raise StoreDamaged(path=self.path, detail=leveldb_text(error)) from error

    def _find(self, key: bytes) -> bytes | None:
        # One thread reads most. Another that comes at the same time does not wait.
        if self._cursor_lock.acquire(blocking=False):
            try:
                return self._cursor.find(key)
            finally:
                self._cursor_lock.release()
        value: bytes | None = self._handle.get(key, verify_checksums=True)
        return value

    def _let_go(self) -> None:
        """Let the cursor begin anew."""
        with self._cursor_lock:
            self._cursor.reset()

    def iterate(
        self, *, start: bytes | None = None, end: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) from `start` on and before `end`, in the order of the keys or the reverse of it.

        It shows the store as it was at the first step, whatever is written meanwhile. `READ_AHEAD` entries are read at
        a time. One thread at a time may step an iteration.

        Raises:
            StoreDamaged: a value cannot be read back as it was written.
            StoreClosed: the store is closed, at any step.
        """
        entries: Iterator[tuple[bytes, bytes]] | None = None
        chunk: list[tuple[bytes, bytes]]
        while True:
            try:
                with self._gate:
                    if entries is None:
                        entries = self._handle.iterator(start=start, stop=end, reverse=reverse, verify_checksums=True)
                    chunk = list(islice(entries, READ_AHEAD))
            except plyvel.Error as error:
                raise StoreDamaged(path=self.path, detail=leveldb_text(error)) from error
            yield from chunk
            if len(chunk) < READ_AHEAD:
                return


class StoreSnapshot(StoreReader):
    """A store as it was at one moment. It holds old tables on disk until it is closed: keep it short."""

    def close(self) -> None:
        """Let go of the moment. Again, or after the store was closed, does nothing."""
        try:
            with self._gate:
                self._let_go()
                self._handle.close()
        except StoreClosed:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def leveldb_text(error: plyvel.Error) -> str:
    """Return LevelDB's text, which plyvel hands on as bytes."""
    text = error.args[0] if error.args else b""
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
