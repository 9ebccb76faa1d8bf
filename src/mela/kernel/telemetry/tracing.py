"""Spans through requests, units, calls and events, to OpenTelemetry, to this process's own memory, or to nobody.

Costs nothing until `enable` or `remember` is called.

FastAPI's own telemetry stays off: its spans cost 1.4 to 3.4 times the request (decision 0004); one span of ours a request,
one a unit, one an event is what a person reads.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, Status, StatusCode

from mela.kernel.telemetry import recent
from mela.kernel.telemetry.recent import Recent


class _Recording:
    """Whether this process records spans, and with what. OpenTelemetry's own global cannot be taken back."""

    tracer: trace.Tracer | None = None
    recent: Recent | None = None


def enable(service: str, *, endpoint: str | None = None, share: float = 1.0, exporter: Any = None) -> None:
    """Begin to record spans, a `share` of traces (0 to 1), and send them by OTLP/HTTP to `endpoint` or to `exporter`."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(share)), resource=Resource.create({"service.name": service})
    )
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    elif endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")))
    _Recording.tracer = provider.get_tracer("mela")


def remember(kept: Recent) -> None:
    """Begin to keep the last minutes there."""
    _Recording.recent = kept


def forget() -> None:
    """Keep nothing any more."""
    _Recording.recent = None


def answered(path: str, status: int, seconds: float) -> None:
    """A request has been answered; for whoever remembers."""
    if _Recording.recent is not None:
        _Recording.recent.answered(path, status, seconds)


def waits_on_purpose() -> None:
    """The request under way is none of the slow ones: it waits for news."""
    if (now := recent.current_trace()) is not None:
        now.waits = True


def disable() -> None:
    """Stop recording (tests)."""
    _Recording.tracer = None


def span(
    name: str, *, parent: str | Mapping[str, str] | None = None, **attributes: Any
) -> AbstractContextManager[Span | None]:
    """A span around a block; `parent` is a `traceparent` value or request headers. An exception marks it failed."""
    if _Recording.tracer is not None:
        return _span(_Recording.tracer, name, parent, attributes)
    if _Recording.recent is not None:
        given = parent if parent is None or isinstance(parent, str) else parent.get("traceparent")
        return _Recording.recent.span(name, given, attributes)
    return nullcontext()


def current() -> str | None:
    """The `traceparent` of the current span, to be carried on by an event or a request."""
    if _Recording.tracer is None:
        here = recent.current_trace()
        return f"00-{here.id}-{here.id[:16]}-01" if here else None
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str | None:
    """The current trace's id in hex, for log lines."""
    if _Recording.tracer is None:
        return here.id if (here := recent.current_trace()) else None
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


@contextmanager
def _span(
    tracer: trace.Tracer, name: str, parent: str | Mapping[str, str] | None, attributes: dict[str, Any]
) -> Iterator[Span]:
    carrier = {"traceparent": parent} if isinstance(parent, str) else parent
    context = propagate.extract(carrier) if carrier else None
    kept = (
        _Recording.recent.span(name, (carrier or {}).get("traceparent"), attributes)
        if _Recording.recent
        else nullcontext()
    )
    with (
        kept,
        tracer.start_as_current_span(name, context=context, attributes=attributes, record_exception=False) as opened,
    ):
        try:
            yield opened
        except Exception as error:
            opened.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
