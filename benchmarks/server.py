"""A platform to be measured: `mela up` in a process of its own, on a core of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
MELA = str(Path(sys.executable).parent / "mela")
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Platform:
    """A running process and where it listens."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data: Path) -> None:
        self.process, self.port, self.data = process, port, data

    def cpu_s(self, *, main_thread: bool = False) -> float:
        """CPU seconds of the process so far, user and system; or of its main thread, which runs the event loop."""
        own = f"/proc/{self.process.pid}"
        fields = (
            Path(f"{own}/task/{self.process.pid}/stat" if main_thread else f"{own}/stat")
            .read_text()
            .rsplit(")", 1)[1]
            .split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pss_mib(self) -> float:
        """Proportional set size of the process and its children, MiB."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        total = 0
        for pid in (str(self.process.pid), *found):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def operator(self) -> str:
        """The operator's token."""
        from mela.runtime.settings import operator_token

        return operator_token(self.data) or ""


@contextmanager
def outside_world(data: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Gateway and phones in a process of their own beside the load: their port, and how a platform finds them."""
    keys = {"KEY_ID": "mela", "KEY_SECRET": "k" * 40}
    own = {f"MELA_GATEWAY_{name}": value for name, value in keys.items()} | {"MELA_GATEWAY_WEBHOOK_SECRET": "w" * 40}
    command = [MELA, "serve", "sms", "gateway", "--port", "PORT", "--data", str(data)]
    with platform(data, command=command, core=LOAD_CORE, **own) as world:
        url = f"http://127.0.0.1:{world.port}/sim"
        found = {"MELA_ACCOUNTS_SMS_URL": f"{url}/sms", "MELA_PAYMENTS_WEBHOOK_SECRET": "w" * 40}
        for service in ("PAYMENTS", "SETTLEMENT"):
            found[f"MELA_{service}_GATEWAY_URL"] = f"{url}/gateway"
            found |= {f"MELA_{service}_GATEWAY_{name}": value for name, value in keys.items()}
        yield world.port, found


@contextmanager
def platform(
    data: Path, *, command: list[str] | None = None, core: int | None = SERVER_CORE, **environ: str
) -> Iterator[Platform]:
    """Start it on a core of its own (None: on any), wait until it is ready, stop it at the end."""
    port = free_port()
    pin = ["taskset", "-c", ",".join(map(str, CORES)) if core is None else str(core)]
    command = command or [MELA, "up", "--port", str(port), "--data", str(data)]
    command = [part.replace("PORT", str(port)) for part in command]
    rules = str(Path(__file__).with_name("risk.yaml"))
    env = os.environ | {"MELA_LOG_LEVEL": "ERROR", "MELA_PAYMENTS_RISK_RULES": rules, **environ}
    with (data.parent / "server.log").open("ab") as log:
        process = subprocess.Popen([*pin, *command], env=env, stdout=log, stderr=log)
    try:
        wait_ready(port, process)
        yield Platform(process, port, data)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_ready(port: int, process: subprocess.Popen[bytes], path: str = "/readyz", timeout_s: float = 60) -> None:
    """Until the process answers 200 there. Raises: RuntimeError when it ends first."""
    limit = time.monotonic() + timeout_s
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}; see server.log")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError("not ready in time")
