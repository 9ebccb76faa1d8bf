"""What streaming knows."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Tier(IntEnum):
    """What is refused first under pressure: the higher, the sooner."""

    WATCHING = 1
    STARTING = 2
    HOME = 3


@dataclass(frozen=True)
class Moment:
    """A moment of a match that is in its calendar. `name` is a slug: toss, first-ball, break, chase."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Match:
    """A match and its calendar. `title` by language."""

    id: str
    title: dict[str, str]
    starts: datetime
    ends: datetime
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class Rung:
    """A quality of the video: its name and the bandwidth that it takes."""

    name: str
    kbps: int


@dataclass(frozen=True)
class Session:
    """One who watches. `silent`: without a sign of life it is over at this moment. `kbps`: of the quality that it was given."""

    id: str
    match_id: str
    kbps: int
    started: datetime
    silent: datetime


@dataclass(frozen=True)
class Audience:
    """How many watch a match at a moment, and the bandwidth that their qualities take together."""

    match_id: str
    viewers: int
    mbps: float
    at: datetime
