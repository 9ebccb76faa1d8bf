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
class Counted:
    """How many watched at a moment and what their qualities took together, in one database."""

    viewers: int
    kbps: int
    at: datetime


@dataclass(frozen=True)
class Audience:
    """How many watch a match, over all databases, and the bandwidth that their qualities take together.

    `at`: the moment of the oldest part of the count. `away`: databases that did not answer; theirs is what was known last.
    """

    match_id: str
    viewers: int
    mbps: float
    at: datetime
    away: int = 0
