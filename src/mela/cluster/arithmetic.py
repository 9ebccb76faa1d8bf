"""Go's numbers: integers that wrap, division that truncates, floats that become integers.

Upstream computes with int32, int64 and float64. Python's integers neither wrap nor truncate towards zero, and its
division of integers is more exact than Go's. What follows is the difference.

Source: Go specification, "Integer overflow", "Arithmetic operators", "Conversions" (go.dev/ref/spec, 2026-11-23). A float
that does not fit is left to the platform there; amd64 answers with the smallest integer, and so do we.
"""

import math

MAX_INT32 = 2**31 - 1
MIN_INT32 = -(2**31)
MAX_INT64 = 2**63 - 1
MIN_INT64 = -(2**63)


def int32(value: int) -> int:
    """Wrap to 32 bits."""
    return (value - MIN_INT32) % 2**32 + MIN_INT32


def int64(value: int) -> int:
    """Wrap to 64 bits."""
    return (value - MIN_INT64) % 2**64 + MIN_INT64


def quotient(numerator: int, denominator: int) -> int:
    """Divide 64-bit integers, towards zero."""
    magnitude = abs(numerator) // abs(denominator)
    return int64(magnitude if (numerator < 0) == (denominator < 0) else -magnitude)


def ratio(numerator: float, denominator: float) -> float:
    """Divide as IEEE 754 does: nothing raises, zero gives an infinity or not-a-number. Both sides become floats first."""
    top, bottom = float(numerator), float(denominator)
    if bottom != 0.0:
        return top / bottom
    if top == 0.0 or math.isnan(top):
        return math.nan
    return math.copysign(math.inf, top) * math.copysign(1.0, bottom)


def ceiling(value: float) -> float:
    """Round up; infinities and not-a-number stay what they are."""
    return float(math.ceil(value)) if math.isfinite(value) else value


def floor(value: float) -> float:
    """Round down; infinities and not-a-number stay what they are."""
    return float(math.floor(value)) if math.isfinite(value) else value


def int32_of(value: float) -> int:
    """Cut a float to 32 bits; the smallest integer when it does not fit."""
    return _cut(value, MIN_INT32, MAX_INT32)


def int64_of(value: float) -> int:
    """Cut a float to 64 bits; the smallest integer when it does not fit."""
    return _cut(value, MIN_INT64, MAX_INT64)


def _cut(value: float, lowest: int, highest: int) -> int:
    if not math.isfinite(value):
        return lowest
    whole = math.trunc(value)
    return whole if lowest <= whole <= highest else lowest
