"""Exact arithmetic on unsigned 64-bit amounts: a result out of range is an error, never a wrap.

Amounts are whole base units, from 0 to ``U64_MAX``. Products are taken exactly, whatever their size, and only
the result must fit. There is no rounding but the one that a function's name or first line states.
"""

import math
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
    """The result of an ``operation`` lies outside ``low`` to ``high``; ``result`` is None where there is none."""

    def __init__(self, *, operation: str, result: int | None, low: int = 0, high: int = U64_MAX) -> None:
        outcome = "has no result" if result is None else f"is {result}"
        super().__init__(f"{operation} {outcome}, expected {low} to {high}")
        self.operation = operation
        self.result = result
        self.low = low
        self.high = high


def checked_add(augend: int, addend: int) -> int:
    """Return the sum, or raise ``RangeError`` where it is no unsigned 64-bit number."""
    return _check_u64(augend + addend, operation=f"{augend} + {addend}")


def checked_sub(minuend: int, subtrahend: int) -> int:
    """Return the difference, or raise ``RangeError`` where it is negative or beyond 64 bits."""
    return _check_u64(minuend - subtrahend, operation=f"{minuend} - {subtrahend}")


def checked_mul(multiplicand: int, multiplier: int) -> int:
    """Return the product, or raise ``RangeError`` where it is no unsigned 64-bit number."""
    return _check_u64(multiplicand * multiplier, operation=f"{multiplicand} * {multiplier}")


def checked_mul_div(multiplicand: int, multiplier: int, divisor: int) -> int:
    """Return the exact product divided by ``divisor``, rounded down.

    Raises ``RangeError`` where ``divisor`` is not positive or the quotient is no unsigned 64-bit number.
    """
    operation = f"{multiplicand} * {multiplier} / {divisor}"
    if divisor <= 0:
        raise RangeError(operation=operation, result=None)
    return _check_u64(multiplicand * multiplier // divisor, operation=operation)


def ceil_div(dividend: int, divisor: int) -> int:
    """Return the quotient rounded up, or raise ``RangeError`` (divisor not positive, result beyond 64 bits)."""
    result = -(-dividend // divisor) if divisor > 0 else None
    # Every transaction comes here several times, so the text is made only where it is needed.
    if result is None or not 0 <= result <= U64_MAX:
        raise RangeError(operation=f"{dividend} / {divisor} rounded up", result=result)
    return result


def isqrt(number: int) -> int:
    """Return the greatest integer whose square is at most ``number``, or raise ``RangeError`` for a negative one."""
    if number < 0:
        raise RangeError(operation=f"the square root of {number}", result=None)
    return _check_u64(math.isqrt(number), operation=f"the square root of {number}")


def check_bps(number: int) -> Bps:
    """Return the number as basis points, or raise ``RangeError`` where it is not in 0 to 10_000."""
    if not 0 <= number <= BPS_MAX:
        raise RangeError(operation="a share in basis points", result=number, high=BPS_MAX)
    return Bps(number)


def _check_u64(result: int, *, operation: str) -> int:
    if not 0 <= result <= U64_MAX:
        raise RangeError(operation=operation, result=result)
    return result
