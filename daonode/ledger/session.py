"""The inside of a transaction, or of a module's block begin, deadline or block end: what its contexts share.

A `Session` is one unit of execution: one overlay, one gas meter, one list of events. A `SessionContext` is one caller's
view of it. Everything that a handler can do goes through here and is charged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from daonode.ledger.block import BlockInfo, EventRecord
from daonode.ledger.deadlines import cancel_deadline, schedule_deadline
from daonode.ledger.errors import InvalidValue, LedgerError, LimitExceeded
from daonode.ledger.gas import (
    CALL_GAS,
    EVENT_BYTE_GAS,
    EVENT_GAS,
    READ_GAS,
    STATE_BYTE_GAS,
    WRITE_GAS,
    GasMeter,
)
from daonode.ledger.overlay import Overlay
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import Call
from daonode.primitives.codec import EncodeError, Record, encode
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import Address, TxId

MAX_DISPATCH_DEPTH: Final = 8
"""How many calls may run inside one another, the transaction's own message included."""
MAX_EVENTS: Final = 4_096
"""Events of one unit: a bound on a receipt beside its gas."""
NO_TRANSACTION: Final = TxId(bytes(32))


class UnregisteredEvent(LedgerError):
    """A module emitted an event of a type that it does not list: the module's mistake."""


class MeteredStore:
    """The overlay as handlers see it: every access is charged."""

    __slots__ = ("_gas", "_overlay")

    def __init__(self, overlay: Overlay, gas: GasMeter) -> None:
        self._overlay = overlay
        self._gas = gas

    def get(self, key: bytes, /) -> bytes | None:
        """The value at `key`, or None."""
        value = self._overlay.get(key)
        self._gas.charge(READ_GAS + STATE_BYTE_GAS * (len(value) if value else 0))
        return value

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending; each one is charged when it is taken."""
        self._gas.charge(READ_GAS)
        for key, value in self._overlay.iterate(start, end):
            self._gas.charge(READ_GAS + STATE_BYTE_GAS * len(value))
            yield key, value

    def set(self, key: bytes, value: bytes, /) -> None:
        """Write `value` at `key`."""
        self._gas.charge(WRITE_GAS + STATE_BYTE_GAS * (len(key) + len(value)))
        self._overlay.set(key, value)

    def delete(self, key: bytes, /) -> None:
        """Remove `key`; removing what is not there changes nothing."""
        self._gas.charge(WRITE_GAS)
        self._overlay.delete(key)


@dataclass(slots=True)
class Session:
    """One unit of execution. `next_call_number` numbers dispatched calls, so that no two share an index."""

    registry: Registry
    overlay: Overlay
    block: BlockInfo
    gas: GasMeter
    tx_id: TxId
    sender: Address
    lane: int
    sequence: int
    next_call_number: int
    events: list[EventRecord] = field(default_factory=list)
    max_events: int = MAX_EVENTS
    depth: int = 0
    state: MeteredStore = field(init=False)

    def __post_init__(self) -> None:
        self.state = MeteredStore(self.overlay, self.gas)

    def context(self, *, caller: Address, index: int) -> SessionContext:
        """A view of this unit for one caller."""
        return SessionContext(self, caller=caller, index=index)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Keep everything done inside, or nothing of it when an error leaves."""
        savepoint = self.overlay.savepoint()
        event_count = len(self.events)
        try:
            yield
        except BaseException:
            self.overlay.rollback(savepoint)
            del self.events[event_count:]
            raise

    def run_call(self, call: Call, *, caller: Address, index: int) -> None:
        """Decode a call and run its handler, atomically.

        Raises:
            UnknownMessage, InvalidEncoding: the call is none of this chain's.
            LimitExceeded: calls are nested too deeply.
            InvalidValue: a number of the handler left its range, or a value has no encoding.
            TransactionError: the handler refused.
        """
        if self.depth >= MAX_DISPATCH_DEPTH:
            raise LimitExceeded(f"calls are nested deeper than {MAX_DISPATCH_DEPTH}")
        self.gas.charge(CALL_GAS)
        handler = self.registry.message(call.type).handler
        message = self.registry.decode_call(call)
        self.depth += 1
        try:
            with self.atomic():
                handler(self.context(caller=caller, index=index), message)
        except EncodeError as error:
            # In words of our own: those of this error come from a library and name its types.
            raise InvalidValue(f"{call.type}: a value is outside its type's range") from error
        except PrimitiveError as error:
            raise InvalidValue(f"{call.type}: {error}") from error
        finally:
            self.depth -= 1


class SessionContext:
    """A handler's `Context`: one caller's view of a session."""

    __slots__ = ("_caller", "_index", "_session")

    def __init__(self, session: Session, *, caller: Address, index: int) -> None:
        self._session = session
        self._caller = caller
        self._index = index

    @property
    def state(self) -> MeteredStore:
        """The state of the chain; every access is charged."""
        return self._session.state

    @property
    def block(self) -> BlockInfo:
        """The block being executed."""
        return self._session.block

    @property
    def caller(self) -> Address:
        """On whose behalf this runs."""
        return self._caller

    @property
    def tx_id(self) -> TxId:
        """The transaction's id; 32 zero bytes outside one."""
        return self._session.tx_id

    @property
    def sender(self) -> Address:
        """Who sent the transaction; the module's account outside one."""
        return self._session.sender

    @property
    def lane(self) -> int:
        """The transaction's lane; 0 outside one."""
        return self._session.lane

    @property
    def sequence(self) -> int:
        """The transaction's sequence; the height outside one."""
        return self._session.sequence

    @property
    def message_index(self) -> int:
        """Which call of the unit this is."""
        return self._index

    @property
    def gas(self) -> GasMeter:
        """The meter of the unit."""
        return self._session.gas

    def emit(self, event: Record, /) -> None:
        """Record a typed event; it is dropped when the enclosing unit fails.

        Raises:
            UnregisteredEvent: its type is not among its module's `events`.
            EncodeError: a field has no canonical encoding.
        """
        session = self._session
        name = session.registry.event_name(type(event))
        if name is None:
            raise UnregisteredEvent(f"{type(event).__qualname__} is in no module's events")
        if len(session.events) >= session.max_events:
            raise LimitExceeded(f"more than {session.max_events} events")
        body = encode(event)
        session.gas.charge(EVENT_GAS + EVENT_BYTE_GAS * len(body))
        session.events.append(EventRecord(type=name, body=body))

    def atomic(self) -> AbstractContextManager[None]:
        """State changes, events and deadlines inside apply all or none."""
        return self._session.atomic()

    @contextmanager
    def limit_gas(self, amount: int, /) -> Iterator[None]:
        """Inside, at most `amount` of gas is used: what needs more raises `OutOfGas` there."""
        gas = self._session.gas
        outer = gas.enter_limit(amount)
        try:
            yield
        finally:
            gas.leave_limit(outer)

    def dispatch(self, call: Call, /, *, caller: Address) -> None:
        """Run a call as `caller`, atomically; its errors propagate."""
        session = self._session
        index = session.next_call_number
        session.next_call_number += 1
        session.run_call(call, caller=caller, index=index)

    def schedule(self, time_ms: int, module: str, item: bytes, /) -> None:
        """Have `module.on_deadline(context, item)` called in the first block at or after `time_ms`."""
        schedule_deadline(self._session.state, time_ms=time_ms, module=module, item=item)

    def cancel(self, time_ms: int, module: str, item: bytes, /) -> None:
        """Take a scheduled deadline back."""
        cancel_deadline(self._session.state, time_ms=time_ms, module=module, item=item)
