"""Load as fast as it can, by wrk."""

import re
import subprocess
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from mela.cli.calibrate import process
from mela.cli.calibrate.model import CannotMeasure, Load

if TYPE_CHECKING:
    from mela.cli.calibrate.sending import Asked

MISSING = "wrk is not installed: apt-get install wrk (Debian, Ubuntu), brew install wrk, dnf install wrk"
SCRIPT = """\
local run, n = tostring(os.time()) .. tostring({{}}):sub(8), 0
local body, given, paths = {body}, {{{headers}}}, {{{paths}}}
request = function()
  n = n + 1
  local headers, own = {{}}, run .. "-" .. n
  for name, value in pairs(given) do headers[name] = value:gsub("{{n}}", own) end
  return wrk.format("{method}", paths[(n - 1) % #paths + 1], headers, body and (body:gsub("{{n}}", own)))
end
"""
"""For wrk. `{{n}}` in a header or the body becomes a text that no other request has."""


def script(asked: "Asked") -> str:
    """What is to be sent, in wrk's own language. Each run's requests are numbered under a name of its own."""
    return SCRIPT.format(
        method=asked.method,
        body="nil" if asked.body is None else _lua(asked.body),
        headers=", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in asked.headers),
        paths=", ".join(map(_lua, asked.paths)),
    )


def load(url: str, metrics: str, script: str, connections: int, seconds: int) -> Load:
    """What so many connections bring. Raises: CannotMeasure."""
    before = process.own(metrics)[process.CPU]
    with NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", file.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - wrk with checked numbers and the user's URL
    said = done.stdout
    if done.returncode or "Requests/sec" not in said:
        raise CannotMeasure(f"wrk could not load {url}: {(done.stderr or said).strip().splitlines()[-1]}")
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise CannotMeasure(
            f"{refused[1]} answers were neither 2xx nor 3xx; measure a path that answers, with --header if it needs one."
        )
    took = process.own(metrics)[process.CPU] - before
    requests, lasted = re.search(r"(\d+) requests in ([\d.]+\w+),", said), seconds
    count = int(requests[1]) if requests else 0
    if not count:
        raise CannotMeasure(f"{url} answered nothing in {seconds} s.")
    return Load(connections, count / lasted, quantile(said, 50), quantile(said, 99), took / count * 1000, took / lasted)


def quantile(said: str, percent: int) -> float:
    """In milliseconds, from what wrk said."""
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)", said)
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[found[2]]


def _lua(text: str) -> str:
    """Text as Lua takes it, whatever is in it."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'
