"""Puts a platform on a port, and takes it off again without losing a request."""

import asyncio
import errno
import fcntl
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from mela.runtime.connections import Connections, Protocol
from mela.runtime.platform import Platform
from mela.runtime.settings import CannotStart, PlatformSettings

log = structlog.get_logger()
GARBAGE = (50_000, 20, 50)
"""New objects that stay, before the collector looks at the young; of such looks, before it looks at the older, and at the oldest."""


def bind(host: str, port: int) -> socket.socket:
    """The listening socket. Raises: CannotStart when another program has the port, or may not have it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {port} is taken by another program.", f"Choose another: mela up --port {port + 100}"
            ) from error
        raise CannotStart(
            f"Cannot listen on {host}:{port} ({error.strerror}).", "Choose another with --port and --host."
        ) from error
    return listener


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """This process alone uses the folder. Raises: CannotStart when it cannot be written or another platform runs in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        os.write(lock, b"x")
    except OSError as error:
        what = "is full" if error.errno == errno.ENOSPC else f"cannot be written ({error.strerror})"
        raise CannotStart(f"The folder {folder} {what}.", "Make room, or choose another: mela up --data DIR") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise CannotStart(
            f"Another platform runs in {folder}.", "Stop it, or choose another: mela up --data DIR"
        ) from error
    try:
        yield
    finally:
        os.close(lock)


class _Server(uvicorn.Server):
    """Uvicorn, with signals left to us: readiness falls first, then the door closes, then who is inside leaves.

    Uvicorn closes idle connections at once. One on which the next request is already on its way would lose it, so here each
    is told to go in its next answer first (`Connection: close`), and only those still idle after `farewell_s` are closed.
    Source: RFC 9112, 9.6 (2026-11-26): a server that intends to close says so in an answer, or the client has to guess.
    """

    def __init__(self, config: uvicorn.Config, farewell_s: float) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.server_state = self.connections = Connections()
        self._farewell_s = farewell_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then say that the first request can be answered. Raises: CannotStart when a service failed."""
        try:
            await super().startup(sockets)
        except SystemExit as error:  # so uvicorn tells that the lifespan failed
            raise CannotStart("The services did not start.", "The log says why.") from error
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, say goodbye to who is inside, then as uvicorn's."""
        for server in self.servers:
            server.close()
        for door in sockets or []:
            door.close()
        await self.connections.gone(self._farewell_s)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None are captured here."""
        yield


async def serve(
    platform: Platform, app: FastAPI, listener: socket.socket, *, started: Callable[[], None] = lambda: None
) -> None:
    """Answer requests until SIGINT or SIGTERM; `started` is called when the first can be answered."""
    config: Any = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=20, server_header=False,
        date_header=True, proxy_headers=False, timeout_keep_alive=75, http=Protocol,
    )  # fmt: skip
    server = _Server(config, platform.settings.farewell_s)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait([running, listening], return_when=asyncio.FIRST_COMPLETED)
    if server.started:
        started()
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    platform.health.ready = False
    server.connections.leaving = True
    if not running.done():
        await asyncio.sleep(platform.settings.drain_s)
        app.state.streams.close()
        server.should_exit = True
    for waiter in (stopping, listening):
        waiter.cancel()
    await running


def run(
    settings: PlatformSettings, names: list[str], *, samples: bool, started: Callable[[dict[str, int]], None]
) -> None:
    """Open, serve and close the services `names`; `started` is told what sample data was loaded, by service.

    Raises: CannotStart, SettingsError, NewerDatabase.
    """
    listener = bind(settings.host, settings.port)
    with own_folder(settings.data):
        import uvloop

        uvloop.run(_run(settings, names, listener, samples, started))


async def _run(
    settings: PlatformSettings,
    names: list[str],
    listener: socket.socket,
    samples: bool,
    started: Callable[[dict[str, int]], None],
) -> None:
    platform = Platform(names, settings)
    app = platform.open()
    loaded = await platform.load_samples() if samples else {}
    _rest_the_collector()
    await serve(platform, app, listener, started=lambda: started(loaded))


def _rest_the_collector() -> None:
    """Let the garbage collector pass over what is there for good, and look at the rest seldom.

    By default it goes through what is young at each 700 new objects that stay: with 2,000 requests waiting for an answer that was 35 to 40 % of
    the CPU (perf, heartbeats of system 03, 2026-11-27). Only circles wait for it; everything else is freed at once as ever.
    Source: https://docs.python.org/3.11/library/gc.html#gc.freeze, #gc.set_threshold (recalled).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
