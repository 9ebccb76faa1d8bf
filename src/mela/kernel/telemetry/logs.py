"""Structured logs: JSON lines in a pod, readable lines on a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Literal, TextIO, cast

import orjson
import structlog

from mela.kernel.telemetry import masking, tracing


def configure(style: Literal["json", "lines", "auto"] = "auto", level: str = "INFO", *, for_good: bool = False) -> None:
    """Send all logs, the libraries' too, to stderr in one style; `auto` looks whether stderr is a terminal.

    `for_good`: each logger keeps what it finds at its first line, which is faster and cannot be taken back.
    """
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _trace,
        structlog.processors.format_exc_info,
        masking.processor,  # after the traceback is text: its messages are masked too
    ]
    last: list[Any]
    if as_json:
        last = [structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode())]  # fmt: skip
    else:
        last = [
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=structlog.dev.plain_traceback),
        ]
    structlog.configure(
        processors=shared + last,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _Lenient())),
        cache_logger_on_first_use=for_good,
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class _Lenient:
    """Standard error for logs. A line that cannot be written, on a full disk, is lost: whoever wrote it goes on."""

    def write(self, text: str) -> None:
        """Write, or do not."""
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Flush, or do not."""
        with suppress(OSError):
            sys.stderr.flush()


class _Forward(logging.Handler):
    """Hands the standard library's log records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (trace_id := tracing.trace_id()) is not None:
        event["trace"] = trace_id
    return event
