"""What the API of streaming takes and gives."""

from datetime import datetime

from pydantic import BaseModel, Field

from mela.kernel.web.inputs import Strict
from mela.services.streaming.model import Audience, Match, Rung

SESSION = "watch_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
MATCH = "sunday-final"
WHEN = "2026-11-29T14:00:00Z"
FASTEST_KBPS = 10_000_000


class Measured(Strict):
    """What the player knows of its own line."""

    kbps: int = Field(
        default=0, ge=0, le=FASTEST_KBPS, description="Measured bandwidth; 0 if not known", examples=[3200]
    )


class SessionIn(Measured):
    """Which match to watch."""

    match_id: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="The match", examples=[MATCH])


class Quality(BaseModel):
    """What to play, and when to say that one still watches."""

    quality: str = Field(description="The rung of the ladder to play", examples=["720p"])
    kbps: int = Field(description="The bandwidth that it takes", examples=[2000])
    heartbeat_s: int = Field(description="Say so again after so many seconds", examples=[25])

    @classmethod
    def of(cls, rung: Rung, heartbeat_s: int) -> "Quality":
        return cls(quality=rung.name, kbps=rung.kbps, heartbeat_s=heartbeat_s)


class SessionOut(Quality):
    """A session of watching. Whoever has its id is its viewer."""

    session_id: str = Field(description="The session", examples=[SESSION])


class MomentOut(BaseModel):
    """A moment in the calendar of a match."""

    name: str = Field(description="Which one", examples=["toss"])
    at: datetime = Field(description="When", examples=[WHEN])


class MatchOut(BaseModel):
    """A match and its calendar."""

    id: str = Field(description="The match", examples=[MATCH])
    title: dict[str, str] = Field(description="Its name by language", examples=[{"en": "Final on Sunday"}])
    starts: datetime = Field(description="From when it can be watched", examples=[WHEN])
    ends: datetime = Field(description="Until when", examples=["2026-11-29T18:30:00Z"])
    moments: list[MomentOut] = Field(description="What people wait for, as planned")

    @classmethod
    def of(cls, match: Match) -> "MatchOut":
        moments = [MomentOut(name=moment.name, at=moment.at) for moment in match.moments]
        return cls(id=match.id, title=match.title, starts=match.starts, ends=match.ends, moments=moments)


class MatchList(BaseModel):
    """All matches, by their start."""

    items: list[MatchOut] = Field(description="Matches")


class HomeItem(BaseModel):
    """A match on the home page."""

    match: MatchOut = Field(description="The match")
    viewers: int = Field(description="Who watched when it was counted last, some seconds ago", examples=[25_300_000])


class Home(BaseModel):
    """The home page: where people come from and where all go after the last ball."""

    items: list[HomeItem] = Field(description="Matches that are on or to come")


class AudienceOut(BaseModel):
    """Who watches a match at a moment."""

    match_id: str = Field(description="The match", examples=[MATCH])
    viewers: int = Field(description="Sessions that are not over, exactly", examples=[25_300_000])
    mbps: float = Field(description="Bandwidth of their qualities together", examples=[9_993_500.0])
    at: datetime = Field(description="At this moment, seconds ago at most unless a database is away", examples=[WHEN])
    databases_away: int = Field(
        description="Databases that give no answer: viewers whose sessions lie there are counted as they were at `at`",
        examples=[0],
    )

    @classmethod
    def of(cls, audience: Audience) -> "AudienceOut":
        return cls(
            match_id=audience.match_id, viewers=audience.viewers, mbps=audience.mbps, at=audience.at,
            databases_away=audience.away,
        )  # fmt: skip
