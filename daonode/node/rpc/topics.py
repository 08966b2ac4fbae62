"""What can be subscribed to, and which of a block's values a subscription gets.

Every topic is a pure function of committed blocks, so that what comes live and what is read back later are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from daonode.ledger.application import Application
from daonode.node.rpc.chain_methods import block_result, committed_at
from daonode.node.rpc.errors import InvalidInput, InvalidParameters
from daonode.node.rpc.events import BlockEvent, EventReader
from daonode.node.rpc.results import BlockResult, ChainEventForm
from daonode.node.rpc.state_methods import find_proposal
from daonode.node.rpc.subscribing import SubscribeParameters
from daonode.primitives.ids import Address
from daonode.primitives.json_form import suggestion
from daonode.primitives.json_texts import hex_text
from daonode.primitives.positions import Position
from daonode.replica.archive import Archive

MAX_TYPES: Final = 32
"""Event types in one filter."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a topic with its place."""

    position: Position
    value: BlockResult | ChainEventForm


class Topic(Protocol):
    """What is told of a block."""

    def items_at(self, archive: Archive, height: int) -> Iterator[Item]:
        """The values of a committed block, in order."""
        ...


@dataclass(frozen=True, slots=True)
class NewBlocks:
    """Every block, at the position `height:0`."""

    def items_at(self, archive: Archive, height: int) -> Iterator[Item]:
        yield Item(Position(height, 0), block_result(archive, committed_at(archive, height)))


@dataclass(frozen=True, slots=True)
class Events:
    """The events that pass every filter that is given."""

    reader: EventReader
    types: tuple[str, ...] | None = None
    module: str | None = None
    account: Address | None = None
    proposal: bytes | None = None

    def items_at(self, archive: Archive, height: int) -> Iterator[Item]:
        for event in self.reader.events_at(archive, height):
            if self._passes(event):
                tx_id = None if event.tx_id is None else hex_text(event.tx_id)
                yield Item(event.position, ChainEventForm(type=event.type, tx_id=tx_id, value=event.value))

    def _passes(self, event: BlockEvent) -> bool:
        return (
            (self.types is None or event.type in self.types)
            and (self.module is None or event.module == self.module)
            and (self.proposal is None or event.proposal() == self.proposal)
            and (self.account is None or event.concerns(self.account))
        )


def make_topic(
    archive: Archive, parameters: SubscribeParameters, *, application: Application, reader: EventReader
) -> Topic:
    """The topic that a caller asks for.

    Raises:
        InvalidInput: a filter does not belong to the topic, or names what this chain does not have.
        NotFound: there is no such proposal.
    """
    if parameters.topic == "newBlocks":
        _refuse_filters(parameters, allowed=())
        return NewBlocks()
    if parameters.topic == "proposal":
        _refuse_filters(parameters, allowed=("proposal",))
        if parameters.proposal is None:
            raise _wrong("proposal", "this topic is of one proposal: give its number or id")
    _check_types(parameters, application)
    _check_module(parameters, application)
    proposal = None
    if parameters.proposal is not None:
        proposal = find_proposal(archive, application=application, name=parameters.proposal)
    return Events(reader, parameters.types, parameters.module, parameters.account, proposal)


def _refuse_filters(parameters: SubscribeParameters, *, allowed: tuple[str, ...]) -> None:
    for name in ("types", "module", "account", "proposal"):
        if name not in allowed and getattr(parameters, name) is not None:
            raise _wrong(name, f"the topic {parameters.topic} has no such filter; the topic events has")


def _check_types(parameters: SubscribeParameters, application: Application) -> None:
    types = parameters.types
    if types is None:
        return
    if not 1 <= len(types) <= MAX_TYPES:
        raise _wrong("types", f"expected 1 to {MAX_TYPES} event types, got {len(types)}")
    known = application.registry.event_types
    for name in types:
        if name not in known:
            raise InvalidInput(
                f"params.types: this chain has no event {name[:64]!r}",
                reason="unknown_event",
                hint=suggestion(name[:64], tuple(known)),
            )


def _check_module(parameters: SubscribeParameters, application: Application) -> None:
    name = parameters.module
    known = tuple(sorted({each.partition(".")[0] for each in application.registry.event_types}))
    if name is not None and name not in known:
        raise InvalidInput(
            f"params.module: no module {name[:64]!r} has events here",
            reason="unknown_module",
            hint=suggestion(name[:64], known),
        )


def _wrong(name: str, what: str) -> InvalidParameters:
    path = f"params.{name}"
    return InvalidParameters(f"{path}: {what}", reason="invalid_parameters", details={"path": path})
