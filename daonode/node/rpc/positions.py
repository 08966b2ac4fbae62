"""Positions on the chain: `height:index`, the index counting all events of a block; the cursors of subscriptions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, NewType

from msgspec import Meta

from daonode.node.rpc.errors import InvalidParameters

_PATTERN: Final = r"^(0|[1-9][0-9]{0,14}):(0|[1-9][0-9]{0,9})$"

PositionText = NewType("PositionText", Annotated[str, Meta(pattern=_PATTERN)])
"""A position as text."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of all events."""

    height: int
    index: int

    def __str__(self) -> str:
        return f"{self.height}:{self.index}"

    def text(self) -> PositionText:
        """As it stands on the wire."""
        return PositionText(str(self))


def read_position(text: str, *, path: str) -> Position:
    """Read a position that a caller gave.

    Raises:
        InvalidParameters: it is none.
    """
    match = re.match(_PATTERN, text, re.ASCII)
    if match is None or text.endswith("\n"):
        raise InvalidParameters(
            f"{path}: expected height:index such as 120:3, got {text[:64]!r}",
            reason="invalid_parameters",
            hint="give the position of the last notification",
            details={"path": path},
        )
    return Position(int(match[1]), int(match[2]))
