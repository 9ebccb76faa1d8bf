"""Logs for people's eyes: a traceback without the values in it."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import orjson
import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mela.kernel.telemetry import logs, tracing


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def test_a_traceback_on_a_terminal_shows_no_local_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("lines")
    try:
        address = "12, North Masi Street"
        raise ValueError(len(address))
    except ValueError:
        structlog.get_logger().exception("unexpected")
    told = capsys.readouterr().err
    assert "ValueError: 21" in told
    assert "North Masi" not in told


@pytest.mark.parametrize("style", ["json", "lines"])
def test_personal_data_in_a_failure_is_masked_in_every_style(
    style: Literal["json", "lines"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style)
    try:
        raise ValueError("no such phone +919876543210")
    except ValueError:
        structlog.get_logger().exception("unexpected", asked="9876543210")
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "9876543210" not in told


@pytest.mark.parametrize("style", ["json", "lines"])
def test_a_card_number_in_a_failure_of_a_failure_or_a_librarys_line_is_masked(
    style: Literal["json", "lines"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style)
    try:
        try:
            raise KeyError("card4111111111111111")
        except KeyError as error:
            raise RuntimeError("declined: 5555 5555 5555 4444") from error
    except RuntimeError:
        structlog.get_logger().exception("unexpected", card=378282246310005)
        logging.getLogger("uvicorn.error").exception("in 6521501234567893")
    logging.getLogger("a.library").warning("POST /pay?pan=%s", "2223003122003222")
    told = capsys.readouterr().err
    assert told.count("KeyError") >= 2
    for digits in ("411111111", "55555555", "5555 5555", "378282246", "652150123", "222300312"):
        assert digits not in told


def test_a_line_for_machines_is_one_json_object_with_level_time_and_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    exporter = InMemorySpanExporter()
    tracing.enable("test", exporter=exporter)
    try:
        with tracing.span("work"):
            structlog.get_logger().info("order placed", order="order_1", paise=12900)
    finally:
        tracing.disable()
    [line] = capsys.readouterr().err.splitlines()
    told = orjson.loads(line)
    assert (told["event"], told["level"], told["order"], told["paise"]) == ("order placed", "info", "order_1", 12900)
    assert told["timestamp"].endswith("Z")
    assert int(told["trace"], 16) == exporter.get_finished_spans()[0].get_span_context().trace_id  # type: ignore[union-attr]


def test_a_librarys_warning_comes_out_as_a_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logging.getLogger("some.library").warning("call 9876543210")
    logging.getLogger("some.library").info("chatter")
    [line] = capsys.readouterr().err.splitlines()
    assert orjson.loads(line)["logger"] == "some.library"
    assert "9876543210" not in line


@pytest.mark.parametrize("style", ["json", "lines"])
def test_a_log_on_a_full_disk_loses_its_line_and_stops_nobody(
    style: Literal["json", "lines"], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w", buffering=1) as full:  # noqa: PTH123 - a device
        monkeypatch.setattr("sys.stderr", full)
        logs.configure(style)
        for _ in range(3):
            structlog.get_logger().warning("batch lost", reason="the disk is full " * 1_000)
            logging.getLogger("a.library").warning("too")
        monkeypatch.undo()
        with suppress(OSError):
            full.close()


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "WARNING")
    structlog.get_logger().info("chatter")
    assert capsys.readouterr().err == ""
