from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from mela.kernel.clock import FakeClock
from mela.simulators.sms.app import SERVICE
from tests import kit

PHONE, OTHER = "+919876543210", "+919876543211"


@pytest.fixture(params=kit.ENGINES)
async def sms(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[kit.Running]:
    """The inbox of three messages, for a day."""
    clock = FakeClock(datetime(2026, 11, 23, 12, 30, tzinfo=UTC))
    environ = {"MELA_SMS_KEEP_MESSAGES": "3"}
    async with kit.running(SERVICE, tmp_path, engine=request.param, clock=clock, environ=environ) as app:
        yield app


async def send(sms: kit.Running, reference: str, text: str = "namaste", to: str = PHONE) -> httpx2.Response:
    return await sms.client.post("/sim/sms/messages", json={"to": to, "text": text, "reference": reference})


async def inbox(sms: kit.Running, to: str = PHONE, **params: str) -> list[str]:
    answer = await sms.client.get("/sim/sms/messages", params={"to": to, **params})
    assert answer.status_code == 200, answer.text
    return [message["text"] for message in answer.json()["items"]]


async def test_a_phone_reads_its_messages_newest_first(sms: kit.Running) -> None:
    for number in range(3):
        assert (await send(sms, f"r{number}", f"text {number}")).status_code == 201
    assert await inbox(sms) == ["text 2", "text 1", "text 0"]
    assert await inbox(sms, limit="2") == ["text 2", "text 1"]


async def test_a_phone_does_not_see_the_messages_of_another(sms: kit.Running) -> None:
    await send(sms, "r1")
    assert await inbox(sms, OTHER) == []


async def test_the_same_reference_delivers_once(sms: kit.Running) -> None:
    first, again = await send(sms, "r1"), await send(sms, "r1")
    assert first.json() == again.json()
    assert len(await inbox(sms)) == 1


@pytest.mark.parametrize("other", [{"text": "other"}, {"to": OTHER}])
async def test_a_reference_stands_for_one_message(sms: kit.Running, other: dict[str, str]) -> None:
    await send(sms, "r1")
    refused = await send(sms, "r1", **other)
    assert (refused.status_code, refused.json()["code"]) == (409, "sms.reference_reused")
    assert await inbox(sms) == ["namaste"]


async def test_of_too_many_messages_the_oldest_are_forgotten(sms: kit.Running) -> None:
    for number in range(5):
        await send(sms, f"r{number}", f"text {number}")
    await sms.run_job("forget")
    assert await inbox(sms) == ["text 4", "text 3", "text 2"]


async def test_old_messages_are_forgotten(sms: kit.Running) -> None:
    await send(sms, "r1")
    assert isinstance(sms.clock, FakeClock)
    sms.clock.advance(86_400)
    await sms.run_job("forget")
    assert len(await inbox(sms)) == 1
    sms.clock.advance(1)
    await sms.run_job("forget")
    assert await inbox(sms) == []


async def test_forgetting_an_empty_inbox_does_nothing(sms: kit.Running) -> None:
    await sms.run_job("forget")
    assert await inbox(sms) == []


async def test_a_message_in_another_form_is_refused(sms: kit.Running) -> None:
    right = {"to": PHONE, "text": "namaste", "reference": "r1"}
    wrong: list[dict[str, object]] = [
        {"to": "9876543210"}, {"to": "+91९८७६५४३२१०"}, {"text": ""}, {"text": "a\x00b"}, {"text": "x" * 1001}, {"reference": "r r"}, {"more": 1},
    ]  # fmt: skip
    for changes in wrong:
        assert (await sms.client.post("/sim/sms/messages", json=right | changes)).status_code == 422, changes


async def test_an_inbox_is_asked_for_by_a_whole_number(sms: kit.Running) -> None:
    for query in ("", "to=919876543210", "to=+919876543210", "to=%2B919876543210&limit=0"):
        assert (await sms.client.get(f"/sim/sms/messages?{query}")).status_code == 422, query
