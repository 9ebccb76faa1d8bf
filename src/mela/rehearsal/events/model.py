"""What an event is made of: published points, what people do with them, and what may happen besides.

Times are seconds after `start`; a series is one of four kinds:

    level   how many are there (viewers); between points it follows a monotone curve
    ratio   a share of one (payments that succeed); never scaled
    rate    how many begin per `per_s` seconds (orders a minute)
    total   how many have begun so far (tickets since ten o'clock): points are hit exactly, nothing is made up between them
"""

from dataclasses import dataclass

KINDS = ("level", "ratio", "rate", "total")
MARKS = ("published", "press", "second-hand", "derived", "assumption")
"""How well a figure is known, best first; an assumption needs no source, all others name one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure comes from. `source` is a key of the event's sources."""

    mark: str
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at a second."""

    at_s: float
    value: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Series:
    """A curve through points.

    `stay_s`: how long one stays in a level, on average; 0 where nobody comes or goes. `mbps_each`: what one who is there
    draws, megabits a second; it makes the demand's level `mbps`.
    """

    name: str
    kind: str
    points: tuple[Point, ...]
    per_s: float = 1.0
    stay_s: float = 0.0
    stay: Origin = Origin("assumption")
    mbps_each: float = 0.0
    mbps: Origin = Origin("assumption")

    @property
    def peak(self) -> Point:
        """Its highest point, the first of equal ones."""
        return max(self.points, key=lambda point: point.value)


@dataclass(frozen=True, slots=True)
class Action:
    """How often people do something, from one or several series. The parts add up, in actions per second.

    `every_s`: each who is there does it that often. `joins`, `leaves`: per person who comes, goes. `flights`: per person
    who goes beyond the usual coming and going, as after the last ball. `each`: per unit of a rate or total. `failing`: per
    unit that fails, by the ratio `success`.
    """

    name: str
    of: tuple[str, ...]
    origin: Origin
    every_s: float = 0.0
    joins: float = 0.0
    leaves: float = 0.0
    flights: float = 0.0
    each: float = 0.0
    failing: float = 0.0
    success: str = ""


@dataclass(frozen=True, slots=True)
class Surge:
    """A rise or a dip of one series: it rises for `rise_s`, holds, fades, and is gone.

    At its height the series is `times` as high, plus `adds`. `earliest_s` to `latest_s`: when it begins, drawn evenly.
    `chance`: 1 for what surely comes. While a surge with `delays_s` happens, the event's own clock stands still that long,
    as the match does for a super over. `planned`: stands in the calendar.
    """

    name: str
    text: str
    on: str
    earliest_s: float
    latest_s: float
    times: float = 1.0
    adds: float = 0.0
    rise_s: float = 60.0
    hold_s: float = 0.0
    fade_s: float = 60.0
    delays_s: float = 0.0
    chance: float = 1.0
    planned: bool = False
    origin: Origin = Origin("assumption")
