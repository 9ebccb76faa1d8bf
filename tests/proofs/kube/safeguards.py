"""Takes each safeguard of the catalogue away, alone, and counts how often its promise breaks: with it never, without it nearly always.

    make prove-safeguards                          # ten runs with and ten without, of each; an hour on two cores
    make prove-safeguards ARGS="--runs 2 budget"   # fewer, of some

A safeguard that can go without anything happening is decoration. The table says which earn their place; exit code 1 when one does not.
The catalogue is alone on the cluster, with two pods. Its new pods all start at once, so that twenty runs take minutes; that is so with the
safeguard and without.
"""

import argparse
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field

from mela.cluster import quantity
from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object, need_cluster
from tests.proofs.kube.load import Account, Load, Request
from tests.proofs.kube.results import FOLDER, reasons

APP, RATE = system.CATALOG, system.RATE
WITH = "with all"
HEAD = "{:<12}{:<20}{:>16}{:>12}{:>12}{:>16}"
KNOCK = Request("/livez")
REQUESTS = (*system.BROWSING, system.SLOW, *[KNOCK] * 19)
"""Mostly cheap ones, each second one on a connection of its own, as phones come: a door that is shut for a moment has to be met."""


@dataclass(frozen=True)
class Safeguard:
    """`remove` takes it out of the Deployment or budget; `hurt` does what it guards against and gives what became of the requests.

    `allowed`: the share of failed requests that the promise allows. `around`: what must hold while runs go on.
    """

    name: str
    kind: str
    remove: Callable[[Object], None]
    hurt: Callable[[Kubectl], Account]
    around: Callable[[Kubectl], AbstractContextManager[None]]
    allowed: float = 0.0


@dataclass
class Tally:
    """Shares of failed requests, run by run, and in how many the promise was broken."""

    shares: list[float] = field(default_factory=list)
    broken: int = 0


def without_pre_stop(item: Object) -> None:
    """SIGTERM comes while balancers still send new connections."""
    del _container(item)["lifecycle"]


def without_readiness(item: Object) -> None:
    """A pod counts as ready when its process runs. The startup probe goes too: until it passes, a pod is not ready either."""
    del _container(item)["readinessProbe"]
    del _container(item)["startupProbe"]


def without_grace(item: Object) -> None:
    """No time to leave. The kubelet gives three seconds all the same: one for the hook, two after SIGTERM.

    Without the line Kubernetes would give 30 s, enough for these requests: what is taken away is the time, not the line.
    Source: calculateEffectiveGracePeriod in pkg/kubelet/pod_workers.go, killContainer in pkg/kubelet/kuberuntime, v1.36.3 (2026-11-26).
    """
    item["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 0


def without_budget(item: Object) -> None:
    """A budget that allows everything is none, and can be changed where deleting would have to be undone."""
    item["spec"]["maxUnavailable"] = "100%"


def without_spread(item: Object) -> None:
    """Where pods go is left to the scheduler's other wishes."""
    del item["spec"]["template"]["spec"]["topologySpreadConstraints"]


def _container(item: Object) -> Object:
    found: Object = item["spec"]["template"]["spec"]["containers"][0]
    return found


def roll(kubectl: Kubectl) -> Account:
    """A rolling update under load."""
    with Load(system.doors(kubectl, APP), REQUESTS, 6 * RATE, fresh=2) as load:
        time.sleep(1)
        hurting.roll(kubectl, APP, str(time.time()))
        _until_nobody_leaves(kubectl)
    return Account(load.shots)


def drain_all_at_once(kubectl: Kubectl) -> Account:
    """Every node that holds a pod of the catalogue gives its pods up at the same time, as in a hurried upgrade; room for them comes ten seconds later.

    From two nodes to one in one run, and back to two in the next.
    """
    nodes = {pod["spec"]["nodeName"] for pod in kubectl.pods(APP)}
    new = set(kubectl.node_addresses()) - nodes
    room = threading.Timer(10, kubectl.do, ("uncordon", *new))
    with hurting.uncordoned(kubectl):
        kubectl.do("cordon", *new)
        with Load(system.doors(kubectl, APP), system.BROWSING, RATE, fresh=2) as load:
            room.start()
            hurting.drain(kubectl, *nodes, only=APP)
            hurting.settle(kubectl, APP)
            _until_nobody_leaves(kubectl)
    return Account(load.shots)


def lose_the_emptiest(kubectl: Kubectl) -> Account:
    """Pods are placed while one node is all but empty, then that node is lost; five seconds from then on.

    Each request opens its own connection: a kept one that works would hide how many pods are gone.
    """
    emptiest = _emptiest(kubectl)
    kubectl.do("delete", "pod", "-l", f"app.kubernetes.io/name={APP}", "--force")  # nobody asks anything yet
    while kubectl.ready(APP) < 3:  # the Deployment's status may still speak of those that were deleted
        time.sleep(0.5)
    doors = system.doors(kubectl, APP, without=emptiest)
    with Load(doors, [KNOCK], 6 * RATE, fresh=1, timeout_s=2) as load:
        time.sleep(1)
        at_s = load.now_s()
        hurting.lose(emptiest)
        try:
            time.sleep(5)
        finally:
            hurting.give_back(kubectl, emptiest)
    return Account(load.shots).between(at_s, at_s + 5)


def _until_nobody_leaves(kubectl: Kubectl) -> None:
    leaving = [
        p["metadata"]["name"]
        for p in kubectl.items("pods", "-l", f"app.kubernetes.io/name={APP}")
        if "deletionTimestamp" in p["metadata"]
    ]
    if leaving:
        kubectl.do("wait", "--for=delete", *(f"pod/{name}" for name in leaving), "--timeout=90s")


@contextmanager
def _as_it_is(_kubectl: Kubectl) -> Iterator[None]:
    yield


@contextmanager
def _busy_neighbours(kubectl: Kubectl) -> Iterator[None]:
    """Endpoints of others change all the time, as in a cluster of any size: then a node hears of a pod that leaves up to a second late.

    Alone on its cluster a pod's leaving is known within some milliseconds, and going without preStop mostly goes unnoticed (4 runs of 10).
    Source: kube-proxy brings changes at most once per `--nftables-min-sync-period`, 1 s by default:
    https://kubernetes.io/docs/reference/networking/virtual-ips/ (2026-11-26).
    """
    stopping, default = threading.Event(), kubectl.within("default")
    default.apply(_neighbour())

    def change() -> None:
        for number in itertools.count():
            if stopping.wait(0.4):
                return
            address = [f"192.0.2.{2 + number % 250}"]
            default.patch(
                "endpointslice/neighbour", {"op": "replace", "path": "/endpoints/0/addresses", "value": address}
            )

    thread = threading.Thread(target=change, name="neighbours")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        default.do("delete", "service/neighbour", "endpointslice/neighbour")


def _neighbour() -> list[Object]:
    """A Service with one endpoint, which nobody calls."""
    name = {"name": "neighbour", "labels": {"kubernetes.io/service-name": "neighbour"}}
    port = {"name": "http", "port": 80, "protocol": "TCP"}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": {"ports": [port]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": name, "addressType": "IPv4",
         "ports": [port], "endpoints": [{"addresses": ["192.0.2.1"]}]},
    ]  # fmt: skip


@contextmanager
def _one_node_all_but_empty(kubectl: Kubectl) -> Iterator[None]:
    """A node has just joined: the others are full by their pods' requests, so every wish but spreading draws pods to the empty one.

    Three pods, one for each zone, as in the manifest at full size: the promise is about one of three.
    """
    emptiest, pods = _emptiest(kubectl), kubectl.within("default")
    ballast = [_ballast(kubectl, node) for node in kubectl.node_addresses() if node != emptiest]
    with system.sized(kubectl, APP, 3):
        pods.apply(ballast)
        try:
            for item in ballast:
                pods.do("wait", "--for=condition=Ready", f"pod/{item['metadata']['name']}", "--timeout=60s")
            yield
        finally:
            for item in ballast:
                pods.do("delete", "pod", item["metadata"]["name"], "--now")


def _emptiest(kubectl: Kubectl) -> str:
    return min(set(kubectl.node_addresses()) - {hurting.node_of_database(kubectl)})


def _ballast(kubectl: Kubectl, node: str) -> Object:
    """A pod that asks for nearly all that is left of a node, and does nothing."""
    allocatable = kubectl.get(f"node/{node}")["status"]["allocatable"]
    there = kubectl.items("pods", "-A", f"--field-selector=spec.nodeName={node}")
    asked = {what: sum(_asks(pod, what) for pod in there) for what in ("cpu", "memory")}
    left = {
        "cpu": f"{_milli(allocatable['cpu']) - asked['cpu'] - 300}m",
        "memory": str((_milli(allocatable["memory"]) - asked["memory"]) // 1000 * 9 // 10),
    }
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"ballast-{node}"},
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": [
            {"name": "ballast", "image": "mela:dev", "command": ["sleep", "infinity"], "resources": {"requests": left}}]},
    }  # fmt: skip


def _asks(pod: Object, what: str) -> int:
    return sum(_milli(c.get("resources", {}).get("requests", {}).get(what, "0")) for c in pod["spec"]["containers"])


def _milli(written: str) -> int:
    return quantity.milli_value(quantity.parse(written))


SAFEGUARDS = (
    Safeguard("preStop", "Deployment", without_pre_stop, roll, _busy_neighbours),
    Safeguard("readiness", "Deployment", without_readiness, roll, _busy_neighbours),
    Safeguard("grace", "Deployment", without_grace, roll, _busy_neighbours),
    Safeguard("budget", "PodDisruptionBudget", without_budget, drain_all_at_once, _as_it_is),
    Safeguard("spread", "Deployment", without_spread, lose_the_emptiest, _one_node_all_but_empty, allowed=0.4),
)


def catalogue(kubectl: Kubectl) -> list[Object]:
    """The small overlay's catalogue and what it needs: two pods, whatever is asked of them, and in an update all new ones at once."""
    items = [item for item in system.objects(kubectl) if APP in (item["metadata"].get("namespace"), item["metadata"]["name"])
             or item["kind"] == "PriorityClass"]  # fmt: skip
    for item in items:
        if item["kind"] == "HorizontalPodAutoscaler":
            item["spec"]["maxReplicas"] = item["spec"]["minReplicas"]
        if item["kind"] == "Deployment":
            item["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = "100%"
    return items


def main(words: list[str]) -> int:
    """Run, print the table, keep it as JSON; 1 when a safeguard does not hold, or is not missed."""
    parser = argparse.ArgumentParser(
        prog="make prove-safeguards", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="SAFEGUARD", help=", ".join(s.name for s in SAFEGUARDS))
    parser.add_argument("--runs", type=int, default=10, help="runs with, and runs without (default 10)")
    given = parser.parse_args(words)
    chosen = [s for s in SAFEGUARDS if not given.names or s.name in given.names]
    kubectl = need_cluster()
    items = catalogue(kubectl)
    system.bring_up(kubectl, items)
    kubectl = kubectl.within(APP)
    baselines: dict[str, Tally] = {}
    good = True
    print(HEAD.format("safeguard", "experiment", "broken with it", "without it", "worst with", "median without"))
    for safeguard in chosen:
        with safeguard.around(kubectl):
            experiment = safeguard.hurt.__name__
            if experiment not in baselines:
                baselines[experiment] = runs(kubectl, safeguard, given.runs, WITH)
            with system.changed(kubectl, items, safeguard.kind, APP, safeguard.remove):
                without = runs(kubectl, safeguard, given.runs, f"without {safeguard.name}")
        good &= told(safeguard, baselines[experiment], without)
    return 0 if good else 1


def runs(kubectl: Kubectl, safeguard: Safeguard, count: int, what: str) -> Tally:
    """So many runs of one experiment."""
    tally = Tally()
    for number in range(count):
        account = safeguard.hurt(kubectl)
        tally.shares.append(account.share())
        tally.broken += account.share() > safeguard.allowed
        print(f"{what}: run {number + 1} of {count}: {len(account.failed)} of {len(account.shots)} failed", flush=True)
        if account.share() > safeguard.allowed and what == WITH:
            print("\n".join(reasons(account)), flush=True)
    return tally


def told(safeguard: Safeguard, with_it: Tally, without: Tally) -> bool:
    """A row of the table, kept as JSON too; whether it is as it should be: none broken with, four of five without."""
    count, median = len(without.shares), sorted(without.shares)[len(without.shares) // 2]
    broken = f"{with_it.broken} of {len(with_it.shares)}", f"{without.broken} of {count}"
    experiment = safeguard.hurt.__name__
    print(HEAD.format(safeguard.name, experiment, *broken, f"{max(with_it.shares):.2%}", f"{median:.2%}"), flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = {"safeguard": safeguard.name, "experiment": experiment, "with": asdict(with_it), "without": asdict(without)}
    (FOLDER / f"safeguard-{safeguard.name}.json").write_text(json.dumps(kept, indent=1))
    return not with_it.broken and without.broken >= 0.8 * count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
