"""What a resource is: a path, the types of its parameters and its answer, and the function between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from msgspec import Struct

from daonode.primitives.codec import Record
from daonode.stores.access import Head, Snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """One state of the store, and the height of a node, None where none answers."""

    snapshot: Snapshot
    head: Head
    node_height: int | None = None


class Parameters(Record, frozen=True):
    """The base of parameters: those that the path names, then those of the query."""


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of every answer: a JSON object with these members."""


P = TypeVar("P", bound=Parameters)
READ: Final = 1.0
"""What a read costs of a client's budget."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource. `name` is that of its function; `is_live` marks an answer that may differ at one height: nobody
    keeps it."""

    name: str
    path: str
    summary: str
    description: str
    parameters: type[Parameters]
    answer: type[Form]
    run: Callable[[Asked, Parameters], Form]
    is_live: bool = False

    @property
    def path_names(self) -> tuple[str, ...]:
        """The parameters that stand in the path, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def endpoint(
    path: str,
    parameters: type[P],
    answer: type[Form],
    function: Callable[[Asked, P], Form],
    *,
    is_live: bool = False,
) -> Endpoint:
    """A resource whose summary and description are the function's text."""

    def run(asked: Asked, given: Parameters) -> Form:
        assert isinstance(given, parameters), "the parameters were read as this type"
        return function(asked, given)

    summary, _, description = (function.__doc__ or "").partition("\n")
    return Endpoint(
        name=function.__name__,
        path=path,
        summary=summary,
        description=" ".join(description.split()),
        parameters=parameters,
        answer=answer,
        run=run,
        is_live=is_live,
    )
