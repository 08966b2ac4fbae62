"""Putting a state into the order of its paths with bounded memory: sorted runs in the database, then merged.

The state is ordered by key, a snapshot by the hash of it, and neither fits into memory. A *run* is what does, sorted
and written in blocks; merging them holds one block of each. Every entry is read and written twice, always in the order
in which it lies on disk: looking each one up in the order of the paths cost several times as much.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from heapq import merge
from itertools import chain

from daonode.primitives.codec import Record, encode
from daonode.primitives.hashing import sha256
from daonode.replica.archive import KeyValueReader, read_record
from daonode.replica.committing import Writes
from daonode.replica.layout import SORTING_PREFIX, STATE_PREFIX, prefix_end

PIECE_ENTRIES = 512
"""Entries that are read between two batches: a millisecond or two."""
RUN_BYTES = 2 * 1024 * 1024
"""Keys and values of a run, but for its last entry: sorting it takes some milliseconds, as an object it is thrice."""
BLOCK_BYTES = 8 * 1024
"""Keys and values of a block, but for its last entry. Merging holds one a run: 48 MiB for 12 GiB of state."""
BATCH_BLOCKS = 8

PathEntry = tuple[bytes, bytes, bytes]
"""A path, its key, the key's value."""
Runs = tuple[int, ...]
"""How many blocks each run has."""


class SortedBlock(Record, frozen=True):
    """A part of a run."""

    entries: tuple[PathEntry, ...]


def write_runs(state: KeyValueReader, *, run_bytes: int = RUN_BYTES) -> Generator[Writes, None, Runs]:
    """Yield the batches that write all runs of a state that stands still, some of them empty; returns the runs."""
    runs: list[int] = []
    run: list[PathEntry] = []
    byte_count = 0
    for stored_key, value in state.iterate(start=STATE_PREFIX, end=prefix_end(STATE_PREFIX)):
        key = stored_key[len(STATE_PREFIX) :]
        run.append((sha256(key), key, value))
        byte_count += len(key) + len(value)
        if byte_count >= run_bytes:
            runs.append((yield from _write_run(len(runs), run)))
            run.clear()
            byte_count = 0
        elif len(run) % PIECE_ENTRIES == 0:
            yield ()
    runs.append((yield from _write_run(len(runs), run)))
    return tuple(runs)


def merge_runs(database: KeyValueReader, runs: Runs) -> Iterator[PathEntry]:
    """All entries by ascending path, from a database that holds these runs."""
    return merge(*(_read_run(database, run, blocks) for run, blocks in enumerate(runs)))


def delete_runs(runs: Runs) -> Iterator[Writes]:
    """Yield the batches that delete runs."""
    keys = chain.from_iterable((block_key(run, index) for index in range(blocks)) for run, blocks in enumerate(runs))
    batch: list[tuple[bytes, None]] = []
    for key in keys:
        batch.append((key, None))
        if len(batch) >= PIECE_ENTRIES:
            yield tuple(batch)
            batch.clear()
    yield tuple(batch)


def block_key(run: int, index: int) -> bytes:
    """The key of a block of a run."""
    return SORTING_PREFIX + run.to_bytes(4) + index.to_bytes(4)


def _write_run(number: int, run: list[PathEntry]) -> Generator[Writes, None, int]:
    """Sort a run and yield the batches that write it; returns how many blocks it has."""
    run.sort()
    blocks = 0
    batch: list[tuple[bytes, bytes]] = []
    for entries in _blocks(run):
        batch.append((block_key(number, blocks), encode(SortedBlock(entries=entries))))
        blocks += 1
        if len(batch) >= BATCH_BLOCKS:
            yield tuple(batch)
            batch.clear()
    yield tuple(batch)
    return blocks


def _blocks(run: list[PathEntry]) -> Iterator[tuple[PathEntry, ...]]:
    start = byte_count = 0
    for index, (_, key, value) in enumerate(run, start=1):
        byte_count += len(key) + len(value)
        if byte_count >= BLOCK_BYTES or index == len(run):
            yield tuple(run[start:index])
            start, byte_count = index, 0


def _read_run(database: KeyValueReader, run: int, blocks: int) -> Iterator[PathEntry]:
    for index in range(blocks):
        data = database.get(block_key(run, index))
        record = f"block {index} of run {run} of a snapshot in the making"
        block = read_record(data, SortedBlock, store="snapshots", record=record)
        assert block is not None, f"{record} has been written"
        yield from block.entries
