"""Durable before the answer: the kernel of the machine sees the log synced, and only then the response."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.proofs import components

ROOT = Path(__file__).parents[2]
CALLS = "trace=fdatasync,fsync,pwrite64,write,sendto,sendmsg"
ORDERS = 5
_CALL = re.compile(r"^(?P<pid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\()(?P<rest>.*)$")


def traced(folder: Path, *how: str) -> list[str]:
    """Post some orders to a traced shop; what happened, in the machine's order: log written, log synced, answered."""
    log = folder / "strace.log"
    command = [
        "strace",
        "-f",
        "-qq",
        "-yy",
        "-e",
        CALLS,
        "-o",
        str(log),
        sys.executable,
        "-m",
        "tests.proofs.durable_app",
    ]
    with subprocess.Popen(
        [*command, str(folder / "shop.db"), *how], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as shop:
        try:
            assert shop.stdout is not None
            url = f"http://127.0.0.1:{int(shop.stdout.readline())}/orders"
            with httpx2.Client(timeout=30) as client:
                assert [client.post(url).status_code for _ in range(ORDERS)] == [201] * ORDERS
        finally:
            os.killpg(shop.pid, signal.SIGTERM)
    for _ in range(100):
        if "answered" in (happened := list(events(log.read_text()))):
            return happened
        time.sleep(0.1)
    raise AssertionError("strace wrote no answer")


def events(log: str) -> list[str]:
    """Each finished call that matters. A call that others interrupt counts when it ends, an answer when it begins."""
    found: list[str] = []
    begun: dict[str, str] = {}
    for line in log.splitlines():
        match = _CALL.match(line)
        if match is None:
            continue
        whole = begun.pop(match["pid"], "") if match["resumed"] else f"{match['name']}({match['rest']}"
        if "HTTP/1.1 201" in whole and not match["resumed"]:
            found.append("answered")
        if "<unfinished" in match["rest"]:
            begun[match["pid"]] = whole
        elif "-wal>" in whole:
            found.append("written" if whole.startswith(("pwrite64", "write")) else "synced")
    return found


def windows(happened: list[str]) -> list[list[str]]:
    """What came before each answer, since the one before it."""
    parts: list[list[str]] = [[]]
    for event in happened:
        if event == "answered":
            parts.append([])
        else:
            parts[-1].append(event)
    return parts[:-1]


def durable(window: list[str]) -> bool:
    """The log was written for this answer, and nothing written after the last sync."""
    return "written" in window and window[-1] == "synced"


@pytest.fixture(autouse=True)
def needs_strace() -> None:
    components.need("strace")


def test_00_the_log_is_synced_before_each_answer(tmp_path: Path) -> None:
    before_answers = windows(traced(tmp_path))
    assert len(before_answers) == ORDERS
    assert all(durable(window) for window in before_answers), before_answers


def test_00_the_same_look_finds_a_shop_that_does_not_sync(tmp_path: Path) -> None:
    before_answers = windows(traced(tmp_path, "careless"))
    assert len(before_answers) == ORDERS
    assert not any(durable(window) for window in before_answers), before_answers
