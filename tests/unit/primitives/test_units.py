"""Arithmetic that is exact or refuses."""

import pytest

from daonode.primitives.units import U64_MAX, RangeError, ceil_div, checked_add


def test_results_inside_64_bits_are_exact() -> None:
    assert checked_add(U64_MAX - 1, 1) == U64_MAX
    assert (ceil_div(7, 2), ceil_div(8, 2), ceil_div(0, 9), ceil_div(U64_MAX, 1)) == (4, 4, 0, U64_MAX)


def test_results_outside_64_bits_are_refused_and_never_wrap() -> None:
    with pytest.raises(RangeError, match=r"\+ 1 is 18446744073709551616, expected 0 to 18446744073709551615"):
        checked_add(U64_MAX, 1)
    with pytest.raises(RangeError, match=r"3 \+ -4 is -1"):
        checked_add(3, -4)
    with pytest.raises(RangeError, match="rounded up is 18446744073709551616"):
        ceil_div(2**65, 2)


@pytest.mark.parametrize("divisor", [0, -1])
def test_a_divisor_that_is_not_positive_has_no_result(divisor: int) -> None:
    with pytest.raises(RangeError, match="no result"):
        ceil_div(1, divisor)
