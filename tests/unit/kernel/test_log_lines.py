"""Logs for people's eyes: a traceback without the values in it."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from mela.kernel.telemetry import logs


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
