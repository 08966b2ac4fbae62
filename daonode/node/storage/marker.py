"""The format marker: a small file beside the database that says whose it is.

It is readable without opening the database, so that a foreign folder is refused before LevelDB touches it, and so that
a release can name a format that it does not understand. It is written once, after the empty database exists.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from daonode.node.storage.errors import StoreDamaged, StoreForeign, StoreUnavailable, StoreVersionUnknown
from daonode.primitives.ids import ChainId

MARKER_NAME: Final = "FORMAT"
SCHEMA_VERSION: Final = 1
MARKER_MAX_BYTES: Final = 4096

# LevelDB's pointer to its current manifest: in every database, and made last when one is created.
_DATABASE_SIGN: Final = "CURRENT"
# What LevelDB and the operating system leave in a folder where creating a database was interrupted.
_LEFTOVERS: Final = ("LOCK", "LOG", "LOG.old", "MANIFEST-000001", "000001.dbtmp", "lost+found", f"{MARKER_NAME}.new")


class StoreKind(StrEnum):
    """What a store is for; also the name of its folder."""

    BLOCKS = "blocks"
    STATE = "state"
    SNAPSHOTS = "snapshots"


class Marker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the marker file, as JSON."""

    kind: StoreKind
    schema: int
    chain_id: str


class _AnySchema(msgspec.Struct, frozen=True):
    schema: int


def describe(*, kind: StoreKind, chain_id: str) -> str:
    """Say in words what a store holds."""
    return f"the {kind} of chain {chain_id}"


def is_new(path: Path) -> bool:
    """Say whether a store may be created in a folder that has no marker.

    Raises:
        StoreForeign: the folder has files that no interrupted creation explains.
    """
    if not path.exists() or (path / _DATABASE_SIGN).exists():
        return not path.exists()
    strangers = sorted(entry.name for entry in path.iterdir() if entry.name not in _LEFTOVERS)
    if strangers:
        raise StoreForeign(path=path, expected="an empty folder or a store", found=f"other files ({strangers[0]})")
    return True


def read_marker(path: Path) -> Marker | None:
    """Return the marker in a store's folder, None where there is none.

    Raises:
        StoreDamaged: it cannot be understood.
        StoreVersionUnknown: it is of another schema version.
    """
    file = path / MARKER_NAME
    try:
        with file.open("rb") as stream:
            data = stream.read(MARKER_MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreUnavailable(path=path, detail=str(error)) from error
    try:
        schema = msgspec.json.decode(data, type=_AnySchema).schema
        if schema != SCHEMA_VERSION:
            raise StoreVersionUnknown(path=path, found=schema, supported=SCHEMA_VERSION)
        return msgspec.json.decode(data, type=Marker)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreDamaged(path=path, detail=f"{MARKER_NAME}: {error}") from error


def check_marker(marker: Marker, *, path: Path, kind: StoreKind, chain_id: ChainId) -> None:
    """Accept a marker of this kind and chain.

    Raises:
        StoreForeign: it is another's.
    """
    if (marker.kind, marker.chain_id) != (kind, chain_id):
        raise StoreForeign(
            path=path,
            expected=describe(kind=kind, chain_id=chain_id),
            found=describe(kind=marker.kind, chain_id=marker.chain_id),
        )


def write_marker(path: Path, *, kind: StoreKind, chain_id: ChainId) -> None:
    """Write the marker so that after a crash it is there wholly or not at all."""
    data = msgspec.json.encode(Marker(kind=kind, schema=SCHEMA_VERSION, chain_id=chain_id)) + b"\n"
    new_file = path / f"{MARKER_NAME}.new"
    with new_file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new_file.replace(path / MARKER_NAME)
    # The store's folder and `data` may be new, and a name is lost with the machine until its parent is synced.
    for folder in (path, *path.parents[:2]):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
