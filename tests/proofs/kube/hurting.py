"""What is done to a workload while people use it: planned things, and things that nobody plans."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Self

from tests.proofs.kube import system
from tests.proofs.kube.kubectl import CLUSTER, Kubectl, Object


def node_of_database(kubectl: Kubectl) -> str:
    """The node that holds the databases, which have one pod each: the one that is not drained or lost here."""
    pods = kubectl.items("pods", "-A", "-l", "app.kubernetes.io/component=database")
    nodes = {pod["spec"]["nodeName"] for pod in pods}
    assert len(nodes) == 1, f"databases on several nodes: {sorted(nodes)}"
    return str(nodes.pop())


def roll(kubectl: Kubectl, deployment: str, mark: str) -> None:
    """A rolling update to pods that differ by an annotation."""
    kubectl.do("patch", f"deployment/{deployment}", "-p", marked(mark))
    kubectl.rolled_out(f"deployment/{deployment}")


def marked(mark: str) -> str:
    """A patch that makes pods differ from those before."""
    return json.dumps({"spec": {"template": {"metadata": {"annotations": {"mela.dev/proof": mark}}}}})


def roll_back(kubectl: Kubectl, deployment: str) -> None:
    """The update undone."""
    kubectl.do("rollout", "undo", f"deployment/{deployment}")
    kubectl.rolled_out(f"deployment/{deployment}")


def drain(kubectl: Kubectl, *nodes: str, only: str = "", timeout_s: int = 180) -> None:
    """Drain nodes, all at the same time, of all pods or of those of one workload."""
    words = ["--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={timeout_s}s"]
    words += [f"--pod-selector=app.kubernetes.io/name={only}"] if only else []
    drains = [kubectl.start("drain", node, *words) for node in nodes]
    for process in drains:
        told, _ = process.communicate(timeout=timeout_s + 30)
        assert process.returncode == 0, told[-2000:]


def scatter(kubectl: Kubectl, items: list[Object]) -> None:
    """New pods for every Deployment: drains and losses leave all of them on few nodes, and nothing moves them back."""
    there = list(system.workloads(items, "Deployment"))
    for namespace, name in there:
        kubectl.within(namespace).do("rollout", "restart", name)
    for namespace, name in there:
        kubectl.within(namespace).rolled_out(name)


def settle(kubectl: Kubectl, *deployments: str) -> None:
    """Wait until these are whole again."""
    kubectl.rolled_out(*(f"deployment/{name}" for name in deployments))


@contextmanager
def uncordoned(kubectl: Kubectl) -> Iterator[None]:
    """Whatever happens, every node takes pods again afterwards."""
    try:
        yield
    finally:
        kubectl.do("uncordon", *kubectl.node_addresses())


def kill(pod: Object) -> None:
    """Kill -9 for the containers of a pod, where the node is one of ours."""
    _ours("kill", pod["metadata"]["uid"])


def lose(node: str) -> None:
    """The node is gone: no goodbye, no answer."""
    _ours("lose", node.removeprefix("node"))


def give_back(kubectl: Kubectl, node: str) -> None:
    """The node boots again."""
    _ours("return", node.removeprefix("node"))
    kubectl.do("wait", "--for=condition=Ready", f"node/{node}", "--timeout=120s")


def _ours(*words: str) -> None:
    done = subprocess.run([CLUSTER, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Watch:
    """Every state of one object while it is watched, as jsonpath values with their time."""

    def __init__(self, kubectl: Kubectl, name: str, path: str) -> None:
        self.seen: list[tuple[float, Any]] = []
        self._process = kubectl.start("get", name, "--watch", "-o", f"jsonpath={path}{{'\\n'}}")
        self._thread = Thread(target=self._read, name=f"watch {name}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._thread.join()
        with self._process:  # closes what it told us through, and waits
            pass

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.seen.append((time.monotonic(), line.strip()))
