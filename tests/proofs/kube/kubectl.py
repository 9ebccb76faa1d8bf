"""kubectl, as a proof uses it: each call raises with kubectl's own words, each wait is a watch."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

Object = dict[str, Any]
ROOT = Path(__file__).parents[3]
CLUSTER = ROOT / "tools" / "cluster" / "cluster"
CACHE = Path(os.environ.get("CLUSTER_CACHE", "~/.cache/cluster")).expanduser()
_OWN = Path(os.environ.get("CLUSTER_RUN", "/run/mela-cluster")) / "admin.conf"


class KubectlError(RuntimeError):
    """What kubectl said."""


def need_cluster() -> "Kubectl":
    """A client of the cluster at KUBECONFIG, or of `make cluster`; else the proof is not run, and says how it would be."""
    program = CACHE / "bin" / "kubectl" if (CACHE / "bin" / "kubectl").exists() else shutil.which("kubectl")
    config = os.environ.get("KUBECONFIG") or (str(_OWN) if _OWN.exists() else "")
    if not program or not config:
        pytest.skip("not run: needs a Kubernetes cluster (make cluster, or KUBECONFIG of one that has mela:dev)")
    kubectl = Kubectl(str(program), config)
    try:
        kubectl.do("get", "--raw", "/readyz", timeout_s=10)
    except (KubectlError, subprocess.TimeoutExpired):
        pytest.skip(f"not run: no cluster answers at {config} (make cluster)")
    return kubectl


class Kubectl:
    """Commands against one cluster, in the namespace that `within` gave."""

    def __init__(self, program: str, config: str, namespace: str = "") -> None:
        self._program, self.config, self.namespace = program, config, namespace

    def within(self, namespace: str) -> "Kubectl":
        """The same cluster, another namespace."""
        return Kubectl(self._program, self.config, namespace)

    def do(self, *words: str, told: str | None = None, timeout_s: float = 240) -> str:
        """Run one command; its output. Raises: KubectlError."""
        command = self.command(*words)
        done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=timeout_s, check=False)
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(words)}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Run one command beside others."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def command(self, *words: str) -> list[str]:
        """The command line for these words."""
        where = ["-n", self.namespace] if self.namespace else []
        return [self._program, "--kubeconfig", self.config, *where, *words]

    def get(self, *words: str) -> Any:
        """What `kubectl get … -o json` says."""
        return json.loads(self.do("get", *words, "-o", "json"))

    def items(self, *words: str) -> list[Object]:
        """The objects of a list."""
        found: list[Object] = self.get(*words)["items"]
        return found

    def apply(self, objects: Iterable[Object]) -> None:
        """Create or change these."""
        self.do("apply", "-f", "-", told=yaml.safe_dump_all(objects))

    def rolled_out(self, *names: str, timeout_s: int = 240) -> None:
        """Wait until Deployments or StatefulSets are where they should be."""
        for name in names:
            self.do("rollout", "status", name, f"--timeout={timeout_s}s", timeout_s=timeout_s + 10)

    def until(self, name: str, path: str, holds: Callable[[str], bool], timeout_s: float) -> None:
        """Watch one object until a jsonpath value is as it should be. Raises: KubectlError when the time is up."""
        seen, bound = "nothing", f"--request-timeout={timeout_s:.0f}s"
        with self.start("get", name, "--watch", bound, "-o", f"jsonpath={path}{{'\\n'}}") as watch:
            assert watch.stdout
            for line in watch.stdout:
                if holds(seen := line.strip()):
                    watch.terminate()
                    return
        raise KubectlError(f"after {timeout_s:.0f} s {path} of {name} is {seen}")

    def patch(self, name: str, *changes: Object) -> None:
        """Change one object by JSON patch."""
        self.do("patch", name, "--type=json", "-p", json.dumps(changes))

    def pods(self, app: str) -> list[Object]:
        """Pods of a workload, those that are ending left out."""
        found = self.items("pods", "-l", f"app.kubernetes.io/name={app}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def ready(self, app: str) -> int:
        """How many of them are ready."""
        return sum(is_ready(pod) for pod in self.pods(app))

    def node_addresses(self) -> dict[str, str]:
        """Address by name of each real node."""
        found = {}
        for node in self.items("nodes"):
            if node["metadata"].get("labels", {}).get("type") != "kwok":
                address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
                found[node["metadata"]["name"]] = address
        return found


def is_ready(pod: Object) -> bool:
    """It gets requests."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def ready_after_s(pod: Object) -> float:
    """Seconds from the start of its container until it got requests, in the API's whole seconds."""
    started = pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    ready = next(c["lastTransitionTime"] for c in pod["status"]["conditions"] if c["type"] == "Ready")
    return (datetime.fromisoformat(ready) - datetime.fromisoformat(started)).total_seconds()
