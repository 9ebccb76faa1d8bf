"""Reachability as a table and as a picture: what is needed and open, needed but closed, open but not needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mela.cluster import reachability
from mela.cluster.objects import System
from mela.cluster.reachability import ANYBODY, Link

COLUMNS = ("from", "to", "port", "needed", "open", "decided by")
ROW, WIDTH, BOX, MARGIN, TOP = 44, 900, 280, 30, 70
"""Pixels of the picture: a row, the whole width, a box, the margins."""
LONGEST = 37
"""Letters that a box holds; longer names lose their middle, and stand in the box's title."""


@dataclass(frozen=True, slots=True)
class Style:
    colour: str
    dashes: str
    says: str


STYLES = {
    (True, True): Style("#15803d", "", "needed and open"),
    (True, False): Style("#b91c1c", "", "needed, but closed"),
    (False, True): Style("#b45309", "6 4", "open, but not needed"),
}
"""By needed and open. Told by colour, dashes and words, so that nobody depends on colours."""


def rows(system: System) -> list[tuple[str, ...]]:
    """The table's rows, in the order of `COLUMNS`."""
    return [_row(link) for link in reachability.links(system)]


def picture(system: System) -> str:
    """An SVG: callers on the left, called on the right, a line per connection with its words in a title.

    Who may call anybody, or be called by anybody, has a box with a broken frame, instead of a line to everybody.
    """
    links = list(reachability.links(system))
    drawn = [link for link in links if ANYBODY not in (link.source, link.target)]
    left, right = _ends(link.source for link in links), _ends(link.target for link in links)
    open_left = {link.source for link in links if link.target == ANYBODY}
    open_right = {link.target for link in links if link.source == ANYBODY}
    height = TOP + ROW * max(len(left), len(right), 1) + MARGIN
    at_left, at_right = ({name: TOP + ROW * i + ROW // 2 for i, name in enumerate(side)} for side in (left, right))
    body = [
        *_legend(),
        *(_line(link, at_left[link.source], at_right[link.target]) for link in drawn),
        *(_box(name, MARGIN, y, "may call anybody" if name in open_left else "") for name, y in at_left.items()),
        *(
            _box(name, WIDTH - MARGIN - BOX, y, "anybody may call it" if name in open_right else "")
            for name, y in at_right.items()
        ),
    ]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" '
        f'role="img" aria-label="Reachability of {len(left)} callers and {len(right)} called">'
    )
    return "\n".join([opening, f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *body, "</svg>\n"])


def _row(link: Link) -> tuple[str, ...]:
    return (
        link.source,
        link.target,
        f"{link.port}/{link.protocol}" if link.port else "all",
        link.need or "no",
        "yes" if link.is_open else "NO",
        ", ".join(each.rpartition("/")[2] for each in link.policies) or "no policy",
    )


def _ends(names: Iterable[str]) -> Sequence[str]:
    return sorted(dict.fromkeys(name for name in names if name != ANYBODY))


def _line(link: Link, start: int, end: int) -> str:
    style = STYLES[bool(link.need), link.is_open]
    x1, x2, middle = MARGIN + BOX, WIDTH - MARGIN - BOX, WIDTH // 2
    dashes = f' stroke-dasharray="{style.dashes}"' if style.dashes else ""
    port = f"{link.port}/{link.protocol}" if link.port else "every port"
    title = escape(f"{link.source} to {link.target}, {port}: {style.says}")
    return (
        f'<path d="M{x1} {start} C{middle} {start} {middle} {end} {x2} {end}" fill="none" stroke="{style.colour}" '
        f'stroke-width="2"{dashes}><title>{title}</title></path>'
    )


def _box(name: str, x: int, y: int, is_open: str) -> str:
    title = escape(f"{name}: {is_open}" if is_open else name)
    return (
        f'<g><title>{title}</title><rect x="{x}" y="{y - 15}" width="{BOX}" height="30" rx="5" fill="#f8fafc" '
        f'{_frame(bool(is_open))}/><text x="{x + 10}" y="{y + 5}" fill="#0f172a">{escape(_short(name))}</text></g>'
    )


def _frame(is_open: bool) -> str:
    style = STYLES[False, True]
    return f'stroke="{style.colour}" stroke-dasharray="{style.dashes}"' if is_open else 'stroke="#475569"'


def _short(name: str) -> str:
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[-half:]}"


def _legend() -> list[str]:
    parts = []
    for index, style in enumerate(STYLES.values()):
        x = MARGIN + index * 205
        dashes = f' stroke-dasharray="{style.dashes}"' if style.dashes else ""
        parts.append(f'<line x1="{x}" y1="30" x2="{x + 40}" y2="30" stroke="{style.colour}" stroke-width="2"{dashes}/>')
        parts.append(f'<text x="{x + 48}" y="35" fill="#0f172a">{style.says}</text>')
    x = MARGIN + len(STYLES) * 205
    parts.append(f'<rect x="{x}" y="20" width="40" height="20" rx="5" fill="#f8fafc" {_frame(True)}/>')
    parts.append(f'<text x="{x + 48}" y="35" fill="#0f172a">open to or for anybody</text>')
    return parts
