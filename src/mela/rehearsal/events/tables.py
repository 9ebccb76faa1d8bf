"""An event as a CSV table: what your own monitoring exports.

The first column is `time` (ISO 8601 with zone), or `at_s` or `at_min` with a line `# start: 2026-11-29T19:30+05:30` above
the header. Every other column is an action with its unit, `search/s` or `order/min`, or a level such as `viewers`,
which does what it does in the event that a line `# like: match-2019` names. Between rows the curve is monotone.
"""

import csv
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mela.rehearsal import reading
from mela.rehearsal.events.event import Event
from mela.rehearsal.events.files import LARGEST, LONGEST_S, MOST_POINTS
from mela.rehearsal.events.model import Action, Origin, Point, Series
from mela.rehearsal.reading import Unusable

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
TIME_COLUMNS = {"at_s": 1.0, "at_min": 60.0}
OWN = Origin("assumption", note="from a table of your own")

_REMARK = re.compile(r"#\s*(start|like|title)\s*:\s*(\S.*)")
_COLUMN = re.compile(r"([a-z0-9]+(?:[-.][a-z0-9]+)*)(?:/(s|min|h))?")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as it stands: `rows` with their lines, remarks by key with theirs."""

    file: str
    header_line: int
    header: list[str]
    rows: list[tuple[int, list[str]]]
    remarks: dict[str, tuple[str, int]]

    def wrong(self, line: int, says: str) -> Unusable:
        return Unusable(self.file, line, says)


def read(file: Path, base: Callable[[str], Event], shown: str | None = None) -> Event:
    """The event of a table. Raises: Unusable."""
    table = _table(shown or str(file), reading.read(file, shown or str(file)))
    start, times = _times(table)
    like = _like(table, base)
    series: dict[str, Series] = {}
    actions: dict[str, Action] = {}
    for index, column in enumerate(table.header[1:], 1):
        name, unit = _column(table, column)
        if name in series:
            raise table.wrong(table.header_line, f"column {name} stands twice; keep one of them")
        points = tuple(Point(at, _cell(table, row, index), OWN) for at, row in zip(times, table.rows, strict=True))
        if unit:
            series[name] = Series(name, "rate", points, per_s=UNITS_S[unit])
            actions[name] = Action(name, (name,), OWN, each=1.0)
        else:
            series[name], more = _level(table, name, points, like)
            actions |= more
    title = table.remarks.get("title", (Path(file).stem, 0))[0]
    text = f"A table of your own, {len(times)} rows."
    return Event(
        re.sub("[^a-z0-9]+", "-", Path(file).stem.lower()).strip("-") or "own",
        title,
        text,
        "own",
        start,
        round(times[-1]),
        series,
        actions,
        file=table.file,
    )


def _table(name: str, text: str) -> _Table:
    remarks: dict[str, tuple[str, int]] = {}
    rows: list[tuple[int, list[str]]] = []
    for line, content in enumerate(text.splitlines(), 1):
        if match := _REMARK.match(content):
            remarks[match[1]] = (match[2].strip(), line)
        elif content.strip() and not content.startswith("#"):
            rows.append((line, [cell.strip() for cell in next(csv.reader([content]))]))
    if not 3 <= len(rows) <= MOST_POINTS:
        raise Unusable(
            name, 0, f"a table needs a header and from 2 to {MOST_POINTS} rows; this has {max(len(rows) - 1, 0)}"
        )
    (header_line, header), *body = rows
    for line, cells in body:
        if len(cells) != len(header):
            raise Unusable(name, line, f"{len(cells)} cells under {len(header)} columns; give each column a value")
    if len(header) < 2:
        raise Unusable(name, header_line, "one column only; add one beside the time, such as viewers or search/s")
    return _Table(name, header_line, header, body, remarks)


def _times(table: _Table) -> tuple[datetime, list[float]]:
    """When it starts, and the seconds of each row after that."""
    column = table.header[0]
    if column == "time":
        moments = [_moment(table, cells[0], line) for line, cells in table.rows]
        start, times = moments[0], [(each - moments[0]).total_seconds() for each in moments]
    elif column in TIME_COLUMNS:
        if "start" not in table.remarks:
            raise table.wrong(table.header_line, "add a line `# start: 2026-11-29T19:30+05:30` above the header")
        start = _moment(table, *table.remarks["start"])
        times = [_cell(table, row, 0) * TIME_COLUMNS[column] for row in table.rows]
    else:
        raise table.wrong(table.header_line, f"the first column is {column!r}; name it time, at_s or at_min")
    for (line, _), before, after in zip(table.rows[1:], times[:-1], times[1:], strict=True):
        if not before < after <= LONGEST_S:
            raise table.wrong(line, "a row must be later than the one before it, and within a week of the first")
    if times[-1] < 60:
        raise table.wrong(table.rows[-1][0], "the table must last at least a minute")
    return start, times


def _moment(table: _Table, text: str, line: int) -> datetime:
    if (value := reading.moment(text)) is None:
        raise table.wrong(line, f"{text[:40]!r} is no time with a zone; write 2026-11-29T19:30:00+05:30")
    return value


def _cell(table: _Table, row: tuple[int, list[str]], index: int) -> float:
    line, cells = row
    try:
        value = float(cells[index])
    except ValueError:
        value = math.nan
    if not 0 <= value <= LARGEST:
        raise table.wrong(line, f"{table.header[index]} is {cells[index][:40]!r}; give a number from 0 to {LARGEST:g}")
    return value


def _column(table: _Table, column: str) -> tuple[str, str | None]:
    if not (match := _COLUMN.fullmatch(column)):
        raise table.wrong(table.header_line, f"column {column[:40]!r}: write a name, with /s, /min or /h for a rate")
    return match[1], match[2]


def _like(table: _Table, base: Callable[[str], Event]) -> Event | None:
    if "like" not in table.remarks:
        return None
    name, line = table.remarks["like"]
    try:
        return base(name)
    except Unusable as error:
        raise table.wrong(line, f"like: {error.says}") from error


def _level(table: _Table, name: str, points: tuple[Point, ...], like: Event | None) -> tuple[Series, dict[str, Action]]:
    """A level of the user's, with what the other event's crowd does at its own."""
    if like is None:
        says = f"column {name} has no unit, so it is a level: add `# like: match-2019` above, or name it {name}/s"
        raise table.wrong(table.header_line, says)
    if name not in like.series or like.series[name].kind not in ("level", "ratio"):
        levels = ", ".join(key for key, each in like.series.items() if each.kind in ("level", "ratio")) or "none"
        raise table.wrong(table.header_line, f"column {name}: {like.name} has no such level; it has {levels}")
    actions = {key: action for key, action in like.actions.items() if action.of == (name,)}
    return replace(like.series[name], points=points), actions
