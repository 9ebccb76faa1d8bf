"""Schedules: five crontab fields, a name such as `@daily`, or `@every 90m`, with an optional zone before them.

A day must match day-of-month and day-of-week when either field has a star, else one of them is enough.

Source: github.com/robfig/cron v3.0.1, parser.go, spec.go, constantdelay.go; Go 1.26, time.ParseDuration (read 2026-11-23).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from mela.cluster import arithmetic
from mela.cluster.admission.cronjob import model, zones

MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
DAYS = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}
NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EVERY = "@every "
UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": model.SECOND,
    "m": 60 * model.SECOND,
    "h": 3600 * model.SECOND,
}
SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SPACES = re.compile(f"[{SPACE}]+")
NUMBER = re.compile(r"\+?[0-9]{1,40}", re.ASCII)
DURATION_PART = re.compile(r"(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?([^.0-9]+)", re.ASCII)
HORIZON_YEARS = 5
"""A schedule that names no time for so long names none at all, such as the 30th of February."""


class InvalidSchedule(ValueError):
    """A schedule that cannot be read."""


@dataclass(frozen=True, slots=True)
class Field:
    """The values that a crontab field allows, and whether it has a star."""

    values: frozenset[int]
    star: bool


@dataclass(frozen=True, slots=True)
class Crontab:
    """A crontab line on a wall clock."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    clock: zones.Clock

    def next(self, after_ns: int) -> int | None:
        """Return the first time after an instant; None when there is none within the horizon."""
        if not all(each.values for each in (self.minute, self.hour, self.month)):
            return None
        found = _Search(self, after_ns // model.SECOND + 1).run()
        return None if found is None else found * model.SECOND


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed distance between starts, in whole seconds."""

    delay_ns: int

    def next(self, after_ns: int) -> int:
        """Return the time one delay after an instant, on the second."""
        return after_ns // model.SECOND * model.SECOND + self.delay_ns


Schedule: TypeAlias = Crontab | Every


def parse(text: str) -> Schedule:
    """Read a schedule. Without a zone of its own it is in UTC. Raises: InvalidSchedule."""
    clock = zones.clock("UTC")
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, blank, text = text.partition("=")[2].partition(" ")
        if not blank:
            raise InvalidSchedule(f"after the zone {zone!r} a space and a schedule are missing")
        clock, text = _clock(zone), SPACES.sub("", text, count=1) if SPACES.match(text) else text
        text = re.sub(f"[{SPACE}]+$", "", text)
    if text.startswith(EVERY):
        return Every(_whole_seconds(_duration(text.removeprefix(EVERY))))
    if text.startswith("@") and text not in NAMED:
        raise InvalidSchedule(f"{text!r} is not known; names are {', '.join(NAMED)} and @every")
    return _crontab(NAMED.get(text, text), clock)


def _clock(zone: str) -> zones.Clock:
    try:
        return zones.clock(zone)
    except zones.UnknownZone as error:
        raise InvalidSchedule(str(error)) from error


def _crontab(text: str, clock: zones.Clock) -> Crontab:
    fields = [each for each in SPACES.split(text) if each]
    if len(fields) != 5:
        raise InvalidSchedule(f"{text!r} has {len(fields)} fields; minute, hour, day, month and weekday are needed")
    minute, hour, day, month, weekday = fields
    return Crontab(
        _field(minute, 0, 59),
        _field(hour, 0, 23),
        _field(day, 1, 31),
        _field(month, 1, 12, MONTHS),
        _field(weekday, 0, 6, DAYS),
        clock,
    )


def _field(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> Field:
    """Read a list of ranges; empty entries count for nothing, so a field may allow no value at all."""
    ranges = [_range(each, low, high, names or {}) for each in text.split(",") if each]
    values = frozenset(value for allowed, _ in ranges for value in allowed)
    return Field(values, any(star for _, star in ranges))


def _range(text: str, low: int, high: int, names: Mapping[str, int]) -> tuple[range, bool]:
    """Read `*`, `5`, `1-5`, each with an optional `/step`; a single number with a step goes on to the end."""
    ends, *steps = text.split("/")
    first, *rest = ends.split("-")
    star = first in ("*", "?")
    if len(steps) > 1 or (len(rest) > 1 and not star):
        raise InvalidSchedule(f"{text!r} has too many slashes or hyphens")
    start = low if star else _number(first, names)
    end = high if star or (steps and not rest) else _number(rest[0], names) if rest else start
    step = _number(steps[0], {}) if steps else 1
    if not low <= start <= end <= high or step == 0:
        raise InvalidSchedule(f"{text!r} is no range of {low} to {high} with a step of at least 1")
    return range(start, end + 1, step), star and step == 1


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not NUMBER.fullmatch(text) or int(text) > arithmetic.MAX_INT64:
        raise InvalidSchedule(f"{text!r} is not a number that belongs here")
    return int(text)


def _duration(text: str) -> int:
    """Read a duration such as `1h30m` or `1.5h` in nanoseconds."""
    unsigned = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if unsigned == "0":
        return 0
    total, at = 0, 0
    while at < len(unsigned) or not unsigned:
        part = DURATION_PART.match(unsigned, at)
        if part is None or part[3] not in UNITS_NS:
            raise InvalidSchedule(f"{text!r} is not a duration such as 90m or 1h30m")
        total, at = total + _amount(part[1], part[2] or "", UNITS_NS[part[3]]), part.end()
        if total > arithmetic.MAX_INT64:
            raise InvalidSchedule(f"{text!r} is longer than 292 years")
    return -total if text.startswith("-") else total


def _amount(whole: str, fraction: str, unit_ns: int) -> int:
    """Multiply by the unit; digits of the fraction beyond 18 count for nothing."""
    digits = fraction[:18]
    share = int(float(int(digits)) * (float(unit_ns) / 10.0 ** len(digits))) if digits else 0
    return int(whole or "0") * unit_ns + share


def _whole_seconds(duration_ns: int) -> int:
    """Cut to whole seconds, at least one."""
    longest = max(duration_ns, model.SECOND)
    return longest - longest % model.SECOND


@dataclass(slots=True)
class _Search:
    """The search for the next time: month, then day, hour, minute; whatever wraps around starts over.

    It goes step by step on the clock's readings, so that it meets the clock's jumps where upstream does.
    """

    line: Crontab
    at_s: int
    moved: bool = False

    def run(self) -> int | None:
        last_year = self.reading.year + HORIZON_YEARS
        while self.reading.year <= last_year:
            if self._month() and self._day() and self._hour() and self._minute() and self._second():
                return self.at_s
        return None

    @property
    def reading(self) -> datetime:
        return self.line.clock.reading(self.at_s)

    def _month(self) -> bool:
        while self.reading.month not in self.line.month.values:
            self._cut(day=1, hour=0, minute=0, second=0)
            now = self.reading
            year, month = now.year + now.month // 12, now.month % 12 + 1
            first = now.replace(year=year, month=month, day=1)
            self.at_s = self.line.clock.instant(first + timedelta(days=now.day - 1))
            if self.reading.month == 1:
                return False
        return True

    def _day(self) -> bool:
        while not self._is_day():
            self._cut(hour=0, minute=0, second=0)
            self.at_s = self.line.clock.instant(self.reading + timedelta(days=1))
            hour = self.reading.hour
            if hour:
                # The clock jumped at midnight: go to the nearest reading of hour 0.
                self.at_s += (24 - hour if hour > 12 else -hour) * 3600
            if self.reading.day == 1:
                return False
        return True

    def _is_day(self) -> bool:
        day, weekday, now = self.line.day, self.line.weekday, self.reading
        matches = (now.day in day.values, now.isoweekday() % 7 in weekday.values)
        return all(matches) if day.star or weekday.star else any(matches)

    def _hour(self) -> bool:
        while self.reading.hour not in self.line.hour.values:
            self._cut(minute=0, second=0)
            self.at_s += 3600
            if self.reading.hour == 0:
                return False
        return True

    def _minute(self) -> bool:
        while self.reading.minute not in self.line.minute.values:
            self._floor_minute()
            self.at_s += 60
            if self.reading.minute == 0:
                return False
        return True

    def _second(self) -> bool:
        second = self.reading.second
        if second:
            self.moved = True
            self.at_s += 60 - second
        return not second

    def _cut(self, **zeros: int) -> None:
        """Set smaller fields to their start, once: later steps keep them there."""
        if not self.moved:
            self.moved = True
            self.at_s = self.line.clock.instant(self.reading.replace(**zeros))  # type: ignore[arg-type]

    def _floor_minute(self) -> None:
        """Cut the seconds of the instant, not of the reading: old offsets are not whole minutes."""
        if not self.moved:
            self.moved = True
            self.at_s -= self.at_s % 60
