"""Figures of the control room, by hand."""

from mela.kernel.telemetry.recent import Answered
from mela.runtime.control import figures


def answers(*milliseconds: float, status: int = 200) -> list[Answered]:
    return [Answered("/api/orders/cart", status, each / 1000) for each in milliseconds]


def test_quantiles_are_the_nearest_rank() -> None:
    assert figures.quantiles(n / 1000 for n in range(1, 101)) == {"p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0}
    assert figures.quantiles([0.007]) == {"p50_ms": 7.0, "p95_ms": 7.0, "p99_ms": 7.0}
    assert figures.quantiles([]) == {"p50_ms": None, "p95_ms": None, "p99_ms": None}


def test_a_budget_is_used_up_when_as_many_fail_as_may() -> None:
    assert figures.budget_used(10_000, 10, 0.999) == 1.0
    assert figures.budget_used(10_000, 1, 0.9999) == 1.0
    assert figures.budget_used(0, 0, 0.999) is None


def test_traffic_forgets_latencies_after_ten_seconds_and_failures_after_its_window() -> None:
    traffic = figures.Traffic(window_s=12)
    traffic.add(answers(500, status=503))
    for _ in range(10):
        traffic.add(answers(10))
    now = traffic.now(0.99)
    assert (now["p99_ms"], now["budget_used"]) == (10.0, round(1 / (11 * 0.01), 3))
    traffic.add([])
    traffic.add([])
    assert traffic.now(0.99)["budget_used"] == 0.0
    assert traffic.now()["requests"] == 0.0


def test_rates_begin_at_nothing_and_never_fall_below_it() -> None:
    rates = figures.Rates()
    assert rates.since({"a": 40.0}) == {"a": 0.0}
    assert rates.since({"a": 43.0, "b": 5.0}) == {"a": 3.0, "b": 0.0}
    assert rates.since({"a": 1.0, "b": 6.0}) == {"a": 0.0, "b": 1.0}


def test_success_is_that_of_the_last_minute() -> None:
    success = figures.Success()
    assert success.add(0, 0) is None
    assert success.add(3, 1) == 0.75
    for _ in range(60):
        success.add(0, 0)
    assert success.add(1, 0) == 1.0


def test_a_path_tells_its_service() -> None:
    assert [figures.service_of(p) for p in ("/api/orders/cart", "/sim/gateway/upi", "/", "/rpc/catalog/x", "/docs")] == [
        "orders", "gateway", "", "", "",
    ]  # fmt: skip
