"""One LevelDB database: opening, writing, closing; and the opening of the node's three.

Every method blocks. Any number of threads may read at once and one writes; `close` waits for them. Checksums are
verified on every read and the log is replayed strictly: a store that lost what it had promised must not serve a
validator, because the votes of the past bind it.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

import plyvel

from daonode.node.storage.errors import StorageError, StoreDamaged, StoreForeign, StoreLocked, StoreUnavailable
from daonode.node.storage.marker import StoreKind, check_marker, describe, is_new, read_marker, write_marker
from daonode.node.storage.reading import Gate, StoreReader, StoreSnapshot, leveldb_text
from daonode.primitives.ids import ChainId

MEBIBYTE: Final = 1 << 20
OTHER_FILES: Final = 10
"""Files that LevelDB reserves for other things than tables: its log, its manifest."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """LevelDB's memory. Per store: at most two write buffers, and the tables that are open.

    LevelDB maps its tables, and then caches none of their blocks itself: what is resident of an open table counts as
    memory of the process. So small tables and few of them bound it. Half the size costs the compactions of a vote's
    records 5 us of CPU, half the write buffer another 5.
    """

    write_buffer_bytes: int = 8 * MEBIBYTE
    """What is collected in memory, beside the log, before a table is written."""
    table_bytes: int = MEBIBYTE
    """About the size of a table that was compacted; LevelDB's least."""
    open_tables: int = 64
    """LevelDB's least."""
    bloom_filter_bits: int = 10
    """Bits a key; ten spare all but one in a hundred reads of tables that do not have it."""


class Store(StoreReader):
    """One database: reads, atomic batches, snapshots."""

    def __init__(self, handle: plyvel.DB, *, gate: Gate) -> None:
        super().__init__(handle, gate=gate)
        self._write_lock = Lock()
        self._has_failed = False

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
            store = cls(_open_database(path, create=create, options=options or StoreOptions()), gate=Gate(path=path))
            if marker is None:
                store._claim(kind=kind, chain_id=chain_id)
        except OSError as error:
            raise StoreUnavailable(path=path, detail=str(error)) from error
        return store

    def write(self, batch: Sequence[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        """Write a batch, None deletes: after a crash all of it is there or none. With `sync` it is on disk on return.

        Without `sync` it may be lost with the machine, not with the process. Where a key occurs twice, the last counts.

        Raises:
            StoreUnavailable: it may not be on disk; the store takes no further write until it is opened again.
            StoreClosed: the store is closed.
        """
        # A failed write may have left half a record at the end of the log, where opening drops it. LevelDB would take
        # further writes behind it, sync them, and then find its log damaged and lose them all.
        with self._gate, self._write_lock:
            if self._has_failed:
                raise StoreUnavailable(path=self.path, detail="an earlier write failed")
            try:
                with self._handle.write_batch(transaction=True, sync=sync) as writer:
                    for key, value in batch:
                        if value is None:
                            writer.delete(key)
                        else:
                            writer.put(key, value)
            except plyvel.Error as error:
                self._has_failed = True
                raise StoreUnavailable(path=self.path, detail=leveldb_text(error)) from error
            self._let_go()

    def snapshot(self) -> StoreSnapshot:
        """Return the store as it is now, unmoved by later writes."""
        with self._gate:
            return StoreSnapshot(self._handle.snapshot(), gate=self._gate)

    def close(self) -> None:
        """Wait for the calls of other threads, close the database, give up its lock. Again does nothing.

        Later calls, on the store or its snapshots, raise `StoreClosed`.
        """
        self._gate.close()
        self._let_go()
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
    """A node's three stores."""

    blocks: Store
    state: Store
    snapshots: Store

    def close(self) -> None:
        """Close all."""
        self.blocks.close()
        self.state.close()
        self.snapshots.close()


def open_stores(home: Path, *, chain_id: ChainId, options: StoreOptions | None = None) -> Stores:
    """Open or create `data/blocks`, `data/state` and `data/snapshots` of a home, all or none.

    Raises what `Store.open` raises.
    """
    folder = home / "data"
    with ExitStack() as undo:

        def open_one(kind: StoreKind) -> Store:
            return undo.enter_context(Store.open(folder / kind, kind=kind, chain_id=chain_id, options=options))

        stores = Stores(
            blocks=open_one(StoreKind.BLOCKS),
            state=open_one(StoreKind.STATE),
            snapshots=open_one(StoreKind.SNAPSHOTS),
        )
        undo.pop_all()
    return stores


def stored_chain_id(home: Path) -> ChainId | None:
    """The chain of a home's store `state`, None where there is none yet. Raises what `read_marker` raises."""
    marker = read_marker(home / "data" / StoreKind.STATE)
    return None if marker is None else ChainId(marker.chain_id)


def _open_database(path: Path, *, create: bool, options: StoreOptions) -> plyvel.DB:
    try:
        return plyvel.DB(
            str(path),
            create_if_missing=create,
            paranoid_checks=True,
            write_buffer_size=options.write_buffer_bytes,
            max_file_size=options.table_bytes,
            max_open_files=options.open_tables + OTHER_FILES,
            bloom_filter_bits=options.bloom_filter_bits,
            # Hashes and signatures do not compress, and a store without compression opens with any build of LevelDB.
            compression=None,
        )
    except plyvel.CorruptionError as error:
        raise StoreDamaged(path=path, detail=leveldb_text(error)) from error
    except plyvel.Error as error:
        # LevelDB has one class for all that the operating system says; only the text tells these apart.
        detail = leveldb_text(error)
        if detail.startswith("IO error: lock "):
            raise StoreLocked(path=path) from error
        if "does not exist (create_if_missing is false)" in detail:
            raise StoreDamaged(path=path, detail="its file CURRENT is missing") from error
        raise StoreUnavailable(path=path, detail=detail) from error
