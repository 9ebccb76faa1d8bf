import re
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from mela.kernel.telemetry import logs, tracing
from mela.services.accounts.model import Code, Customer
from tests.service.accounts.desk import PHONE, Desk

HOSTILE = [
    "", "9876543210", "+91 98765 43210", "+9198765432100", "+915876543210", "+1 202 555 0100", " +919876543210", "+919876543210\n",
    "+91९८७६५४३२१०", "+91９８７６５４３２１０", "＋919876543210", "+919876543210\u200b", "+91\u202e9876543210", "+91987654321O",
    "+919876543210' or '1'='1", "+91" + "9" * 10_240, "\x00", "+91\x009876543210", 919876543210, None, [PHONE], {"phone": PHONE},
]  # fmt: skip


@pytest.mark.parametrize(("path", "extra"), [("codes", {}), ("sessions", {"code": "000000"})])
async def test_a_phone_in_another_form_is_refused_and_not_sent_back(
    desk: Desk, path: str, extra: dict[str, str]
) -> None:
    for phone in HOSTILE:
        answer = await desk.app.client.post(f"/api/accounts/{path}", json={"phone": phone, **extra})
        assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid"), phone
        assert "43210" not in answer.text
        assert "99999" not in answer.text
        assert len(answer.content) < 2_000


async def test_a_code_in_another_form_costs_no_try(desk: Desk) -> None:
    await desk.ask()
    for code in ("", "12345", "1234567", "12345a", "१२३४५६", " 12345", "123456\n", 123456, None, "1" * 10_000):
        answer = await desk.app.client.post("/api/accounts/sessions", json={"phone": PHONE, "code": code})
        assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid"), code
    assert (await desk.enter(await desk.code())).status_code == 201


async def test_no_phone_code_or_token_reaches_logs_metrics_or_errors(
    desk: Desk, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(structlog.reset_defaults)
    logs.configure("json", "DEBUG")
    answers = [await desk.ask(), await desk.ask(), await desk.enter("000000"), await desk.enter("12")]
    code = await desk.code()
    signed_in = await desk.enter(code)
    answers += [await desk.enter(code)]
    desk.line.cut = True
    desk.clock.advance(31)
    answers += [await desk.ask()]
    written = capsys.readouterr().err
    told = written + generate_latest().decode() + "".join(answer.text for answer in answers)
    assert "code sent" in written
    assert "code not taken" in written
    assert "+91••••••3210" in written
    for secret in (PHONE, PHONE[3:], signed_in.json()["token"]):
        assert secret not in told
    assert not re.search(rf"(?<![\d.]){code}(?!\d)", told)  # six digits within a longer number are a moment, no code


async def test_phones_are_marked_as_personal_where_they_are_logged(desk: Desk) -> None:
    with capture_logs() as lines:
        await desk.ask()
        desk.clock.advance(31)
        desk.line.cut = True
        await desk.ask()
    about_codes = [line for line in lines if "code" in line["event"]]
    assert len(about_codes) == 2
    assert all(type(line["phone"]).__name__ == "Personal" for line in about_codes)


async def test_no_phone_reaches_a_span(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[str] = []
    real = tracing.span

    def span(name: str, **about: Any) -> AbstractContextManager[Any]:
        spans.append(f"{name} {about}")
        return real(name, **about)

    monkeypatch.setattr(tracing, "span", span)
    await desk.signed_in()
    assert any("/api/accounts/sessions" in span for span in spans)
    assert not any("9876543210" in span for span in spans)


def test_a_customer_or_a_code_in_a_message_shows_no_phone() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert PHONE not in repr([Customer("cus_1", PHONE, "Meena", "ta", now), Code("code_1", PHONE, "ta", now, now)])
