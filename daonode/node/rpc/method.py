"""What a method is: a name, the types of its parameters and its result, and the function between them.

Methods get the node as `RpcNode`: its live values, and blocking reads of what is committed, on a few threads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar, get_type_hints

import structlog
import trio
from msgspec.structs import replace

from daonode.ledger.table import CorruptRecord
from daonode.ledger.tree import TreeError
from daonode.node.api import NodeApi
from daonode.node.rpc.costs import READ
from daonode.node.rpc.errors import RpcError, Unavailable, of_damage, of_form, of_json
from daonode.node.rpc.subscribing import Subscriber
from daonode.node.storage import StorageError, StoreClosed
from daonode.primitives.codec import Record
from daonode.primitives.json_form import Json, JsonFormError, from_json
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json
from daonode.replica.archive import Archive
from daonode.replica.errors import RecordDamaged

MAX_THREADS: Final = 2
"""Threads that read the databases and large bodies for RPC: each more slows down the thread that votes."""
MAX_INLINE_BODY_BYTES: Final = 32 * 1024
"""A larger body is parsed on a thread, so that nobody waits for it."""

BODY_LIMITS: Final = JsonLimits(max_bytes=2 * 1024 * 1024, max_depth=32, max_values=20_000)
"""Of one body, batch and calls included: a batch of a hundred calls needs a thousand values."""

log = structlog.get_logger(__name__)
T = TypeVar("T")
P = TypeVar("P", bound=Record)


@dataclass(frozen=True, slots=True)
class RpcNode:
    """The node as methods see it; `subscriber` is the caller's connection if it can be notified."""

    api: NodeApi
    subscriber: Subscriber | None = None
    _threads: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(MAX_THREADS))

    async def read(self, function: Callable[[Archive], T]) -> T:
        """Run a blocking read of one consistent moment of the databases on a thread.

        Raises:
            Unavailable, StoreDamaged: as `telling_damage`.
        """
        with telling_damage():
            return await trio.to_thread.run_sync(self._read, function, limiter=self._threads)

    async def parse(self, body: bytes) -> Json:
        """Read the JSON of a body.

        Raises:
            ParseFailed: it is none, or not a strict one; the reason tells which.
            TooMuch: it is beyond `BODY_LIMITS`.
        """
        try:
            if len(body) <= MAX_INLINE_BODY_BYTES:
                return parse_json(body, BODY_LIMITS)
            return await trio.to_thread.run_sync(parse_json, body, BODY_LIMITS, limiter=self._threads)
        except StrictJsonError as error:
            raise of_json(error) from None

    def _read(self, function: Callable[[Archive], T]) -> T:
        with self.api.open_archive() as archive:
            return function(archive)


@contextmanager
def telling_damage() -> Iterator[None]:
    """Turn what says that a store is not readable into an answer; what it was stands in the log.

    Raises:
        Unavailable: the node is stopping.
        StoreDamaged: a record is damaged.
    """
    try:
        yield
    except StoreClosed:
        raise Unavailable("the node is stopping", reason="stopping", retryable=True) from None
    except (StorageError, RecordDamaged, CorruptRecord, TreeError) as error:
        log.error("a store is damaged: a call cannot be answered", problem=str(error))
        raise of_damage(error) from error


Run = Callable[[RpcNode, Record], Awaitable[object]]
RunMany = Callable[[RpcNode, Sequence[Record]], Awaitable[Sequence[object]]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method. `summary` is for people, `cost` in the units of `costs.py`. With `run_many`, the calls of one batch
    are answered together: for each its result or its `RpcError`."""

    name: str
    summary: str
    parameters: type[Record]
    result: object
    run: Run
    run_many: RunMany | None = None
    cost: int = READ


def method(
    name: str,
    parameters: type[P],
    result: object,
    function: Callable[[RpcNode, P], Awaitable[object]],
    *,
    cost: int = READ,
) -> Method:
    """A method whose parameters are a record of this type. Its summary is the first line of the function's text."""

    async def run(node: RpcNode, given: Record) -> object:
        assert isinstance(given, parameters), "the dispatcher read the parameters as this type"
        return await function(node, given)

    return Method(name=name, summary=_summary(function), parameters=parameters, result=result, run=run, cost=cost)


def joint_method(
    name: str,
    parameters: type[P],
    result: object,
    function: Callable[[RpcNode, Sequence[P]], Awaitable[Sequence[object]]],
    *,
    cost: int = READ,
) -> Method:
    """A method whose calls in one batch are answered together."""

    async def run_many(node: RpcNode, given: Sequence[Record]) -> Sequence[object]:
        typed = [each for each in given if isinstance(each, parameters)]
        assert len(typed) == len(given), "the dispatcher read the parameters as this type"
        return await function(node, typed)

    async def run(node: RpcNode, given: Record) -> object:
        (answer,) = await run_many(node, (given,))
        if isinstance(answer, RpcError):
            raise answer
        return answer

    return Method(
        name=name,
        summary=_summary(function),
        parameters=parameters,
        result=result,
        run=run,
        run_many=run_many,
        cost=cost,
    )


def read_parameters(data: dict[str, object], type_: type[P]) -> P:
    """Read named parameters. A member of the type `object` is any JSON value and is carried as it is.

    Raises:
        InvalidParameters: a member is missing, unknown or not of its type.
    """
    carried = {name: data[name] for name in _open_names(type_) if name in data}
    try:
        value = from_json({name: data[name] for name in data if name not in carried}, type_, "params")
    except JsonFormError as error:
        raise of_form(error) from None
    return replace(value, **carried) if carried else value


@cache
def _open_names(type_: type[Record]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(type_).items() if hint is object)


def _summary(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").partition("\n")[0]
