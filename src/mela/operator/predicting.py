"""The controller as a process: a step each few seconds while it leads, health and metrics beside it."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mela.kernel.clock import Clock
from mela.operator import external_metrics, leading
from mela.operator.external_metrics import Values
from mela.operator.kube import Refused
from mela.operator.predict import Controller, NotUsable

log = structlog.get_logger()
DEAD_AFTER_S = 120.0


class Process:
    """Runs one controller until `stop`. Copies that do not lead read the crowd too, for the metrics API."""

    def __init__(self, controller: Controller, clock: Clock, *, every_s: float, lease: str) -> None:
        self._controller, self._clock, self._every_s, self._lease = controller, clock, every_s, lease
        self._stop = threading.Event()
        self._turned = clock.monotonic()
        self.has_looked = False

    def stop(self) -> None:
        """End after the step that is under way. May be called from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Step, wait, step. What goes wrong is logged and tried again: the floor stays as it is meanwhile."""
        while not self._stop.is_set():
            try:
                self.turn()
            except (Refused, NotUsable) as error:
                log.warning("no decision", reason=str(error))
            self._turned = self._clock.monotonic()
            self._stop.wait(self._every_s)

    def turn(self) -> None:
        """One step, if this copy leads. Raises: Refused, NotUsable."""
        controller, now = self._controller, self._clock.now()
        if controller.dry_run or leading.lead(controller.api, controller.namespace, self._lease, controller.me, now):
            controller.step(now)
        else:
            controller.crowd = controller.source.read(now)
        self.has_looked = True

    def values(self) -> Values | None:
        """What the metrics API tells."""
        crowd = self._controller.crowd
        by_name = {"mela_streaming_viewers": crowd.people, "mela_streaming_mbps": crowd.mbps} if crowd else {}
        return Values(by_name, crowd.at) if crowd else None

    def is_alive(self) -> bool:
        """Whether the loop still turns, whatever came of it."""
        return self._clock.monotonic() - self._turned < DEAD_AFTER_S


def serve_health(process: Process, port: int) -> ThreadingHTTPServer:
    """`/livez`: the loop turns. `/readyz`: it has read the crowd once. `/metrics`. The caller runs `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = b"ok", "text/plain"
            good = process.is_alive() if self.path == "/livez" else process.has_looked or self.path != "/readyz"
            if self.path == "/metrics":
                body, kind = generate_latest(), CONTENT_TYPE_LATEST
            self.send_response(200 if good else 503)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes are not worth a line."""

    return ThreadingHTTPServer(("", port), Handler)


def serve_metrics_api(process: Process, clock: Clock, port: int) -> ThreadingHTTPServer:
    """The external metrics API of this process. The caller runs `serve_forever`."""
    return external_metrics.serve(port, lambda: (process.values(), clock.now()))


def in_background(serve_forever: Callable[[], None]) -> None:
    """Run a server beside the loop; it ends with the process."""
    threading.Thread(target=serve_forever, daemon=True).start()
