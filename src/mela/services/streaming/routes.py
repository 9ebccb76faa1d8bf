"""The HTTP API of streaming."""

import re
from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path

from mela.kernel.web import bodies
from mela.kernel.web.keys import Key
from mela.kernel.web.lanes import Lane
from mela.kernel.web.refusals import refused
from mela.services.streaming import schemas
from mela.services.streaming.model import Tier
from mela.services.streaming.service import Streaming
from mela.services.streaming.settings import StreamingSettings

_SESSION = re.compile(r"watch_[0-9A-Z]{26}")
SessionId = Annotated[str, Path(pattern=f"^{_SESSION.pattern}$", description="The session", examples=[schemas.SESSION])]
MatchId = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="The match", examples=[schemas.MATCH])]
CROWDED = {503: "streaming.crowded"}
_PLAIN = re.compile(rb'\s*\{\s*(?:"kbps"\s*:\s*(0|[1-9][0-9]{0,6})\s*)?\}\s*')
"""Bodies that say what `Measured` takes, below 10 Gbit/s; others are read by the framework."""


def router(streaming: Streaming, settings: StreamingSettings) -> APIRouter:
    """All routes of streaming. None needs an account."""
    api = bodies.router(prefix="/api/streaming", tags=["streaming"])
    _watching(api, streaming, settings)
    _looking(api, streaming)
    return api


def _watching(api: APIRouter, streaming: Streaming, settings: StreamingSettings) -> None:
    @api.post(
        "/sessions", status_code=201, summary="Begin to watch a match",
        responses=refused({404: "streaming.unknown_match streaming.not_on", **CROWDED}),
    )  # fmt: skip
    async def start(body: schemas.SessionIn, key: Key) -> schemas.SessionOut:
        """The answer says what to play. The same Idempotency-Key again gives the same session."""
        with streaming.admitted(Tier.STARTING):
            session_id, rung = await streaming.start(body.match_id, body.kbps, key)
        return schemas.SessionOut(
            session_id=session_id, quality=rung.name, kbps=rung.kbps, heartbeat_s=settings.heartbeat_s
        )

    @api.post(
        "/sessions/{session_id}/heartbeats", summary="Say that one still watches",
        responses=refused({404: "streaming.session_over"}),
    )  # fmt: skip
    async def go_on(session_id: SessionId, body: schemas.Measured) -> schemas.Quality:
        """Each time the quality may change. After silence for too long the session is over: start another."""
        with streaming.admitted(Tier.WATCHING):
            rung = await streaming.go_on(session_id, body.kbps)
        return schemas.Quality.of(rung, settings.heartbeat_s)

    @api.delete("/sessions/{session_id}", status_code=204, summary="Leave")
    async def end(session_id: SessionId) -> None:
        """Gone already: nothing happens."""
        with streaming.admitted(Tier.WATCHING):
            await streaming.end(session_id)


def lane(streaming: Streaming, settings: StreamingSettings) -> Lane:
    """The lane of signs of life: a million a second at the largest matches."""
    answers = {
        rung.name: schemas.Quality.of(rung, settings.heartbeat_s).model_dump_json().encode()
        for rung in streaming.ladder
    }

    async def go_on(session_id: str, kbps: int) -> bytes:
        with streaming.admitted(Tier.WATCHING):
            return answers[(await streaming.go_on(session_id, kbps)).name]

    def take(session_id: str, body: bytes) -> Coroutine[Any, Any, bytes] | None:
        plain = _PLAIN.fullmatch(body)
        if plain is None or not _SESSION.fullmatch(session_id):
            return None
        return go_on(session_id, int(plain[1] or 0))

    return Lane("/api/streaming/sessions/{session_id}/heartbeats", "/api/streaming/sessions/", "/heartbeats", take)


def _looking(api: APIRouter, streaming: Streaming) -> None:
    @api.get("/home", summary="The home page: what is on, what comes", responses=refused(CROWDED))
    async def home() -> schemas.Home:
        """Where everybody lands after the last ball. Under pressure it is the first to be refused."""
        with streaming.admitted(Tier.HOME):
            items = [
                schemas.HomeItem(match=schemas.MatchOut.of(match), viewers=viewers)
                for match, viewers in await streaming.home()
            ]
        return schemas.Home(items=items)

    @api.get("/matches", summary="All matches and their calendars")
    async def matches() -> schemas.MatchList:
        """Planned moments only: nobody knows of a super over beforehand."""
        return schemas.MatchList(items=[schemas.MatchOut.of(match) for match in streaming.matches()])

    @api.get(
        "/matches/{match_id}/audience", summary="How many watch now",
        responses=refused({404: "streaming.unknown_match"}),
    )  # fmt: skip
    async def audience(match_id: MatchId) -> schemas.AudienceOut:
        """Counted in all pods and databases together, at the moment that the answer says."""
        return schemas.AudienceOut.of(await streaming.audience(match_id))
