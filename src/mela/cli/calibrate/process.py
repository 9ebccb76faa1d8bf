"""The process that is measured: started if need be, and its own word on what it used."""

import re
import shlex
import subprocess
import time

from mela.cli.calibrate.model import CannotMeasure

START_WITHIN_S = 120.0
CPU, MEMORY = "process_cpu_seconds_total", "process_resident_memory_bytes"


def started(command: str | None, ready: str) -> tuple[subprocess.Popen[bytes] | None, float | None]:
    """The process and the seconds until it was ready; neither where nothing is to be started."""
    if command is None:
        return None, None
    began = time.monotonic()
    try:
        process = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - it is the user's own command
    except OSError as error:
        raise CannotMeasure(f"{command!r} cannot be started: {error.strerror}") from error
    while _status(ready) != 200:
        if process.poll() is not None:
            raise CannotMeasure(f"{command!r} ended with exit code {process.returncode} before it was ready.")
        if time.monotonic() - began > START_WITHIN_S:
            process.terminate()
            raise CannotMeasure(f"{ready} did not answer 200 within {START_WITHIN_S:.0f} s.")
        time.sleep(0.02)
    return process, time.monotonic() - began


def own(metrics: str) -> dict[str, float]:
    """What it says of itself, by name: CPU in seconds, memory in bytes."""
    import httpx2

    try:
        answer = httpx2.get(metrics, timeout=5.0)
        answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise CannotMeasure(f"{metrics} does not answer: {error}. Name it with --metrics URL.") from error
    found = {
        name: float(value) for name, value in re.findall(r"^(process_\w+) ([0-9.e+-]+)$", answer.text, re.MULTILINE)
    }
    if CPU not in found:
        raise CannotMeasure(
            f"{metrics} has no {CPU}. Most Prometheus clients give it on Linux; else name another with --metrics."
        )
    return found


def _status(url: str) -> int:
    import httpx2

    try:
        return httpx2.get(url, timeout=2.0).status_code
    except httpx2.HTTPError:
        return 0
