"""Curves through points that never rise or fall where the points do not.

A cubic through published figures swings above a peak that nobody published; a monotone one does not.
"""

import numpy as np

from mela.rehearsal.model import Floats


def monotone(x: Floats, y: Floats, at: Floats) -> Floats:
    """Piecewise cubic Hermite curve through (x, y), (n,), at the places `at`, (m,); flat before and after.

    Slopes are weighted harmonic means of the neighbouring secants, zero where they change sign.
    Source: Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5 (1984), 300-304, doi.org/10.1137/0905021.
    """
    if len(x) == 1:
        return np.full(at.shape, y[0])
    inside = np.clip(at, x[0], x[-1])
    slope = _slopes(x, y)
    left = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    width = x[left + 1] - x[left]
    t = (inside - x[left]) / width
    rise = y[left + 1] - y[left]
    d0, d1 = slope[left] * width, slope[left + 1] * width
    return y[left] + t * (d0 + t * ((3 * rise - 2 * d0 - d1) + t * (d0 + d1 - 2 * rise)))


def bump(at: Floats, rise_s: float, hold_s: float, fade_s: float) -> Floats:
    """From 0 to 1 over the rise, 1 while it holds, back to 0 over the fade; `at` is seconds after its begin, (m,)."""
    top = rise_s + hold_s
    return np.interp(at, [0.0, max(rise_s, 1e-9), max(top, 2e-9), max(top + fade_s, 3e-9)], [0.0, 1.0, 1.0, 0.0])


def _slopes(x: Floats, y: Floats) -> Floats:
    width = np.diff(x)
    secant = np.diff(y) / width
    slope = np.zeros_like(y)
    slope[0], slope[-1] = _end(width, secant), _end(width[::-1], secant[::-1])
    before, after = secant[:-1], secant[1:]
    same = before * after > 0
    w1, w2 = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = (w1 + w2) / (w1 / before + w2 / after)
    slope[1:-1] = np.where(same, mean, 0.0)
    return slope


def _end(width: Floats, secant: Floats) -> float:
    """The slope at an end: of the parabola through three points, kept within what stays monotone."""
    if len(secant) == 1:
        return float(secant[0])
    slope = ((2 * width[0] + width[1]) * secant[0] - width[0] * secant[1]) / (width[0] + width[1])
    if slope * secant[0] <= 0:
        return 0.0
    if secant[0] * secant[1] <= 0 and abs(slope) > abs(3 * secant[0]):
        return float(3 * secant[0])
    return float(slope)
