"""Requests at a fixed rate, against a small server of the test's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mela.cli.calibrate import sending


@contextmanager
def answering(status: int = 200, *, chunked: bool = False) -> Iterator[tuple[str, list[tuple[str, str]], set[int]]]:
    """The URL of a server, path and header `key` of each request, and the ports that it was asked from."""
    asked, ports = list[tuple[str, str]](), set[int]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("key", "")))
            ports.add(self.client_address[1])
            self.send_response(status)
            self.send_header(*(("transfer-encoding", "chunked") if chunked else ("content-length", "2")))
            self.end_headers()
            self.wfile.write(b"2\r\nok\r\n0\r\n\r\n" if chunked else b"ok")

        def log_message(self, *_: object) -> None:
            """Hundreds."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked, ports
    finally:
        server.shutdown()
        server.server_close()


def told(*_: int) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("chunked", [False, True])
def test_as_many_leave_as_the_rate_says_and_connections_are_used_again(chunked: bool) -> None:
    with answering(chunked=chunked) as (url, asked, ports):
        what = sending.Asked(url, headers=(("key", "{n}"),), paths=("/a", "/b"))
        answers = sending.send(what, 400, 0.25, "run", told, fresh=False)
    assert (len(answers.took_s), answers.failed) == (100, 0)
    assert [path for path, _ in asked].count("/a") == 50
    assert len({key for _, key in asked}) == 100
    assert len(ports) < 50


def test_each_body_has_a_value_of_its_own_and_the_length_of_it() -> None:
    what = sending.Asked("http://h/", "POST", body='{"key": "{n}"}')
    first, tenth = (
        each.decode() for number, each in zip(range(11), what.texts("run"), strict=False) if number in {0, 10}
    )
    assert first.endswith('Content-Length: 16\r\n\r\n{"key": "run-0"}')
    assert tenth.endswith('Content-Length: 17\r\n\r\n{"key": "run-10"}')


def test_a_stranger_opens_a_connection_of_his_own() -> None:
    with answering() as (url, _, ports):
        sending.send(sending.Asked(url), 400, 0.1, "run", told, fresh=True)
    assert len(ports) == 40


def test_what_is_refused_or_not_answered_counts_as_failed() -> None:
    with answering(503) as (url, _, _):
        refused = sending.send(sending.Asked(url), 400, 0.05, "run", told, fresh=False)
    nobody = sending.send(sending.Asked(url), 400, 0.05, "run", told, fresh=False)
    assert (refused.failed, nobody.failed) == (20, 20)
