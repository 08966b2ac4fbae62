"""The stores that a text names: `sqlite:PATH`. A further kind of store is an entry of `KINDS`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from daonode.indexer.errors import ProjectionMissing
from daonode.indexer.following import Destination
from daonode.indexer.projection.projector import MakeProjection
from daonode.primitives.json_form import suggestion
from daonode.process.settings import ConfigError
from daonode.stores.access import Head, Writer
from daonode.stores.rows import Row
from daonode.stores.sqlite import open_reader, open_writer, reset_store
from daonode.stores.tables import Table


class OpenWriter(Writer, Protocol):
    """A writer that is closed when it is no longer needed."""

    def close(self) -> None:
        """Let others write the store."""
        ...


class StoreKind(Protocol):
    """What is done with stores of one kind, which are found by the text behind their kind's name."""

    def open(self, place: str, tables: Sequence[Table[Row]]) -> OpenWriter:
        """Open a store to write, and make it where there is none. Raises `StoreError`."""
        ...

    def reset(self, place: str, tables: Sequence[Table[Row]]) -> None:
        """Make a store empty. Raises `StoreError`."""
        ...

    def head(self, place: str) -> Head | None:
        """How far a store is that somebody else may be writing. Raises `StoreError`."""
        ...


class SqliteKind:
    """A file."""

    def open(self, place: str, tables: Sequence[Table[Row]]) -> OpenWriter:
        """Open the file."""
        return open_writer(Path(place).expanduser(), tables=tables)

    def reset(self, place: str, tables: Sequence[Table[Row]]) -> None:
        """Empty the file."""
        reset_store(Path(place).expanduser(), tables=tables)

    def head(self, place: str) -> Head | None:
        """Read the file's head."""
        reader = open_reader(Path(place).expanduser(), tables=())
        try:
            return reader.head()
        finally:
            reader.close()


KINDS: Final[Mapping[str, StoreKind]] = {"sqlite": SqliteKind()}


def kind_of(text: str) -> tuple[StoreKind, str]:
    """The kind of a store and its place, from `KIND:PLACE`.

    Raises:
        ConfigError: there is no such kind, or no place.
    """
    name, separator, place = text.partition(":")
    if not separator or not place or name not in KINDS:
        known = suggestion(name, tuple(KINDS))
        raise ConfigError(
            f"indexer.store: {text!r} names no store: expected KIND:PLACE, such as sqlite:/a/path; {known}"
        )
    return KINDS[name], place


@contextmanager
def open_destination(stores: Sequence[str], tables: Sequence[Table[Row]]) -> Iterator[Destination]:
    """All stores that are named, the first as the one that rows are made from; closed at the end.

    Raises:
        ConfigError: one names no store.
        StoreError: one cannot be opened.
    """
    chosen = [kind_of(text) for text in stores]
    with ExitStack() as stack:
        writers = []
        for kind, place in chosen:
            writer = kind.open(place, tables)
            stack.callback(writer.close)
            writers.append(writer)
        yield Destination(writers[0], sinks=writers[1:])


def load_projections(names: Sequence[str]) -> list[MakeProjection]:
    """Further projections: classes, or functions, that take the genesis and give a projection.

    Raises:
        ProjectionMissing: a module or a name in it is not there.
    """
    return [_load_projection(name) for name in names]


def _load_projection(name: str) -> MakeProjection:
    module, separator, attribute = name.partition(":")
    try:
        if not separator:
            raise ImportError("expected package.module:Name")
        found: object = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ProjectionMissing(f"the projection {name!r} cannot be loaded: {error}") from error
    if not callable(found):
        raise ProjectionMissing(f"the projection {name!r} is no class and no function")
    # What it makes is the operator's word; the first block shows whether it is a projection.
    return cast("MakeProjection", found)
