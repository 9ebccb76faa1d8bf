"""Curves laid over each other, as one SVG: what was rehearsed beside what was seen. Light and dark by the viewer's wish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

import numpy as np

from mela.rehearsal.model import Counts, Floats

Values: TypeAlias = Floats | Counts

WIDE, HIGH, LEFT, GAP, ABOVE = 860, 150, 60, 54, 88
INKS = {"seen": "#d9660b", "rehearsed": "#2f6fb3", "asked": "#8a8f98"}
"""One colour per meaning, in every panel."""
STYLE = (
    "svg{color-scheme:light dark;background:light-dark(#fffdf9,#1a2029)}text{fill:light-dark(#667085,#98a2b3)}"
    ".t{fill:light-dark(#1d2430,#e8e6e1);font-weight:650}.g{stroke:light-dark(#ece7dc,#262d38);fill:none}path{fill:none}"
)


@dataclass(frozen=True)
class Panel:
    """`lines` by meaning (a key of INKS), each (n,) over the same seconds; what is not a number is not drawn."""

    title: str
    lines: Mapping[str, Values]


def svg(title: str, below: str, seconds: Values, panels: Sequence[Panel]) -> str:
    """All panels over one time axis, `seconds` (n,)."""
    tall = ABOVE + len(panels) * (HIGH + GAP) + 10
    drawn = "".join(_panel(each, seconds, ABOVE + place * (HIGH + GAP)) for place, each in enumerate(panels))
    keys = "".join(
        f'<path stroke="{ink}" stroke-width="3" d="M{LEFT + 120 * place} 44h22"/><text x="{LEFT + 120 * place + 28}" y="48">{name}</text>'
        for place, (name, ink) in enumerate(INKS.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 20} {tall + 22}" role="img" font-family="system-ui,sans-serif" font-size="12">'
        f'<title>{escape(title)}</title><style>{STYLE}</style><text class="t" x="{LEFT}" y="24" font-size="16">{escape(title)}</text>{keys}{drawn}'
        f'<text x="{LEFT}" y="{tall + 8}">{escape(below)}</text></svg>\n'
    )


def _panel(panel: Panel, seconds: Values, top: int) -> str:
    high = max(float(np.nanmax(values)) for values in panel.lines.values()) * 1.05 or 1.0
    floor, last = top + HIGH, float(seconds[-1])
    grid = "".join(
        f'<path class="g" d="M{LEFT} {floor - part * HIGH:.0f}H{LEFT + WIDE}"/><text x="{LEFT - 6}" y="{floor - part * HIGH + 4:.0f}" text-anchor="end">{part * high:.3g}</text>'
        for part in (0, 0.5, 1)
    )
    minutes = "".join(
        f'<text x="{LEFT + at / last * WIDE:.0f}" y="{floor + 15}" text-anchor="middle">{at // 60} min</text>'
        for at in range(0, int(last) + 1, 60)
    )
    curves = "".join(
        f'<path stroke="{INKS[name]}" stroke-width="{1.2 if name == "asked" else 1.8}" d="{_way(seconds, values, high, floor)}"/>'
        for name, values in panel.lines.items()
    )
    return f'<text class="t" x="{LEFT}" y="{top - 8}">{escape(panel.title)}</text>{grid}{minutes}{curves}'


def _way(seconds: Values, values: Values, high: float, floor: int) -> str:
    """Move to the first number after a gap, draw on from there."""
    words, pen = [], "M"
    for at, value in zip(seconds.tolist(), values.tolist(), strict=True):
        if value != value:  # noqa: PLR0124 - not a number
            pen = "M"
            continue
        words.append(f"{pen}{LEFT + at / seconds[-1] * WIDE:.1f} {floor - value / high * HIGH:.1f}")
        pen = "L"
    return "".join(words)
