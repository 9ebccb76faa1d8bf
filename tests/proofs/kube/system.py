"""Mela on a cluster: the small overlay applied, waited for, changed on purpose, taken away again."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.proofs.kube.kubectl import ROOT, Kubectl, Object
from tests.proofs.kube.load import Request

OVERLAY = ROOT / "kubernetes" / "overlays" / "small"
DOORS = {"catalog": 30001, "accounts": 30002, "orders": 30003, "gateway": 30004, "sms": 30005}
"""Node port by service, as the overlay opens them."""
CATALOG = "catalog"
"""Namespace and Deployment of the catalogue."""
RATE = 25.0
"""Requests a second: what two pods of the small overlay answer on a shared machine with room to spare."""
_FIRST = {"Namespace": 0, "CustomResourceDefinition": 0, "PriorityClass": 0, "ServiceAccount": 1}
Change = Callable[[Object], None]


def objects(kubectl: Kubectl) -> list[Object]:
    """All objects of the small overlay, with the image that `make image` builds."""
    import yaml

    built = kubectl.do("kustomize", "--load-restrictor", "LoadRestrictionsNone", str(OVERLAY))
    found: list[Object] = [item for item in yaml.safe_load_all(built) if item]
    for item in found:
        for container in containers(item):
            if container["image"].split(":")[0].endswith("mela"):
                container["image"] = "mela:dev"
    return sorted(found, key=lambda item: _FIRST.get(item["kind"], 2))


def containers(item: Object) -> list[Object]:
    """Containers of a workload's pods, those that run first included."""
    spec = item.get("spec", {}).get("template", {}).get("spec", {})
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]


def workloads(items: list[Object], *kinds: str) -> Iterator[tuple[str, str]]:
    """Namespace and `kind/name` of each workload."""
    for item in items:
        if item["kind"] in (kinds or ("StatefulSet", "Deployment")):
            yield item["metadata"]["namespace"], f"{item['kind'].lower()}/{item['metadata']['name']}"


def bring_up(kubectl: Kubectl, items: list[Object], timeout_s: int = 400) -> None:
    """Apply, and return when every workload is where it should be and every autoscaler has its least."""
    kubectl.apply([item for item in items if item["kind"] in _FIRST])
    for namespace, name in workloads(items, "Job"):  # one that ended cannot be changed, and may run again
        kubectl.within(namespace).do("delete", name, "--ignore-not-found")
    kubectl.apply(items)
    for namespace, name in workloads(items):
        kubectl.within(namespace).rolled_out(name, timeout_s=timeout_s)
    for item in items:
        if item["kind"] == "HorizontalPodAutoscaler":
            at_least(
                kubectl.within(item["metadata"]["namespace"]),
                item["spec"]["scaleTargetRef"]["name"],
                item["spec"]["minReplicas"],
            )


def at_least(kubectl: Kubectl, deployment: str, count: int, timeout_s: int = 120) -> None:
    """Wait until so many pods of a Deployment are wanted, and all that are wanted are available."""
    kubectl.until(f"deployment/{deployment}", "{.spec.replicas}", lambda seen: int(seen or 0) >= count, timeout_s)
    kubectl.rolled_out(f"deployment/{deployment}", timeout_s=timeout_s)


def take_down(kubectl: Kubectl, items: list[Object]) -> None:
    """Remove what `bring_up` made, and wait until it is gone. An API whose pods are gone would hold up every namespace."""
    kinds = ("APIService", "Namespace", "PriorityClass", "CustomResourceDefinition")
    for kind in kinds:
        if names := [item["metadata"]["name"] for item in items if item["kind"] == kind]:
            kubectl.do("delete", kind, *names, "--ignore-not-found", "--wait=true", timeout_s=600)


@contextmanager
def changed(kubectl: Kubectl, items: list[Object], kind: str, name: str, change: Change) -> Iterator[None]:
    """One object changed for a while; before and after it all its pods are those that belong to it."""
    original = next(
        i
        for i in items
        if (i["kind"], i["metadata"]["name"], i["metadata"].get("namespace")) == (kind, name, kubectl.namespace)
    )
    altered = copy.deepcopy(original)
    change(altered)
    _put(kubectl, altered)
    try:
        yield
    finally:
        _put(kubectl, original)


@contextmanager
def sized(kubectl: Kubectl, app: str, least: int) -> Iterator[None]:
    """An autoscaler's minimum for a while, and its maximum where that is lower."""
    before = kubectl.get(f"hpa/{app}")["spec"]
    _limits(kubectl, app, least, max(least, before["maxReplicas"]))
    try:
        at_least(kubectl, app, least)
        yield
    finally:
        _limits(kubectl, app, before["minReplicas"], before["maxReplicas"])


def _limits(kubectl: Kubectl, app: str, least: int, most: int) -> None:
    limits = {"minReplicas": least, "maxReplicas": most}
    kubectl.patch(f"hpa/{app}", *({"op": "replace", "path": f"/spec/{k}", "value": v} for k, v in limits.items()))


def _put(kubectl: Kubectl, item: Object) -> None:
    kubectl.apply([item])
    if item["kind"] in ("Deployment", "StatefulSet"):
        kubectl.rolled_out(f"{item['kind'].lower()}/{item['metadata']['name']}")


def doors(kubectl: Kubectl, service: str, *, without: str = "") -> list[tuple[str, int]]:
    """Where a service is reached from outside: a port of every node, but not of the node that will be lost."""
    return [(address, DOORS[service]) for name, address in kubectl.node_addresses().items() if name != without]


def urls(kubectl: Kubectl) -> dict[str, str]:
    """The same as URLs, through one node, for people who buy."""
    address = next(iter(kubectl.node_addresses().values()))
    return {service: f"http://{address}:{port}" for service, port in DOORS.items()}


BROWSING = (
    Request("/api/catalog/products?limit=20"),
    Request("/api/catalog/products?q=atta"),
    Request("/api/catalog/products?q=smrtphone&limit=5"),
    Request("/api/catalog/categories"),
)
"""What people do who look around, each answered from the database."""
SLOW = Request(
    "/api/catalog/variants/ATTA-5KG/price",
    "PUT",
    (("Content-Type", "application/json"),),
    b'{"price_paise": 1}',
    (401,),
    slow_s=6.0,
)
"""A request that is under way for seconds: its body comes slowly. It is refused, for nobody signed it; that is an answer like another."""
