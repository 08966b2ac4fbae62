"""Exact arithmetic on unsigned 64-bit amounts: a result out of range is an error, never a wrap.

Amounts are whole base units, from 0 to ``U64_MAX``. There is no rounding but the one that a function's name states.
"""

from typing import Annotated, Final, NewType

from msgspec import Meta

from daonode.primitives.errors import PrimitiveError

U64_MAX: Final = 2**64 - 1
BPS_MAX: Final = 10_000

Bps = NewType("Bps", Annotated[int, Meta(ge=0, le=BPS_MAX)])
"""A share in basis points: 0 is none, 10_000 is the whole."""

Amount = NewType("Amount", Annotated[int, Meta(ge=0)])
"""A quantity of one asset in base units, an unsigned 64-bit number; a decimal string in JSON."""

TimeMs = NewType("TimeMs", Annotated[int, Meta(ge=0)])
"""A point of block time, milliseconds since the Unix epoch; RFC 3339 in JSON."""

DurationMs = NewType("DurationMs", Annotated[int, Meta(ge=0)])
"""A length of block time in milliseconds; a number with a unit in JSON, such as ``7d`` or ``1500ms``."""


class RangeError(PrimitiveError):
    """The result of an ``operation`` is no unsigned 64-bit number; ``result`` is None where there is none."""

    def __init__(self, *, operation: str, result: int | None) -> None:
        outcome = "has no result" if result is None else f"is {result}"
        super().__init__(f"{operation} {outcome}, expected 0 to {U64_MAX}")
        self.operation = operation
        self.result = result


def checked_add(augend: int, addend: int) -> int:
    """Return the sum, or raise ``RangeError`` where it is no unsigned 64-bit number."""
    result = augend + addend
    if not 0 <= result <= U64_MAX:
        raise RangeError(operation=f"{augend} + {addend}", result=result)
    return result


def ceil_div(dividend: int, divisor: int) -> int:
    """Return the quotient rounded up, or raise ``RangeError`` (divisor not positive, result beyond 64 bits)."""
    result = -(-dividend // divisor) if divisor > 0 else None
    # Every transaction comes here several times, so the text is made only where it is needed.
    if result is None or not 0 <= result <= U64_MAX:
        raise RangeError(operation=f"{dividend} / {divisor} rounded up", result=result)
    return result
