"""Arithmetic that is exact or refuses."""

import pytest

from daonode.primitives.units import (
    U64_MAX,
    RangeError,
    ceil_div,
    check_bps,
    checked_add,
    checked_mul,
    checked_mul_div,
    checked_sub,
    isqrt,
)


def test_results_inside_64_bits_are_exact() -> None:
    assert checked_add(U64_MAX - 1, 1) == U64_MAX
    assert checked_sub(5, 5) == 0
    assert checked_mul(2**32, 2**32 - 1) == 2**64 - 2**32
    assert checked_mul_div(U64_MAX, U64_MAX, U64_MAX) == U64_MAX
    assert checked_mul_div(7, 3, 2) == 10
    assert (ceil_div(7, 2), ceil_div(8, 2), ceil_div(0, 9)) == (4, 4, 0)
    assert isqrt(U64_MAX) == 2**32 - 1
    assert isqrt(15) == 3


def test_results_outside_64_bits_are_refused_and_never_wrap() -> None:
    with pytest.raises(RangeError, match=r"\+ 1 is 18446744073709551616"):
        checked_add(U64_MAX, 1)
    with pytest.raises(RangeError, match="3 - 4 is -1, expected 0 to"):
        checked_sub(3, 4)
    with pytest.raises(RangeError):
        checked_mul(2**32, 2**32)
    with pytest.raises(RangeError):
        checked_mul_div(U64_MAX, 2, 1)


@pytest.mark.parametrize("divisor", [0, -1])
def test_a_divisor_that_is_not_positive_has_no_result(divisor: int) -> None:
    with pytest.raises(RangeError, match="no result"):
        checked_mul_div(1, 1, divisor)
    with pytest.raises(RangeError, match="no result"):
        ceil_div(1, divisor)


def test_a_negative_number_has_no_root() -> None:
    with pytest.raises(RangeError, match="no result"):
        isqrt(-1)


def test_basis_points_are_0_to_10_000() -> None:
    assert (check_bps(0), check_bps(10_000)) == (0, 10_000)
    for wrong in (-1, 10_001):
        with pytest.raises(RangeError, match="expected 0 to 10000"):
            check_bps(wrong)
