"""Positions on the chain: `height:index`, the index counting all events of a block; the cursors of subscriptions."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, NewType

from msgspec import Meta

from daonode.primitives.errors import PrimitiveError

POSITION_PATTERN: Final = r"^(0|[1-9][0-9]{0,14}):(0|[1-9][0-9]{0,9})$"
_POSITION: Final = re.compile(POSITION_PATTERN.removeprefix("^").removesuffix("$"), re.ASCII)

PositionText = NewType("PositionText", Annotated[str, Meta(pattern=POSITION_PATTERN)])
"""A position as text."""


class PositionError(PrimitiveError):
    """Text is no position; the message says what would be right."""


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


def parse_position(text: str) -> Position:
    """Read a position, or raise ``PositionError``."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise PositionError(f"expected height:index such as 120:3, got {text[:64]!r}")
    return Position(int(match[1]), int(match[2]))
