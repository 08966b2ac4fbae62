"""What a projection is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from daonode.genesis.document import GenesisDocument
from daonode.genesis.initial import InitialState, make_application, make_initial_state
from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.ledger.application import Application
from daonode.ledger.overlay import Overlay
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.tree import OverlayReader
from daonode.ledger.versions import StateVersion
from daonode.primitives.codec import Record
from daonode.primitives.ids import TxId
from daonode.stores.rows import Row
from daonode.stores.tables import Table

E = TypeVar("E", bound=Record)
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a chain begins with: `state` is that after the genesis block."""

    document: GenesisDocument
    initial: InitialState
    state: StateVersion
    application: Application


class Projection(Protocol):
    """Makes rows of what happens on a chain. It may keep nothing between blocks but what follows from the genesis
    document: everything else stands in rows, so that any process can go on at any block."""

    @property
    def tables(self) -> Sequence[Table[Row]]:
        """The tables that it alone writes, which stores then have; none where it writes those of `stores.tables`."""
        ...

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """Write the rows of the genesis block."""
        ...

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Write the rows that a block changes; called once for each block, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and when an event happened; `tx_id` is None for what the block itself did."""

    height: int
    position: int
    time_ms: int
    tx_id: TxId | None


Handler = Callable[[W, Moment, Record], None]


def on(event: type[E], handle: Callable[[W, Moment, E], None]) -> tuple[type[Record], Handler[W]]:
    """An entry of a table of handlers."""

    def handler(work: W, moment: Moment, fields: Record) -> None:
        assert isinstance(fields, event), "handlers are found by this type"
        handle(work, moment, fields)

    return event, handler


def run_handlers(handlers: Mapping[type[Record], Handler[W]], work: W, block: DecodedBlock) -> None:
    """Give each event to the handler of its type, as they happened; one that has none concerns somebody else."""
    for event in block.happened:
        handler = handlers.get(type(event.fields)) if event.fields is not None else None
        if handler is not None and event.fields is not None:
            handler(work, Moment(block.height, event.position, block.time_ms, event.tx_id), event.fields)


def read_genesis(document: GenesisDocument) -> Genesis:
    """Execute the genesis block; raises `GenesisError` where the document makes no chain."""
    initial = make_initial_state(document)
    header, flat = initial.header, Overlay(EMPTY_STATE)
    for key, value in initial.result.writes:
        if value is not None:
            flat.set(key, value)
    nodes = OverlayReader(None, dict(initial.result.nodes))
    state = StateVersion(height=header.height, time_ms=header.time_ms, root=header.state_root, state=flat, nodes=nodes)
    return Genesis(
        document=document, initial=initial, state=state, application=make_application(document.chain, document.registry)
    )
