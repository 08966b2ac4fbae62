"""The modules of one chain, and the names of their messages, events and queries.

A name is `module.ClassName` for messages and events; queries are named within their module. Modules stand in an order
in which each follows those that it requires, and otherwise by name: execution calls them in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from daonode.ledger.errors import InvalidEncoding, LedgerError, QueryError, UnknownMessage
from daonode.ledger.events import LEDGER_EVENTS
from daonode.ledger.module import Authenticator, Handler, Module, Query
from daonode.ledger.transactions import Call
from daonode.primitives.codec import DecodeError, Record, decode
from daonode.primitives.json_form import suggestion

ENTRY_POINT_GROUP: Final = "daonode.modules"
LEDGER_NAME: Final = "ledger"
MAX_MODULE_NAME_CHARACTERS: Final = 32


class RegistryError(LedgerError):
    """The chosen modules do not make a chain together: the operator's or a plug-in's mistake."""


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message type, and what applies it."""

    type: type[Record]
    handler: Handler


class Registry:
    """What a chain consists of. Nothing changes after construction."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Take modules in the order in which they are to be called.

        Raises:
            RegistryError: two things have one name, or a module's name is no name.
        """
        self._modules: dict[str, Module] = {}
        self._messages: dict[str, MessageEntry] = {}
        self._event_types: dict[str, type[Record]] = {}
        self._event_names: dict[type[Record], str] = {}
        self._message_names: dict[type[Record], str] = {}
        self._add_events(LEDGER_NAME, LEDGER_EVENTS)
        for module in modules:
            self._add_module(module)

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules in calling order."""
        return tuple(self._modules.values())

    @property
    def messages(self) -> Mapping[str, MessageEntry]:
        """Every message by its name."""
        return self._messages

    @property
    def event_types(self) -> Mapping[str, type[Record]]:
        """Every event type by its name."""
        return self._event_types

    def module(self, name: str) -> Module:
        """The module with this name.

        Raises:
            RegistryError: this chain has none.
        """
        module = self._modules.get(name)
        if module is None:
            raise RegistryError(f"this chain has no module {name!r}; {suggestion(name, tuple(self._modules))}")
        return module

    @property
    def authenticator(self) -> Authenticator:
        """The module that keeps accounts.

        Raises:
            RegistryError: there is none, or more than one.
        """
        found = [module for module in self._modules.values() if isinstance(module, Authenticator)]
        if len(found) != 1:
            raise RegistryError(f"expected one module that authenticates senders, such as accounts; got {len(found)}")
        return found[0]

    def message(self, name: str) -> MessageEntry:
        """The message type with this name.

        Raises:
            UnknownMessage: no module handles it.
        """
        entry = self._messages.get(name)
        if entry is None:
            raise UnknownMessage(f"no module handles {name[:80]!r}", hint=suggestion(name[:80], tuple(self._messages)))
        return entry

    def message_name(self, type_: type[Record]) -> str | None:
        """The name under which a call carries a message of this type, or None."""
        return self._message_names.get(type_)

    def event_name(self, type_: type[Record]) -> str | None:
        """The name under which an event of this type is recorded, or None."""
        return self._event_names.get(type_)

    def query(self, *, module: str, name: str) -> Query:
        """A module's query.

        Raises:
            QueryError: there is no such module or query.
        """
        owner = self._modules.get(module)
        if owner is None:
            raise QueryError(
                f"this chain has no module {module[:80]!r}",
                hint=suggestion(module[:80], tuple(self._modules)),
                not_found=True,
            )
        query = owner.queries.get(name)
        if query is None:
            hint = suggestion(name[:80], tuple(owner.queries))
            raise QueryError(f"module {module} has no query {name[:80]!r}", hint=hint, not_found=True)
        return query

    def decode_call(self, call: Call) -> Record:
        """The message that a call carries.

        Raises:
            UnknownMessage: no module handles its type.
            InvalidEncoding: the body is not the canonical form of that type.
        """
        entry = self.message(call.type)
        try:
            return decode(call.body, entry.type)
        except DecodeError as error:
            raise InvalidEncoding(f"{call.type}: {error.reason}") from error

    def _add_module(self, module: Module) -> None:
        name = module.name
        valid = name.isascii() and name.replace("-", "").replace("_", "").isalnum() and name == name.lower()
        if not valid or len(name) > MAX_MODULE_NAME_CHARACTERS or name == LEDGER_NAME:
            raise RegistryError(
                f"{name!r} cannot be a module's name: expected 1 to {MAX_MODULE_NAME_CHARACTERS} of a-z 0-9 - _, "
                f"other than {LEDGER_NAME!r}"
            )
        if name in self._modules:
            raise RegistryError(f"two modules are called {name!r}")
        missing = [required for required in module.requires if required not in self._modules]
        if missing:
            raise RegistryError(f"module {name!r} must follow {', '.join(missing)}, which it requires")
        self._modules[name] = module
        for type_, handler in module.messages.items():
            full_name = f"{name}.{type_.__name__}"
            if full_name in self._messages or type_ in self._message_names:
                raise RegistryError(f"message {full_name} is registered twice")
            self._messages[full_name] = MessageEntry(type=type_, handler=handler)
            self._message_names[type_] = full_name
        self._add_events(name, module.events)

    def _add_events(self, owner: str, types: tuple[type[Record], ...]) -> None:
        for type_ in types:
            full_name = f"{owner}.{type_.__name__}"
            if full_name in self._event_types or type_ in self._event_names:
                raise RegistryError(f"event {full_name} is registered twice")
            self._event_types[full_name] = type_
            self._event_names[type_] = full_name


def discover(names: Iterable[str]) -> Registry:
    """Construct the named modules from the entry-point group `daonode.modules`, each after those that it requires.

    Raises:
        RegistryError: a name that no installed package offers, a required module that is not named, or a cycle.
    """
    offered = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    classes = {name: _load(name, offered) for name in sorted(names)}
    built: dict[str, Module] = {}
    while len(built) < len(classes):
        ready = next((name for name, cls in classes.items() if name not in built and _can_build(cls, built)), None)
        if ready is None:
            raise RegistryError(_explain_stuck(classes, built))
        built[ready] = classes[ready](**{required: built[required] for required in classes[ready].requires})
    return Registry(built.values())


def _load(name: str, offered: Mapping[str, EntryPoint]) -> type[Module]:
    point = offered.get(name)
    if point is None:
        raise RegistryError(f"no installed package offers the module {name!r}; {suggestion(name, tuple(offered))}")
    # An entry point names any object; the group's contract says that it is a module class.
    return cast("type[Module]", point.load())


def _can_build(cls: type[Module], built: Mapping[str, Module]) -> bool:
    return all(required in built for required in cls.requires)


def _explain_stuck(classes: Mapping[str, type[Module]], built: Mapping[str, Module]) -> str:
    waiting = [name for name in classes if name not in built]
    for name in waiting:
        for required in classes[name].requires:
            if required not in classes:
                return f"module {name!r} requires {required!r}: add its section to the genesis document"
    return f"these modules require one another in a circle: {', '.join(waiting)}"
