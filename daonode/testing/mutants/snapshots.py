"""What a new node checks of a snapshot, with one check removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from daonode.replica import joining, rebuilding, snapshot
from daonode.replica.snapshot import Chunk
from daonode.testing.mutants.mutant import Mutant, patched, replacing


def _always(*_: object, **__: object) -> bool:
    return True


def _unchecked(*_: object) -> None:
    return None


def _lossy(data: bytes) -> Chunk:
    chunk = snapshot.read_chunk(data)
    return replace(chunk, entries=chunk.entries[:-1])


@contextmanager
def _with_unnoticed_loss() -> Iterator[None]:
    """Rebuilding loses an entry of each chunk, which the root tells, and nobody looks at it."""
    with patched(joining, "is_rebuilt", _always), patched(rebuilding, "read_chunk", _lossy):
        yield


MUTANTS = (
    Mutant(
        "snapshot-unproven-chunk",
        "a chunk is all that the certified state has between its bounds",
        ("joining",),
        replacing(snapshot, "verify_range_proof", _always),
    ),
    Mutant(
        "snapshot-uncertified-header",
        "a snapshot is of a block that is final",
        ("joining",),
        replacing(snapshot, "check_certified", _unchecked),
    ),
    Mutant(
        "snapshot-unchecked-root",
        "a node begins with a snapshot only if the tree that it rebuilt has the certified root",
        ("joining",),
        _with_unnoticed_loss,
    ),
)
