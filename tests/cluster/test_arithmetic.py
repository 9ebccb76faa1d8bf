"""Go's numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import arithmetic, percentage


@given(st.integers())
def test_wrapped_integers_stay_in_range_and_congruent(value: int) -> None:
    assert arithmetic.MIN_INT32 <= arithmetic.int32(value) <= arithmetic.MAX_INT32
    assert (arithmetic.int64(value) - value) % 2**64 == 0


@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62).filter(bool))
def test_quotient_cuts_towards_zero(numerator: int, denominator: int) -> None:
    rest = numerator - arithmetic.quotient(numerator, denominator) * denominator
    assert abs(rest) < abs(denominator)
    assert rest * numerator >= 0


def test_division_by_zero_is_an_infinity_or_no_number() -> None:
    assert arithmetic.ratio(1, 0) == math.inf
    assert arithmetic.ratio(-1, 0) == -math.inf
    assert math.isnan(arithmetic.ratio(0, 0))


def test_large_integers_become_floats_before_they_are_divided() -> None:
    numerator, denominator = 2**62 + 2**9, 2**61 + 2**8
    assert arithmetic.ratio(numerator, denominator) == float(numerator) / float(denominator)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300])
def test_float_that_does_not_fit_is_the_smallest_integer(value: float) -> None:
    assert arithmetic.int32_of(value) == -(2**31)
    assert arithmetic.int64_of(value) == -(2**63)


def test_float_that_fits_is_cut() -> None:
    assert (arithmetic.int32_of(-1.9), arithmetic.int64_of(2.0**40 + 0.5)) == (-1, 2**40)


def test_rounding_leaves_infinities_alone() -> None:
    assert (arithmetic.ceiling(1.1), arithmetic.floor(-1.1)) == (2.0, -2.0)
    assert arithmetic.ceiling(math.inf) == arithmetic.floor(math.inf) == math.inf


@pytest.mark.parametrize(
    ("written", "total", "up", "down"), [("25%", 10, 3, 2), ("0%", 5, 0, 0), ("100%", 7, 7, 7), (4, 10, 4, 4)]
)
def test_percentage_is_rounded_as_asked(written: int | str, total: int, up: int, down: int) -> None:
    assert percentage.scaled(written, total, up=True) == up
    assert percentage.scaled(written, total, up=False) == down


@pytest.mark.parametrize("written", ["5", "", "%", "5 %", "five%", "5.5%", "9999999999999999999%"])
def test_text_that_is_no_percentage_is_refused(written: str) -> None:
    with pytest.raises(percentage.InvalidPercentage):
        percentage.scaled(written, 10, up=True)
