"""The curve of an event: in braille for a terminal, as SVG for anything else."""

from collections.abc import Iterator
from datetime import timedelta
from html import escape

import numpy as np

from mela.kernel import clock
from mela.rehearsal.model import Demand, Floats, Moment
from mela.rehearsal.report import words

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille character: two columns of four dots, top first."""
WIDE, HIGH, LEFT, ABOVE, BELOW = 960, 320, 76, 56, 30
LABEL = 11


def lines(demand: Demand) -> dict[str, Floats]:
    """What is worth drawing: levels in their unit, actions per second."""
    actions = {f"{name} /s": demand.arrivals[:, column] for column, name in enumerate(demand.actions)}
    return {**demand.levels, **actions}


def braille(demand: Demand, values: Floats, width: int = 80, height: int = 10) -> Iterator[str]:
    """The area under the curve, its largest value, the clock and the moments."""
    columns = (width - LABEL) * 2
    edges = np.linspace(0, values.size, columns + 1).astype(int)
    tops = np.maximum.reduceat(values, np.minimum(edges[:-1], values.size - 1))
    high = float(tops.max()) or 1.0
    filled = np.rint(tops / high * height * 4).astype(int)
    for row in range(height):
        cells = [_cell(filled[2 * place : 2 * place + 2], (height - row) * 4) for place in range(width - LABEL)]
        label = words.count(high) if row == 0 else words.count(high / 2) if row == height // 2 else ""
        yield f"{label:>{LABEL - 1}} {''.join(cells)}".rstrip()
    yield f"{'0':>{LABEL - 1}} {'⎺' * (width - LABEL)}"
    yield " " * LABEL + _clocks(demand, width - LABEL).rstrip()


def _cell(filled: Floats, top: int) -> str:
    bits = 0
    for dots, level in zip(DOTS, filled.tolist(), strict=False):
        bits |= sum(dot for place, dot in enumerate(dots) if level >= top - place)
    return chr(0x2800 + bits)


def _clocks(demand: Demand, width: int) -> str:
    times = (demand.start + timedelta(seconds=place * demand.ticks / width) for place in range(0, width - 4, 10))
    return "".join(f"{clock.india(time):%H:%M}".ljust(10) for time in times)


def svg(demand: Demand, values: Floats, title: str, unit: str) -> str:
    """A picture of 960 by 406, light and dark by the viewer's wish, with the moments marked."""
    high = float(values.max()) or 1.0
    places = np.unique(np.linspace(0, values.size - 1, 1200).astype(int))
    points = " ".join(
        f"{_x(demand, place):.1f},{_y(value, high):.1f}"
        for place, value in zip(places.tolist(), values[places].tolist(), strict=True)
    )
    floor = ABOVE + HIGH
    grid = "".join(
        f'<path class="g" d="M{LEFT} {_y(part * high, high):.1f}H{LEFT + WIDE}"/>'
        f'<text x="{LEFT - 8}" y="{_y(part * high, high) + 4:.1f}" text-anchor="end">{words.count(part * high)}</text>'
        for part in (0.25, 0.5, 0.75, 1.0)
    )
    hours = "".join(
        f'<text x="{_x(demand, place):.1f}" y="{floor + 20}" text-anchor="middle">{_clock(demand, place)}</text>'
        for place in np.linspace(0, demand.ticks - 1, 9).astype(int).tolist()
    )
    moments = "".join(_moment(demand, moment, place) for place, moment in enumerate(demand.moments))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 24} {floor + BELOW}" role="img" font-family="system-ui,sans-serif" font-size="12">'
        f"<title>{escape(title)}</title><style>svg{{color-scheme:light dark;background:light-dark(#fffdf9,#1a2029)}}"
        "text{fill:light-dark(#667085,#98a2b3)}.t{fill:light-dark(#1d2430,#e8e6e1);font-size:16px;font-weight:650}"
        ".g{stroke:light-dark(#ece7dc,#262d38);fill:none}.m{stroke:light-dark(#667085,#98a2b3);stroke-dasharray:2 3;fill:none}"
        ".a{fill:#d9660b;fill-opacity:.16}.l{stroke:#d9660b;stroke-width:2;fill:none}</style>"
        f'<text class="t" x="{LEFT}" y="22">{escape(title)}, {escape(unit)}</text>{grid}{hours}{moments}'
        f'<polygon class="a" points="{LEFT},{floor} {points} {_x(demand, demand.ticks - 1):.1f},{floor}"/><polyline class="l" points="{points}"/></svg>\n'
    )  # fmt: skip


def html(demand: Demand, values: Floats, title: str, unit: str) -> str:
    """The picture as a page."""
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'{head}<body style="margin:0">{svg(demand, values, title, unit)}</body></html>\n'


def _clock(demand: Demand, second: int) -> str:
    return f"{clock.india(demand.start + timedelta(seconds=second)):%H:%M}"


def _moment(demand: Demand, moment: Moment, place: int) -> str:
    x = _x(demand, moment.at_s)
    anchor = "end" if x > LEFT + WIDE * 0.8 else "start"
    return (
        f'<path class="m" d="M{x:.1f} {ABOVE - 6}V{ABOVE + HIGH}"/>'
        f'<text x="{x:.1f}" y="{ABOVE - 10 + 13 * (place % 2) - 6}" font-size="10.5" text-anchor="{anchor}">{escape(moment.text)}</text>'
    )


def _x(demand: Demand, second: float) -> float:
    return LEFT + second / max(1, demand.ticks - 1) * WIDE


def _y(value: float, high: float) -> float:
    return ABOVE + HIGH - value / high * HIGH
