"""What a mutant is, and how one is made: a name in the product that means something else for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One removed clause. `scenarios` are the kinds of runs that bring about what it allows.

    `invariant` is the one that must be seen to break, where it matters which one is.
    """

    name: str
    clause: str
    scenarios: tuple[str, ...]
    apply: Callable[[], AbstractContextManager[None]]
    invariant: str = ""


@contextmanager
def patched(owner: object, name: str, value: object) -> Iterator[None]:
    """Let a module's or class's name mean something else until the end."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def replacing(owner: object, name: str, value: object) -> Callable[[], AbstractContextManager[None]]:
    """A patch that can be applied again and again."""
    return lambda: patched(owner, name, value)
