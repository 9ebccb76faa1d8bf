"""What a process remembers of its last requests."""

from datetime import UTC, datetime

import pytest

from mela.kernel.telemetry import tracing
from mela.kernel.telemetry.recent import PER_MINUTE, STEPS, Recent

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def recent() -> Recent:
    return Recent(lambda: NOON)


def test_steps_stand_below_their_request(recent: Recent) -> None:
    with recent.span("POST /api/orders", None, {}), recent.span("unit", None, {"unit": "place"}):
        pass
    [trace] = recent.slowest(5)
    assert [(step.name, step.depth) for step in trace.steps] == [("POST /api/orders", 0), ("unit", 1)]
    assert trace.steps[0].seconds >= trace.steps[1].seconds >= 0


def test_an_error_is_named_and_goes_on(recent: Recent) -> None:
    with pytest.raises(KeyError), recent.span("GET /api/x", None, {}):
        raise KeyError
    assert recent.slowest(1)[0].error == "KeyError"


def test_an_event_joins_the_request_from_which_it_came(recent: Recent) -> None:
    with recent.span("POST /api/x", None, {}):
        pass
    [request] = recent.slowest(1)
    with recent.span("event", f"00-{request.id}-{request.id[:16]}-01", {"event": "a.b"}), recent.span("unit", None, {}):
        pass
    assert [step.name for step in request.steps] == ["POST /api/x", "event", "unit"]
    assert request.steps[1].began >= request.seconds


def test_what_is_no_request_is_not_kept(recent: Recent) -> None:
    with recent.span("unit", None, {}):
        pass
    assert recent.slowest(5) == []


def test_only_so_many_steps_and_requests_are_kept(recent: Recent) -> None:
    for _ in range(PER_MINUTE * 3):
        with recent.span("GET /api/x", None, {}):
            for _ in range(STEPS + 5):
                with recent.span("unit", None, {}):
                    pass
    assert len(recent.slowest(100)) <= 2 * PER_MINUTE  # a minute may have ended between
    assert all(len(trace.steps) == STEPS for trace in recent.slowest(100))


def test_answers_are_taken_once(recent: Recent) -> None:
    recent.answered("/api/x", 200, 0.1)
    assert [answer.status for answer in recent.take_answers()] == [200]
    assert recent.take_answers() == []


def test_who_waits_on_purpose_is_not_slow() -> None:
    kept = Recent(lambda: NOON)
    tracing.remember(kept)
    try:
        with tracing.span("GET /api/orders/x"):
            assert tracing.trace_id() == (tracing.current() or "").split("-")[1]
            tracing.waits_on_purpose()
        assert kept.slowest(5) == []
        assert tracing.trace_id() is None
    finally:
        tracing.forget()
