"""Requests at given times, each on a connection of its own, by a sender that takes little of the machine that it measures.

One thread and one `epoll`, no tasks and no streams: 0.4 ms of CPU a request, where `load.Load` takes 0.7 to 0.8, which on two cores is time
that the pods lack. Open loop as there: a request counts from when it was due, and none is tried twice.
"""

import errno
import itertools
import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Self

from tests.proofs.kube.load import Request, Shot, free_ports

PIECE = 1 << 17


class Strangers:
    """Sends `request` to `addresses` in turn, at `times` (seconds after `__enter__`, rising); `shots` fills up. `__exit__` waits for the last answer."""

    def __init__(self, addresses: Sequence[tuple[str, int]], request: Request, times: Sequence[float], *, timeout_s: float = 10.0) -> None:  # fmt: skip
        self.shots: list[Shot] = []
        self._addresses, self._expected, self._times, self._timeout_s = addresses, request.expected, times, timeout_s
        self._texts = {address: request.head(address[0]) + request.body for address in addresses}
        self._ports: Iterator[int] = free_ports()
        self._open: dict[int, _Line] = {}
        self._began = 0.0
        self._thread = threading.Thread(target=self._run, name="strangers")

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        turns = itertools.cycle(self._addresses)
        due, left = 0, len(self._times)
        with select.epoll() as poll:
            while due < left or self._open:
                now = time.monotonic() - self._began
                while due < left and self._times[due] <= now:
                    self._begin(poll, next(turns), self._times[due])
                    due += 1
                until = self._times[due] - (time.monotonic() - self._began) if due < left else 0.1
                for number, _ in poll.poll(min(max(until, 0.0), 0.1)):
                    self._go_on(poll, self._open[number])
                self._give_up(now)

    def _begin(self, poll: select.epoll, address: tuple[str, int], due_s: float) -> None:
        line = _Line(address, due_s, socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        while True:
            try:
                line.socket.bind(("0.0.0.0", next(self._ports)))  # noqa: S104
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        self._open[line.socket.fileno()] = line
        began = line.socket.connect_ex(address)
        if began not in {0, errno.EINPROGRESS}:
            self._end(line, errno.errorcode[began])
        else:
            poll.register(line.socket, select.EPOLLOUT)

    def _go_on(self, poll: select.epoll, line: "_Line") -> None:
        try:
            if not line.asked:
                if failed := line.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(failed, os.strerror(failed))
                line.socket.send(self._texts[line.address])
                line.asked = True
                poll.modify(line.socket, select.EPOLLIN)
                return
            piece = line.socket.recv(PIECE)
        except OSError as error:
            self._end(line, errno.errorcode.get(error.errno or 0, type(error).__name__))
            return
        line.heard += piece
        if line.is_whole():
            status = int(line.heard.split(b" ", 2)[1])
            self._end(line, "" if status in self._expected else f"answered {status}", status)
        elif not piece:
            self._end(line, "EOFError")

    def _give_up(self, now: float) -> None:
        """Those that are open are in the order in which they were due."""
        while self._open and (first := next(iter(self._open.values()))).due_s < now - self._timeout_s:
            self._end(first, "no answer in time")

    def _end(self, line: "_Line", problem: str, status: int = 0) -> None:
        took_s = time.monotonic() - self._began - line.due_s
        del self._open[line.socket.fileno()]
        line.socket.close()
        self.shots.append(Shot(line.due_s, took_s, status, problem, fresh=True))


class _Line:
    """An open connection, and what came by it."""

    def __init__(self, address: tuple[str, int], due_s: float, own: socket.socket) -> None:
        self.address, self.due_s, self.socket = address, due_s, own
        self.asked, self.heard = False, b""

    def is_whole(self) -> bool:
        """The answer has come to its end, by its Content-Length."""
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return False
        fields = dict(part.split(b": ", 1) for part in head.lower().split(b"\r\n")[1:] if b": " in part)
        return len(body) >= int(fields[b"content-length"])
