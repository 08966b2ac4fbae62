"""One LevelDB database, its snapshots, and the opening of the node's two.

Every method blocks. Reads may run in any number of threads at once, and beside one writer; `close` comes after the last
of them has returned. Checksums are verified on every read and the log is replayed strictly: a store that lost what it
had promised must not serve a validator, because the votes of the past bind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import plyvel

from daonode.node.storage.errors import StorageError, StoreDamaged, StoreForeign, StoreLocked, StoreUnavailable
from daonode.node.storage.marker import StoreKind, check_marker, describe, is_new, read_marker, write_marker
from daonode.primitives.ids import ChainId

MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """LevelDB's memory. Per store: at most the cache, two write buffers, and one file handle per open file."""

    cache_bytes: int = 32 * MEBIBYTE
    """Uncompressed blocks of recently read tables."""
    write_buffer_bytes: int = 16 * MEBIBYTE
    """What is collected in memory, beside the log, before a table is written."""
    bloom_filter_bits: int = 10
    """Bits a key; ten spare all but one in a hundred reads of tables that do not have it."""
    open_files: int = 256


class StoreReader(Protocol):
    """What a store and a snapshot of it have in common."""

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value at a key, None where there is none."""
        ...

    def iterate(
        self, *, start: bytes | None = None, end: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) from `start` on and before `end`, in the order of the keys or the reverse of it."""
        ...


class _Reader:
    """Reads from a LevelDB handle: a database or a snapshot."""

    def __init__(self, handle: plyvel.DB, *, path: Path) -> None:
        self._handle = handle
        self.path = path

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value at a key, None where there is none.

        Raises:
            StoreDamaged: the value cannot be read back as it was written.
        """
        try:
            value: bytes | None = self._handle.get(key, verify_checksums=True)
        except plyvel.Error as error:
            raise StoreDamaged(path=self.path, detail=_detail(error)) from error
        return value

    def iterate(
        self, *, start: bytes | None = None, end: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) from `start` on and before `end`, in the order of the keys or the reverse of it.

        It shows the store as it was at the first step, whatever is written meanwhile. Close it where it is left early.

        Raises:
            StoreDamaged: a value cannot be read back as it was written.
        """
        try:
            with self._handle.iterator(start=start, stop=end, reverse=reverse, verify_checksums=True) as entries:
                yield from entries
        except plyvel.Error as error:
            raise StoreDamaged(path=self.path, detail=_detail(error)) from error


class StoreSnapshot(_Reader):
    """A store as it was at one moment. It holds old tables on disk until it is closed: keep it short."""

    def close(self) -> None:
        """Let go of the moment."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Store(_Reader):
    """One database: reads, atomic batches, snapshots."""

    @classmethod
    def open(cls, path: Path, *, kind: StoreKind, chain_id: ChainId, options: StoreOptions | None = None) -> Self:
        """Open the store in a folder, or create it where there is none yet.

        Raises:
            StoreLocked: it is open already.
            StoreForeign: the folder holds another chain's store, another kind of store, or other software's files.
            StoreVersionUnknown: another release wrote it.
            StoreDamaged: its files are incomplete.
            StoreUnavailable: the operating system refuses.
        """
        marker = read_marker(path)
        if marker is not None:
            check_marker(marker, path=path, kind=kind, chain_id=chain_id)
        try:
            create = marker is None and is_new(path)
            if create:
                path.mkdir(parents=True, exist_ok=True)
            store = cls(_open_database(path, create=create, options=options or StoreOptions()), path=path)
            if marker is None:
                store._claim(kind=kind, chain_id=chain_id)
        except OSError as error:
            raise StoreUnavailable(path=path, detail=str(error)) from error
        return store

    def write(self, batch: Sequence[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        """Write a batch, None deletes: after a crash all of it is there or none. With `sync` it is on disk on return.

        Without `sync` it may be lost with the machine, not with the process. Where a key occurs twice, the last counts.

        Raises:
            StoreUnavailable: it was not (wholly) written; the store takes no further write until it is opened again.
        """
        try:
            with self._handle.write_batch(transaction=True, sync=sync) as writer:
                for key, value in batch:
                    if value is None:
                        writer.delete(key)
                    else:
                        writer.put(key, value)
        except plyvel.Error as error:
            raise StoreUnavailable(path=self.path, detail=_detail(error)) from error

    def snapshot(self) -> StoreSnapshot:
        """Return the store as it is now, unmoved by later writes."""
        return StoreSnapshot(self._handle.snapshot(), path=self.path)

    def close(self) -> None:
        """Close the database and give up its lock. Again does nothing."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self, *, kind: StoreKind, chain_id: ChainId) -> None:
        """Mark a database that has no marker as ours, if it is empty: creating it may have been interrupted."""
        try:
            if next(self.iterate(), None) is not None:
                expected = describe(kind=kind, chain_id=chain_id)
                raise StoreForeign(path=self.path, expected=expected, found="a database without daonode's marker")
            write_marker(self.path, kind=kind, chain_id=chain_id)
        except (StorageError, OSError):
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class Stores:
    """A node's two stores."""

    blocks: Store
    state: Store

    def close(self) -> None:
        """Close both."""
        self.blocks.close()
        self.state.close()


def open_stores(home: Path, *, chain_id: ChainId, options: StoreOptions | None = None) -> Stores:
    """Open or create `data/blocks` and `data/state` of a home, both or none. Raises what `Store.open` raises."""
    folder = home / "data"
    blocks = Store.open(folder / StoreKind.BLOCKS, kind=StoreKind.BLOCKS, chain_id=chain_id, options=options)
    try:
        state = Store.open(folder / StoreKind.STATE, kind=StoreKind.STATE, chain_id=chain_id, options=options)
    except StorageError:
        blocks.close()
        raise
    return Stores(blocks=blocks, state=state)


def _open_database(path: Path, *, create: bool, options: StoreOptions) -> plyvel.DB:
    try:
        return plyvel.DB(
            str(path),
            create_if_missing=create,
            paranoid_checks=True,
            write_buffer_size=options.write_buffer_bytes,
            lru_cache_size=options.cache_bytes,
            max_open_files=options.open_files,
            bloom_filter_bits=options.bloom_filter_bits,
            # Hashes and signatures do not compress, and a store without compression opens with any build of LevelDB.
            compression=None,
        )
    except plyvel.CorruptionError as error:
        raise StoreDamaged(path=path, detail=_detail(error)) from error
    except plyvel.Error as error:
        # LevelDB has one class for all that the operating system says; only the text tells these apart.
        detail = _detail(error)
        if detail.startswith("IO error: lock "):
            raise StoreLocked(path=path) from error
        if "does not exist (create_if_missing is false)" in detail:
            raise StoreDamaged(path=path, detail="its file CURRENT is missing") from error
        raise StoreUnavailable(path=path, detail=detail) from error


def _detail(error: plyvel.Error) -> str:
    """Return LevelDB's text, which plyvel hands on as bytes."""
    text = error.args[0] if error.args else b""
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
