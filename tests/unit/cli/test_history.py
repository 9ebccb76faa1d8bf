"""What `mela payments list` and `show` make of the platform's answers."""

import io
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from mela.cli import history, render

PAYMENT: dict[str, Any] = {
    "id": "pay_1", "order_id": "ord_1", "amount_paise": 129_900, "refunded_paise": 0, "mode": "live", "captured_paise": 0, "method": "upi", "paid_with": None, "state": "failed",
    "provider": "gateway", "rrn": None, "reason": "Z9", "meaning": "insufficient funds", "created": "2026-11-26T19:00:00Z",
    "expires": None,
}  # fmt: skip
SENT: dict[str, Any] = {
    "id": "dlv_1", "seller_id": None, "type": "payments.failed", "endpoint_id": "we_1", "state": "dead", "tries": 9,
    "last_error": "503", "created": "2026-11-26T19:00:01Z", "finished": "2026-11-27T19:00:01Z", "next_try": None,
}  # fmt: skip


def test_a_line_says_why_and_when_in_india() -> None:
    assert [str(cell) for cell in history._row(PAYMENT)] == [
        "27 Nov 00:30:00", "pay_1", "failed", "₹1,299.00", "upi", "gateway", "Z9 (insufficient funds)",
    ]  # fmt: skip


@pytest.mark.parametrize("terminal", [True, False])
def test_states_have_colours_on_a_terminal_only(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    written = io.StringIO()
    monkeypatch.setattr(render, "out", Console(file=written, force_terminal=terminal, color_system="standard"))
    monkeypatch.setattr("sys.stdout", written)
    render.table("Payments", ("state",), [history._row(PAYMENT)[2:3]])
    assert ("\x1b[31m" in written.getvalue()) is terminal


def test_no_line_is_broken_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    render.table("Payments", ("payment", "why"), [("pay_1", "x" * 300)])
    assert "x" * 300 in capsys.readouterr().out


def test_a_webhook_that_was_given_up_is_told_twice_and_leads_to_the_dead_letters() -> None:
    begun, ended = history._delivery(SENT)
    assert (begun["text"], ended["text"]) == ("payments.failed to we_1", "dead after 9 tries, last 503")
    assert list(history._next(PAYMENT, None, [begun, ended])) == ["a webhook was given up: mela webhooks dead"]


def test_a_webhook_that_waits_says_until_when() -> None:
    [waits] = history._delivery(
        SENT | {"state": "waiting", "tries": 1, "finished": None, "next_try": "2026-11-26T19:05:00Z"}
    )
    assert waits["text"] == "payments.failed to we_1 waiting after 1 try, last 503, next try 00:35:00"


def test_an_open_case_and_a_review_say_what_a_person_can_do() -> None:
    case = {"kind": "case", "about": "case_1", "text": "opened: refund_refused"}
    held = PAYMENT | {"state": "created", "reason": "risk_review"}
    review, close = history._next(held, None, [case])
    assert "mela payments review pay_1 allow" in review
    assert "mela payments close case_1" in close
    assert list(history._next(PAYMENT, None, [case, case | {"text": "closed: explained"}])) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.041, "0.041 s"), (12.34, "12.3 s"), (245, "4 min 05 s"), (11_520, "3 h 12 min")]
)
def test_times_since_the_beginning_are_short(seconds: float, text: str) -> None:
    assert history._span(seconds) == text


def test_the_head_shows_state_and_reason() -> None:
    assert isinstance(head := history._head(PAYMENT), Text)
    assert head.plain == "pay_1  ₹1,299.00 by upi  failed: Z9"
