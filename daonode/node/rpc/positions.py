"""Positions that callers give."""

from __future__ import annotations

from daonode.node.rpc.errors import InvalidParameters
from daonode.primitives.positions import Position, PositionError, parse_position


def read_position(text: str, *, path: str) -> Position:
    """Read a position that a caller gave.

    Raises:
        InvalidParameters: it is none.
    """
    try:
        return parse_position(text)
    except PositionError as error:
        raise InvalidParameters(
            f"{path}: {error}",
            reason="invalid_parameters",
            hint="give the position of the last notification",
            details={"path": path},
        ) from None
