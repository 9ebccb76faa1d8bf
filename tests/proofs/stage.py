"""Processes of a proof: started from the installed command, killed, started again on the same data."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from mela import cli
from mela.runtime import registry
from tests.ports import free_port

MELA = str(Path(sys.executable).parent / "mela")
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(
    [
        __name__,
        "uvloop",
        "mela.cli.platform",
        "mela.runtime.serving",
        "mela.kernel.db.sqlite",
        "mela.kernel.db.postgres",
        *(entry.module for entry in registry.ENTRIES.values()),
    ]
)


class Actor:
    """One process of Mela, on a port and a folder that outlive it."""

    def __init__(self, folder: Path, *names: str, **environ: str) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self.port}"
        doing = ["serve", *names] if names else ["up"]
        self._command = [MELA, *doing, "--port", str(self.port), "--data", str(folder)]
        self.environ = os.environ | {"MELA_LOG_LEVEL": "WARNING", "MELA_LOG": "json"} | environ
        self._process: subprocess.Popen[bytes] | _Child | None = None

    def start(self) -> Self:
        """Start it, and return once it is ready. Raises: RuntimeError with its last words."""
        self.begin()
        return self.wait()

    def begin(self) -> None:
        """Start it, and do not wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = self._born(log)

    def wait(self) -> Self:
        """Return once it is ready; a minute of looking at least. Raises: RuntimeError with its last words."""
        assert self._process is not None
        for _ in range(3_000):  # not by the clock: all of it may be stopped meanwhile
            if self._ready():
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self._command} is not ready:\n{self.last_words()}")

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

    def _born(self, log: BinaryIO) -> "subprocess.Popen[bytes] | _Child":
        return subprocess.Popen(self._command, env=self.environ, stdout=log, stderr=log)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Reborn(Actor):
    """One whose processes are forked from one that has imported Mela and done nothing else: a life begins at once."""

    def _born(self, log: BinaryIO) -> "_Child":
        return _Child(self._command[1:], self.environ, log.name)


class _Child:
    """A forked process that runs `mela` with these arguments, with the face of a `Popen`."""

    def __init__(self, arguments: list[str], environ: dict[str, str], log: str) -> None:
        self._process = _NURSERY.Process(target=_run, args=(arguments, environ, log))
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout_s: float) -> int:
        self._process.join(timeout_s)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self._process.pid} is still there after {timeout_s} s")
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


def _run(arguments: list[str], environ: dict[str, str], log: str) -> None:
    """What a shell would have done, and then the command."""
    with Path(log).open("ab") as opened:
        for stream in (1, 2):
            os.dup2(opened.fileno(), stream)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["mela", *arguments]
    cli.main(arguments)


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
