"""The lane of signs of life answers as the framework does, to the letter, and hands on whatever is not plain."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from mela.kernel.clock import FakeClock
from mela.kernel.web import WebSettings
from mela.services.streaming.app import SERVICE
from tests import kit

NOW = datetime(2026, 11, 29, 13, 30, tzinfo=UTC)
OVER = "watch_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
QUICK = {"MELA_STREAMING_GATHER_MS": "1", "MELA_STREAMING_COUNT_S": "0"}


class Ways:
    """The same service by its lane, and without one."""

    def __init__(self, lane: kit.Running, slow: kit.Running) -> None:
        self._lane, self._slow = lane, slow

    async def both(self, path: str, body: bytes, **headers: str) -> tuple[httpx2.Response, httpx2.Response]:
        """The answers of both."""
        sent = {"content-type": "application/json", "x-request-id": "req_01KAR4T0GQ8V6M2Z3XJY5N7P9B"} | headers
        first, second = [await one.client.post(path, content=body, headers=sent) for one in (self._lane, self._slow)]
        return first, second

    async def session(self) -> str:
        """A session that both know."""
        key = {"idempotency-key": "viewer-00001"}
        answer = await self._lane.client.post("/api/streaming/sessions", json={"match_id": "sunday-final"}, headers=key)
        session: str = answer.json()["session_id"]
        return session


@pytest.fixture
async def ways(tmp_path: Path) -> AsyncIterator[Ways]:
    url = f"sqlite:///{tmp_path / 'both.db'}"
    limited = WebSettings(rate="1000000/second")
    async with (
        kit.running(SERVICE, tmp_path, url=url, clock=FakeClock(NOW), environ=QUICK) as lane,
        kit.running(SERVICE, tmp_path, url=url, clock=FakeClock(NOW), environ=QUICK, web=limited) as slow,
    ):
        yield Ways(lane, slow)


@pytest.mark.parametrize("body", [
    b"{}", b'{"kbps": 0}', b'{"kbps":3000}', b' { "kbps" : 9999999 } ', b'{"kbps": 10000000}', b'{"kbps": 10000001}',
    b"", b"[]", b"null", b'{"kbps": -1}', b'{"kbps": 1.5}', b'{"kbps": 1e3}', b'{"kbps": 007}', b'{"kbps": "7"}', b'{"kbps": true}',
    b'{"kbps": 1, "kbps": 2}', b'{"kbps": 1, "more": 2}', b'{"kbps": NaN}', b'{"kbps"', b"\xff", b'{"kbps": 99999999999999999999}',
])  # fmt: skip
async def test_every_body_has_the_answer_of_the_framework(ways: Ways, body: bytes) -> None:
    lane, slow = await ways.both(f"/api/streaming/sessions/{await ways.session()}/heartbeats", body)
    assert (lane.status_code, lane.content) == (slow.status_code, slow.content)
    assert dict(lane.headers) == dict(slow.headers)


@pytest.mark.parametrize("path", [
    f"/api/streaming/sessions/{OVER}/heartbeats", "/api/streaming/sessions/watch_1/heartbeats", "/api/streaming/sessions//heartbeats",
    f"/api/streaming/sessions/{OVER}/x/heartbeats", f"/api/streaming/sessions/{OVER}/heartbeats/", "/api/streaming/sessions/heartbeats",
    f"/api/streaming/sessions/{OVER}%0A/heartbeats",
])  # fmt: skip
async def test_every_path_has_the_answer_of_the_framework(ways: Ways, path: str) -> None:
    lane, slow = await ways.both(path, b'{"kbps": 3000}', **{"accept-language": "hi"})
    assert lane.status_code in (404, 405, 422)
    assert (lane.status_code, lane.content) == (slow.status_code, slow.content)
    assert dict(lane.headers) == dict(slow.headers)


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", "application/vnd.api+json", ""])
async def test_every_content_type_has_the_answer_of_the_framework(ways: Ways, kind: str) -> None:
    path = f"/api/streaming/sessions/{await ways.session()}/heartbeats"
    lane, slow = await ways.both(path, b'{"kbps": 3000}', **{"content-type": kind})
    assert (lane.status_code, lane.content) == (slow.status_code, slow.content)


async def test_a_body_in_parts_is_put_together(ways: Ways) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b'{"kbps"'
        yield b": 3000}"

    path = f"/api/streaming/sessions/{await ways.session()}/heartbeats"
    answer = await ways._lane.client.post(path, content=parts(), headers={"content-type": "application/json"})
    assert answer.json()["quality"] == "720p"


async def test_an_answer_by_the_lane_is_in_the_metrics_of_its_route(ways: Ways) -> None:
    await ways.both(f"/api/streaming/sessions/{await ways.session()}/heartbeats", b"{}")
    line = 'route="/api/streaming/sessions/{session_id}/heartbeats",service="streaming",status="200"'
    assert line in (await ways._lane.client.get("/metrics")).text
