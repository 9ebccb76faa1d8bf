"""Nodes that are only told of, and kubelets that tell what pods on them would use: everything else of the cluster is real.

kwok keeps the nodes alive and takes pods through `data/stages.yaml`. The cluster's own metrics-server scrapes these nodes as it does
real ones, at 10250 of an address of this machine; what it finds there is counted here: a ready pod uses load / ready pods,
at most its limit, and one that starts next to nothing. A real kubelet takes its samples when its own housekeeping comes round, not when it is
asked; this one takes them at full seconds, and hands out the one of five seconds ago.
"""

import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest
import yaml

from mela.operator import external_metrics
from tests.proofs.kube.kubectl import CACHE, Kubectl, Object

DATA = Path(__file__).parent / "data"
MARK = "mela.dev/proof"
ADDRESS, PORT = "127.77.0.1", 10250
NODES = tuple(f"reality-{number}" for number in (1, 2, 3))
AGE_S = 5
"""How old a sample is when it is handed out, to half a second: `resource_metrics.age` of the rehearsal's delays."""
KEPT_S = 20
NEXT_S = 8
"""Nodes that are asked within this time of each other are asked by one scrape."""
BOOTING_CORES = 0.001
Load = Callable[[str, float], float]
"""Cores that all pods of a namespace together are asked for, at a time (seconds since the epoch)."""


@dataclass(slots=True)
class Pod:
    """What its kubelet would know. Times are seconds since the epoch; `used` are samples of (time, CPU seconds so far), `cores` what it uses in this second."""

    namespace: str
    name: str
    node: str
    running_at: float = 0.0
    ready_at: float = 0.0
    cores: float = BOOTING_CORES
    used: list[tuple[float, float]] = field(default_factory=list)


class Kubelets:
    """The kubelets of all simulated nodes; `heard` is told of pods by a watch."""

    def __init__(self, load: Load, limit_cores: float) -> None:
        self.pods: dict[str, Pod] = {}
        self.scrapes: list[tuple[float, int]] = []
        """When metrics-server asked the first of the nodes, each time, and of which second the sample is that they all told."""
        self._load, self._limit = load, limit_cores
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._server = _serve(self._told)
        self._threads = [threading.Thread(target=self._server.serve_forever, name="kubelets", daemon=True), threading.Thread(target=self._count, name="usage", daemon=True)]  # fmt: skip

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(15)

    def heard(self, kind: str, pod: Object) -> None:
        """A pod came, changed or went."""
        name, status = pod["metadata"]["name"], pod.get("status", {})
        with self._lock:
            if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
                self.pods.pop(name, None)
                return
            known = self.pods.setdefault(name, Pod(pod["metadata"]["namespace"], name, ""))
            known.node = pod["spec"].get("nodeName", "")
            now = time.time()
            if status.get("phase") == "Running":
                known.running_at = known.running_at or now
            if any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ())):
                known.ready_at = known.ready_at or now

    def _count(self) -> None:
        """Load is shared out at each full second, among the pods that are ready then, for the second that begins."""
        second = int(time.time()) + 1
        while not self._stopping.wait(max(0.0, second - time.time())):
            with self._lock:
                self._share(second)
            second += 1

    def _share(self, second: int) -> None:
        running = [pod for pod in self.pods.values() if pod.running_at]
        ready = Counter(pod.namespace for pod in running if pod.ready_at)
        for pod in running:
            _, used = pod.used[-1] if pod.used else (0.0, 0.0)
            pod.used = [*(pod.used or [(pod.running_at, 0.0)])[-KEPT_S:], (float(second), used + pod.cores)]
            each = self._load(pod.namespace, second) / max(ready[pod.namespace], 1)
            pod.cores = min(each, self._limit) if pod.ready_at else BOOTING_CORES

    def _told(self, node: str) -> str:
        """Prometheus text, as a kubelet's /metrics/resource."""
        now = time.time()
        with self._lock:
            if not self.scrapes or now - self.scrapes[-1][0] > NEXT_S:
                first = self.scrapes[0][0] if self.scrapes else now
                self.scrapes.append((now, round(now - first % 1) - AGE_S))
            second = self.scrapes[-1][1]
            lines = [_line("node_cpu_usage_seconds_total", "", second, second), _line("node_memory_working_set_bytes", "", 1e6, second)]  # fmt: skip
            for pod in self.pods.values():
                used = dict(pod.used).get(second)
                if pod.node == node and used is not None:
                    labels = f'{{container="work",namespace="{pod.namespace}",pod="{pod.name}"}}'
                    lines += [
                        f"container_start_time_seconds{labels} {pod.running_at:.3f}",
                        _line("container_cpu_usage_seconds_total", labels, used, second),
                        _line("container_memory_working_set_bytes", labels, 1e6, second),
                    ]
        return "\n".join([*lines, ""])


def _line(name: str, labels: str, value: float, at: float) -> str:
    return f"{name}{labels} {value:.9f} {int(at * 1000)}"


def _serve(told: Callable[[str], str]) -> ThreadingHTTPServer:
    """Each node's metrics under a path of its own, over TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = told(self.path.rsplit("/", 1)[-1]).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Every fifteen seconds, three times."""

    try:
        server = ThreadingHTTPServer((ADDRESS, PORT), Handler)
    except OSError as error:
        pytest.skip(f"not run: {ADDRESS}:{PORT} must be free for the simulated kubelets ({error})")
    context = external_metrics.own_certificate(datetime.now(UTC))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


@contextmanager
def nodes(kubectl: Kubectl) -> Iterator[None]:
    """Simulated nodes for this proof alone, kept by a kwok of its own; gone afterwards."""
    kwok, stages = CACHE / "bin" / "kwok", CACHE / "stages.yaml"
    if not (kwok.exists() and stages.exists()):
        pytest.skip("not run: needs kwok (tools/cluster/cluster build kwok)")
    ours = [each for each in yaml.safe_load_all(stages.read_text()) if each]
    of_nodes = [each for each in ours if each["spec"]["resourceRef"]["kind"] == "Node"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config, tempfile.NamedTemporaryFile("w") as log:
        config.write(yaml.safe_dump_all(of_nodes) + "---\n" + (DATA / "stages.yaml").read_text())
        config.flush()
        command = [str(kwok), "--kubeconfig", kubectl.config, "--config", config.name, "--manage-all-nodes=false", f"--manage-nodes-with-annotation-selector={MARK}=reality", "--node-lease-duration-seconds=40", f"--node-ip={ADDRESS}"]  # fmt: skip
        with subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                kubectl.apply(map(_node, NODES))
                kubectl.do("wait", "--for=condition=Ready", *(f"node/{name}" for name in NODES), "--timeout=60s")
                yield
            finally:
                memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
                print(f"kwok: {int(memory[1]) / 1024:.0f} MiB at the most" if memory else "kwok has ended")
                kubectl.do("delete", "node", *NODES, "--ignore-not-found")
                process.terminate()


def _node(name: str) -> Object:
    size = {"cpu": "1000", "memory": "1Ti", "pods": "200"}
    addresses = [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": name}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {MARK: "reality", "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}"},
            "labels": {MARK: "reality", "type": "kwok", "kubernetes.io/hostname": name},
        },
        "spec": {"taints": [{"key": MARK, "value": "reality", "effect": "NoSchedule"}]},
        "status": {"capacity": size, "allocatable": size, "addresses": addresses},
    }
