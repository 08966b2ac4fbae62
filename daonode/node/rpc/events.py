"""The events of committed blocks: read once for all subscriptions, decoded once, and asked whom they concern."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, NewType, Union, cast, get_args, get_origin, get_type_hints

from daonode.ledger.block import EventRecord
from daonode.ledger.registry import Registry
from daonode.ledger.session import NO_TRANSACTION
from daonode.ledger.shown import fields_of
from daonode.node.rpc.forms import JsonObject, event_value
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, TxId
from daonode.primitives.positions import Position
from daonode.replica.archive import Archive

MAX_KEPT_BLOCKS: Final = 4
"""Blocks whose events are kept, so that subscriptions at the tip decode a block once together."""
PROPOSAL_FIELD: Final = "proposal"
"""The field by which an event of any module names a proposal."""

Find = Callable[[object], Iterator[Address]]


@dataclass(frozen=True)
class BlockEvent:
    """One event of a committed block."""

    position: Position
    record: EventRecord
    tx_id: TxId | None
    registry: Registry

    @property
    def type(self) -> str:
        """`module.Name`."""
        return self.record.type

    @property
    def module(self) -> str:
        """The module that tells it."""
        return self.record.type.partition(".")[0]

    @cached_property
    def value(self) -> JsonObject:
        """Its fields in JSON form."""
        return event_value(self.registry, self.record)

    @cached_property
    def fields(self) -> Record | None:
        """Its fields; None where the type is not known here."""
        return fields_of(self.registry, self.record)

    def concerns(self, account: Address) -> bool:
        """Whether any field is this account's address."""
        return self.fields is not None and account in _addresses_in(type(self.fields))(self.fields)

    def proposal(self) -> bytes | None:
        """The id of the proposal that it names, if any."""
        return cast("bytes | None", getattr(self.fields, PROPOSAL_FIELD, None))


class EventReader:
    """Reads the events of blocks; safe to use from several threads, which may at worst read a block twice."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: OrderedDict[int, tuple[BlockEvent, ...]] = OrderedDict()

    def events_at(self, archive: Archive, height: int) -> tuple[BlockEvent, ...]:
        """All events of a block in order; none where its receipts are not kept."""
        kept = self._kept.get(height)
        if kept is not None:
            return kept
        events = tuple(self._read(archive, height))
        if height >= archive.tip().height - MAX_KEPT_BLOCKS:
            self._kept[height] = events
            for stale in sorted(self._kept)[:-MAX_KEPT_BLOCKS]:
                self._kept.pop(stale, None)
        return events

    def _read(self, archive: Archive, height: int) -> Iterator[BlockEvent]:
        index = 0
        for receipt in archive.receipts(height):
            tx_id = None if receipt.tx_id == NO_TRANSACTION else receipt.tx_id
            for record in receipt.events:
                yield BlockEvent(Position(height, index), record, tx_id, self._registry)
                index += 1


@cache
def _addresses_in(hint: object) -> Find:
    """What finds the addresses in values of a type."""
    if hint is Address:
        return lambda value: iter((cast(Address, value),))
    if isinstance(hint, NewType):
        return _addresses_in(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, Record):
        return _addresses_in_record(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _addresses_in_union(tuple(each for each in arguments if each is not type(None)))
    if origin is tuple and arguments[-1] is Ellipsis:
        find = _addresses_in(arguments[0])
        return lambda value: (found for item in cast("tuple[object, ...]", value) for found in find(item))
    return _nothing


def _addresses_in_record(record: type[Record]) -> Find:
    fields = [(name, _addresses_in(hint)) for name, hint in get_type_hints(record).items()]
    telling = [(name, find) for name, find in fields if find is not _nothing]
    return lambda value: (found for name, find in telling for found in find(getattr(value, name)))


def _addresses_in_union(members: tuple[type, ...]) -> Find:
    if len(members) == 1:
        find = _addresses_in(members[0])
        return lambda value: iter(()) if value is None else find(value)
    finds = {member: _addresses_in(member) for member in members}
    return lambda value: finds.get(type(value), _nothing)(value)


def _nothing(_: object) -> Iterator[Address]:
    return iter(())
