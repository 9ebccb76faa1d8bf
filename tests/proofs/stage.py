"""Processes of a proof: started from the installed command, killed, started again on the same data."""

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
from typing import Self

MELA = str(Path(sys.executable).parent / "mela")


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Actor:
    """One process of Mela, on a port and a folder that outlive it."""

    def __init__(self, folder: Path, *names: str, **environ: str) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self.port}"
        doing = ["serve", *names] if names else ["up"]
        self._command = [MELA, *doing, "--port", str(self.port), "--data", str(folder)]
        self.environ = os.environ | {"MELA_LOG_LEVEL": "WARNING", "MELA_LOG": "json"} | environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and return once it is ready. Raises: RuntimeError with its last words."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self.environ, stdout=log, stderr=log)
        limit = time.monotonic() + 60
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"{self._command} is not ready:\n{self.last_words()}")
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """Kill -9: no chance to tidy up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM; its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running(*actors: Actor) -> Iterator[None]:
    """Start the actors in this order; stop them in the opposite one, whatever happened."""
    begun: list[Actor] = []
    try:
        for actor in actors:
            begun.append(actor)
            actor.start()
        yield
    finally:
        for actor in reversed(begun):
            actor.stop()


def outside_world(folder: Path) -> tuple[Actor, dict[str, str]]:
    """Gateway and phones as a process of their own, and the variables with which a platform finds them."""
    actor = Actor(folder, "sms", "gateway", MELA_GATEWAY_KEY_ID="mela", MELA_GATEWAY_KEY_SECRET="k" * 40,
                  MELA_GATEWAY_WEBHOOK_SECRET="w" * 40, MELA_GATEWAY_CALLBACK_FIRST_WAIT_S="0.3")  # fmt: skip
    environ = {
        "MELA_ACCOUNTS_SMS_URL": f"{actor.url}/sim/sms",
        "MELA_PAYMENTS_GATEWAY_URL": f"{actor.url}/sim/gateway",
        "MELA_PAYMENTS_GATEWAY_KEY_ID": "mela",
        "MELA_PAYMENTS_GATEWAY_KEY_SECRET": "k" * 40,
        "MELA_PAYMENTS_WEBHOOK_SECRET": "w" * 40,
        "MELA_SETTLEMENT_GATEWAY_URL": f"{actor.url}/sim/gateway",
        "MELA_SETTLEMENT_GATEWAY_KEY_ID": "mela",
        "MELA_SETTLEMENT_GATEWAY_KEY_SECRET": "k" * 40,
    }
    return actor, environ
