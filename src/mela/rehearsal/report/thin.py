"""Long series into few points, and points into few characters.

Thinning keeps the least and the greatest value of each stretch, in the order in which they came, so that a spike of one
second stays to be seen. A point is written in two characters of base 64: 4,096 levels between the least and the greatest
value, exact for whole numbers that span fewer.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
LEVELS = len(DIGITS) ** 2 - 1

Values = npt.NDArray[Any]


def stride(ticks: int, points: int) -> int:
    """Ticks that two points stand for, so that no more than `points` are needed; 0 where every tick keeps its own."""
    return 0 if ticks <= points else -(-2 * ticks // points)


def times(ticks: int, every: int) -> list[int]:
    """The tick of each point: begin and middle of each stretch."""
    if not every:
        return list(range(ticks))
    return [at for first in range(0, ticks, every) for at in (first, min(ticks - 1, first + every // 2))]


def thin(values: Values, every: int) -> Values:
    """(n_ticks,) to (n_points,): of each stretch its least and greatest, the earlier first."""
    if not every:
        return values
    missing = -values.size % every
    stretches = np.concatenate((values, np.repeat(values[-1:], missing))).reshape(-1, every)
    least, greatest = stretches.argmin(axis=1), stretches.argmax(axis=1)
    rows = np.arange(len(stretches))
    first, second = np.minimum(least, greatest), np.maximum(least, greatest)
    return np.stack((stretches[rows, first], stretches[rows, second]), axis=1).reshape(-1)


def coded(values: Values) -> dict[str, Any]:
    """The points for the page: `{c: value}` where all are alike, else base, step and digits."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return {"c": _short(low)}
    whole = np.issubdtype(values.dtype, np.integer) and high - low <= LEVELS
    step = 1.0 if whole else (high - low) / LEVELS
    places = np.rint((values - low) / step).astype(np.int64)
    digits = "".join(DIGITS[place >> 6] + DIGITS[place & 63] for place in places.tolist())
    return {"b": _short(low), "s": _short(step), "d": digits}


def _short(number: float) -> float | int:
    """Six digits, and no point where none is needed."""
    rounded = float(f"{number:.6g}")
    return int(rounded) if rounded.is_integer() else rounded
