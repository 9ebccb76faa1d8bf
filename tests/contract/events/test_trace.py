"""One trace from the request through its unit and its event to the handler, and the metrics beside it."""

from pathlib import Path

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from mela.kernel.events import Delivery, emit
from mela.kernel.telemetry import tracing
from tests.contract.events import post
from tests.contract.events.post import Depot, Sold


async def test_one_trace_runs_from_request_to_handler(tmp_path: Path) -> None:
    exporter, depot = InMemorySpanExporter(), Depot()

    async def handle(event: Sold, delivery: Delivery) -> None:
        with tracing.span("handling"):
            await depot.handle(event, delivery)

    tracing.enable("test", exporter=exporter)
    try:
        async with post.running("memory", "sqlite", tmp_path, handle) as line:
            with tracing.span("POST /orders"):
                trace = tracing.trace_id()
                await line.shop.run(emit, Sold("rice", 1))
            line.coming += 1
            await line.settled()
    finally:
        tracing.disable()
    ours = {span.name for span in exporter.get_finished_spans() if _trace(span) == trace}
    assert {"POST /orders", "unit", "event", "handling"} <= ours
    assert depot.heard == [("rice", 1)]
    told = generate_latest().decode()
    assert 'mela_events_total{event="shop.sold",outcome="done",service="depot"}' in told
    assert 'mela_unit_seconds_count{service="shop",unit="outbox.emit"}' in told


def _trace(span: object) -> str:
    context = span.get_span_context()  # type: ignore[attr-defined]
    return format(context.trace_id, "032x")


def test_nothing_is_recorded_until_it_is_enabled() -> None:
    with tracing.span("anything") as span:
        assert span is None
        assert tracing.current() is None
        assert tracing.trace_id() is None
