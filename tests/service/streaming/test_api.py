"""Watching over HTTP: begin, go on, leave; the home page; what is refused under pressure and in which order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from mela.kernel.clock import FakeClock
from mela.services.streaming.app import SERVICE
from mela.services.streaming.model import Tier
from tests import kit

NOW = datetime(2026, 11, 29, 13, 30, tzinfo=UTC)
SMALL = {"MELA_STREAMING_IN_FLIGHT_MOST": "10", "MELA_STREAMING_COUNT_S": "0", "MELA_STREAMING_GATHER_MS": "2"}


@pytest_asyncio.fixture(params=kit.ENGINES)
async def streaming(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[kit.Running]:
    async with kit.running(SERVICE, tmp_path, engine=request.param, clock=FakeClock(NOW), environ=SMALL) as running:
        yield running


async def begin(streaming: kit.Running, key: str = "viewer-0001", match: str = "sunday-final", kbps: int = 0) -> str:
    answer = await streaming.client.post(
        "/api/streaming/sessions", json={"match_id": match, "kbps": kbps}, headers={"idempotency-key": key}
    )
    assert answer.status_code == 201, answer.text
    session: str = answer.json()["session_id"]
    return session


async def viewers(streaming: kit.Running, match: str = "sunday-final") -> int:
    answer = await streaming.client.get(f"/api/streaming/matches/{match}/audience")
    count: int = answer.json()["viewers"]
    return count


async def test_viewer_comes_stays_and_leaves(streaming: kit.Running) -> None:
    session = await begin(streaming)
    assert await viewers(streaming) == 1
    answer = await streaming.client.post(f"/api/streaming/sessions/{session}/heartbeats", json={"kbps": 1200})
    assert answer.json() == {"quality": "480p", "kbps": 900, "heartbeat_s": 25}
    for _ in range(2):
        assert (await streaming.client.delete(f"/api/streaming/sessions/{session}")).status_code == 204
    assert await viewers(streaming) == 0


async def test_silent_session_is_over_and_says_so(streaming: kit.Running) -> None:
    session = await begin(streaming)
    assert isinstance(streaming.clock, FakeClock)
    streaming.clock.advance(60)
    assert await viewers(streaming) == 0
    answer = await streaming.client.post(f"/api/streaming/sessions/{session}/heartbeats", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "streaming.session_over")


async def test_same_key_gives_the_same_session_once(streaming: kit.Running) -> None:
    assert await begin(streaming) == await begin(streaming)
    assert await viewers(streaming) == 1


async def test_signs_that_come_together_are_all_written(streaming: kit.Running) -> None:
    sessions = [await begin(streaming, f"viewer-{number:04}") for number in range(8)]
    assert isinstance(streaming.clock, FakeClock)
    streaming.clock.advance(50)
    answers = await asyncio.gather(
        *(streaming.client.post(f"/api/streaming/sessions/{each}/heartbeats", json={}) for each in sessions)
    )
    assert {answer.status_code for answer in answers} == {200}
    streaming.clock.advance(50)
    assert await viewers(streaming) == 8


async def test_bandwidth_is_that_of_the_qualities(streaming: kit.Running) -> None:
    await begin(streaming, "viewer-0001", kbps=1200)
    await begin(streaming, "viewer-0002", kbps=3000)
    answer = await streaming.client.get("/api/streaming/matches/sunday-final/audience")
    assert answer.json()["mbps"] == pytest.approx(2.9)


async def test_match_that_is_not_on_is_told_with_its_start(streaming: kit.Running) -> None:
    assert isinstance(streaming.clock, FakeClock)
    streaming.clock.set(datetime(2026, 11, 20, tzinfo=UTC))
    answer = await streaming.client.post(
        "/api/streaming/sessions", json={"match_id": "sunday-final"}, headers={"idempotency-key": "viewer-0001"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "streaming.not_on")
    assert "2026-11-29" in answer.json()["title"]


@pytest.mark.parametrize("path", ["matches/nothing/audience", "matches/a%00b/audience", "sessions/watch_1/heartbeats"])
async def test_what_is_not_there_is_refused(streaming: kit.Running, path: str) -> None:
    answer = await streaming.client.request(
        "POST" if "heartbeats" in path else "GET", f"/api/streaming/{path}", json={}
    )
    assert answer.status_code in (404, 422)


async def test_home_page_shows_matches_with_their_last_count(streaming: kit.Running) -> None:
    await begin(streaming)
    await streaming.run_job("count")
    items = (await streaming.client.get("/api/streaming/home")).json()["items"]
    assert [(each["match"]["id"], each["viewers"]) for each in items] == [("sample-cup", 0), ("sunday-final", 1)]


async def test_calendar_has_planned_moments_in_their_order(streaming: kit.Running) -> None:
    matches = (await streaming.client.get("/api/streaming/matches")).json()["items"]
    final = next(each for each in matches if each["id"] == "sunday-final")
    assert [moment["name"] for moment in final["moments"]] == ["toss", "first-ball", "break", "chase"]


async def test_home_is_refused_first_and_who_watches_never(streaming: kit.Running) -> None:
    session = await begin(streaming)
    service = streaming.service
    held = [service.admitted(Tier.WATCHING) for _ in range(9)]
    for each in held[:6]:
        each.__enter__()
    home = await streaming.client.get("/api/streaming/home")
    assert (home.status_code, home.json()["code"]) == (503, "streaming.crowded")
    assert 6 <= int(home.headers["retry-after"]) <= 18
    await begin(streaming, "viewer-0002")
    for each in held[6:]:
        each.__enter__()
    start = await streaming.client.post(
        "/api/streaming/sessions", json={"match_id": "sunday-final"}, headers={"idempotency-key": "viewer-0003"}
    )
    assert start.status_code == 503
    assert (await streaming.client.post(f"/api/streaming/sessions/{session}/heartbeats", json={})).status_code == 200
    for each in held:
        each.__exit__(None, None, None)
    assert (await streaming.client.get("/api/streaming/home")).status_code == 200


async def test_metrics_tell_viewers_and_bandwidth(streaming: kit.Running) -> None:
    await begin(streaming, kbps=1200)
    await streaming.run_job("count")
    text = (await streaming.client.get("/metrics")).text
    assert 'mela_streaming_viewers{match="sunday-final"} 1.0' in text
    assert 'mela_streaming_mbps{match="sunday-final"} 0.9' in text


async def test_match_that_is_over_counts_nobody_in_metrics(streaming: kit.Running) -> None:
    await begin(streaming)
    await streaming.run_job("count")
    assert isinstance(streaming.clock, FakeClock)
    streaming.clock.set(datetime(2026, 11, 30, tzinfo=UTC))
    await streaming.run_job("count")
    assert 'mela_streaming_viewers{match="sunday-final"} 0.0' in (await streaming.client.get("/metrics")).text


async def test_sign_that_cannot_be_written_is_told_to_all_who_wait(streaming: kit.Running) -> None:
    session = await begin(streaming)
    await streaming.db.close()
    waiting = [streaming.service.go_on(session, 0) for _ in range(3)]
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, Exception) for each in failures)
