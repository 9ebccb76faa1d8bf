"""Constant load from outside: so many requests a second whatever becomes of them, and each one accounted for.

Open loop: a request leaves when its time has come, however many others hang, and its time counts from then. Connections are kept and used
again, as balancers and browsers do; a given share of the requests opens one of its own. Nothing is tried twice: a connection
found closed before the request was written is replaced, which is no second try; one that breaks after that is a failure.
"""

import asyncio
import errno
import itertools
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from mela.cli.calibrate.sending import read_answer


@dataclass(frozen=True)
class Request:
    """What is asked. `expected`: the statuses that count as success. `slow_s`: so long the body is on its way, as from a phone in a train."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    expected: tuple[int, ...] = (200,)
    slow_s: float = 0.0

    def head(self, host: str) -> bytes:
        """Its bytes before the body."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Shot:
    """One request: when it was due (seconds after the start), how long until its last byte, and what came of it.

    `status` 0 means no answer; `problem` is empty for a success.
    """

    due_s: float
    took_s: float
    status: int
    problem: str
    fresh: bool


@dataclass(frozen=True)
class _Line:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def is_open(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())


@contextmanager
def ahead_of_others() -> Iterator[None]:
    """This thread, and what it starts, is woken before what else runs on the machine: a sender that is woken late measures itself.

    Beside other tests it came 2 ms late in the median, 7 ms once in ten times. Needs root; without, nothing changes.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


class Load:
    """Sends `requests` in turn to `addresses` in turn, `rate` a second, from `__enter__` on until `__exit__`.

    `fresh`: each so-manieth request opens a connection of its own. `addresses` may be replaced while it runs, as a balancer would.
    """

    def __init__(
        self, addresses: Sequence[tuple[str, int]], requests: Sequence[Request], rate: float, *, fresh: int = 5, timeout_s: float = 10.0,
    ) -> None:  # fmt: skip
        self.addresses, self.shots = list(addresses), list[Shot]()
        self._requests, self._rate, self._fresh, self._timeout_s = requests, rate, fresh, timeout_s
        self._idle: dict[tuple[str, int], list[_Line]] = {}
        self._stopping = threading.Event()
        self._began = 0.0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def now_s(self) -> float:
        """Seconds since the start, to name a moment by."""
        return time.monotonic() - self._began

    async def _run(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        for number in itertools.count():
            due_s = number / self._rate
            await asyncio.sleep(max(0.0, due_s - self.now_s()))
            if self._stopping.is_set():
                break
            task = asyncio.create_task(self._shoot(number, due_s))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        for line in itertools.chain.from_iterable(self._idle.values()):
            line.writer.close()

    async def _shoot(self, number: int, due_s: float) -> None:
        request, fresh = self._requests[number % len(self._requests)], number % self._fresh == 0
        address = self.addresses[number % len(self.addresses)]
        status, problem = 0, ""
        try:
            async with asyncio.timeout(self._timeout_s):
                line = await self._line(address, fresh=fresh)
                try:
                    status, stays = await _exchange(line, request, address[0])
                except BaseException:
                    line.writer.close()
                    raise
            if stays and not fresh:
                self._idle.setdefault(address, []).append(line)
            else:
                line.writer.close()
            if status not in request.expected:
                problem = f"answered {status}"
        except TimeoutError:
            problem = "no answer in time"
        except (OSError, EOFError, ValueError) as error:
            problem = errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)
        self.shots.append(Shot(due_s, self.now_s() - due_s, status, problem, fresh))

    async def _line(self, address: tuple[str, int], *, fresh: bool) -> _Line:
        idle = [] if fresh else self._idle.setdefault(address, [])
        while idle:
            line = idle.pop(0)  # the one that has rested longest: all stay in use
            if line.is_open():
                return line
            line.writer.close()
        return await _connect(address)


async def _connect(address: tuple[str, int]) -> _Line:
    """A new connection, from a port that was not used for minutes.

    Conntrack of a node remembers where a SYN went for two minutes (nf_conntrack_tcp_timeout_syn_sent), though the pod is lost and kube-proxy
    has taken it out: who comes from the same address and port again is sent there again. Phones have addresses of their own; all of this load
    has one, and would meet its own traces.
    """
    while True:
        try:
            return _Line(*await asyncio.open_connection(*address, local_addr=("0.0.0.0", next(_PORTS))))  # noqa: S104
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


_FIRST, _COUNT = 10_000, 22_000


def free_ports() -> Iterator[int]:
    """Ports below those that the kernel gives to others, again and again; who asks begins where nobody else does."""
    return (_FIRST + number % _COUNT for number in itertools.count(time.time_ns() % _COUNT))


_PORTS = free_ports()


async def _exchange(line: _Line, request: Request, host: str) -> tuple[int, bool]:
    """Send a request and read its answer to the end; its status, and whether the connection stays."""
    line.writer.write(request.head(host))
    if request.slow_s:
        await asyncio.sleep(request.slow_s)
    line.writer.write(request.body)
    return await read_answer(line.reader)


@dataclass(frozen=True)
class Account:
    """What became of all requests of a load, or of those due within some seconds."""

    shots: Sequence[Shot]
    failed: list[Shot] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "failed", [shot for shot in self.shots if shot.problem])

    def between(self, from_s: float, until_s: float) -> "Account":
        """Those due in this time."""
        return Account([shot for shot in self.shots if from_s <= shot.due_s < until_s])

    def share(self) -> float:
        """Failed of all, 0 to 1."""
        return len(self.failed) / max(1, len(self.shots))

    def percentile_ms(self, share: float) -> float:
        """Of the answered ones."""
        took = sorted(shot.took_s for shot in self.shots if shot.status)
        return took[int(share * (len(took) - 1))] * 1000 if took else 0.0

    def last_failure_s(self) -> float:
        """When the last failed request was due; 0 when none failed."""
        return max((shot.due_s for shot in self.failed), default=0.0)

    def curve(self) -> list[tuple[int, int, int, int]]:
        """Second, requests due in it, failed of them, and how long the slowest of them took, in ms."""
        seconds: list[list[Shot]] = [[] for _ in range(int(max((shot.due_s for shot in self.shots), default=0)) + 1)]
        for shot in self.shots:
            seconds[int(shot.due_s)].append(shot)
        return [
            (second, len(due), sum(bool(s.problem) for s in due), max((round(s.took_s * 1000) for s in due), default=0))
            for second, due in enumerate(seconds)
        ]
