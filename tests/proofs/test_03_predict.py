"""The predictive controller on a real API server, with the rights that the manifest gives it and no others."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mela.cluster.forecast import Shape
from mela.kernel.clock import FakeClock
from mela.operator import kube
from mela.operator.kube import Api, Refused
from mela.operator.predict import Controller, Crowd
from mela.operator.predicting import Process
from tests.proofs.kube.kubectl import need_cluster

pytestmark = pytest.mark.cluster
MANIFEST = Path(__file__).parents[2] / "kubernetes" / "03-ipl-streaming-hpa.yaml"
TOSS = datetime(2026, 11, 29, 13, 30, tzinfo=UTC)
BALL = TOSS + timedelta(minutes=30)
AT = np.arange(0, 7200, 15, dtype=np.float64)
LEARNT = Shape(np.interp(AT, [0, 600, 2400, 2700], [3e6, 4e6, 4e6, 2e7]), 15, {"toss": 600, "first-ball": 2400})


class Stand:
    """Four million people, and a calendar."""

    def read(self, now: datetime) -> Crowd:
        return Crowd("final", 4e6, 1e6, now, {"toss": TOSS, "first-ball": BALL})


@pytest.fixture
def admin() -> Iterator[Api]:
    """Whoever the kubeconfig names."""
    api = kube.of_kubeconfig(Path(need_cluster().config))
    yield api
    api.close()


@pytest.fixture
def namespace(admin: Api) -> Iterator[str]:
    """A namespace with the HPA, its Deployment (without pods) and the controller's Role, all as the manifest has them."""
    name = f"predict-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    for thing in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")):
        title = thing["kind"], thing["metadata"]["name"]
        if title in WANTED:
            admin.create(WANTED[title].format(name), _moved(thing, name))
    yield name
    admin._http.delete(f"/api/v1/namespaces/{name}")


WANTED = {
    ("HorizontalPodAutoscaler", "sessions"): "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    ("Deployment", "sessions"): "/apis/apps/v1/namespaces/{}/deployments",
    ("ServiceAccount", "predict"): "/api/v1/namespaces/{}/serviceaccounts",
    ("Role", "predict"): "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    ("RoleBinding", "predict"): "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}


def _moved(thing: dict[str, Any], namespace: str) -> dict[str, Any]:
    thing["metadata"]["namespace"] = namespace
    for subject in thing.get("subjects", ()):
        subject["namespace"] = namespace
    if thing["kind"] == "Deployment":
        thing["spec"]["replicas"] = 0
        thing["spec"]["template"]["spec"].pop("priorityClassName")
    return dict(thing)


@pytest.fixture
def own(namespace: str) -> Iterator[Api]:
    """The API server, asked as the controller's ServiceAccount."""
    api = kube.of_kubeconfig(Path(need_cluster().config))
    api._http.headers["impersonate-user"] = f"system:serviceaccount:{namespace}:predict"
    yield api
    api.close()


def _hpa(admin: Api, namespace: str) -> dict[str, Any]:
    return admin.get(f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/sessions")


def test_floor_is_lifted_in_time_with_the_rights_of_the_manifest(admin: Api, namespace: str, own: Api) -> None:
    clock = FakeClock(BALL - timedelta(minutes=20))
    controller = Controller(own, Stand(), [LEARNT], namespace, "sessions", "a")
    process = Process(controller, clock, every_s=15, lease="sessions-predict")
    process.turn()
    assert _hpa(admin, namespace)["spec"]["minReplicas"] == 50  # four million at 80 000 a pod
    clock.advance(18 * 60)
    process.turn()
    lifted = _hpa(admin, namespace)["spec"]["minReplicas"]
    assert lifted > 60
    events = admin.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    told = [each["message"] for each in events if each["reason"] == "FloorRaised"]
    print("\n".join(told))
    assert any(f"to {lifted}: 4,000,000/s now" in message and "first-ball in 2 min" in message for message in told)


def test_second_copy_waits_for_the_lease(admin: Api, namespace: str, own: Api) -> None:
    clock = FakeClock(BALL)
    one, two = (
        Process(
            Controller(own, Stand(), [LEARNT], namespace, "sessions", me), clock, every_s=15, lease="sessions-predict"
        )
        for me in "ab"
    )
    one.turn()
    version = _hpa(admin, namespace)["metadata"]["resourceVersion"]
    two.turn()
    assert _hpa(admin, namespace)["metadata"]["resourceVersion"] == version
    lease = admin.get(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/sessions-predict")
    assert lease["spec"]["holderIdentity"] == "a"


def test_a_change_by_somebody_else_is_a_conflict_and_not_lost(admin: Api, namespace: str, own: Api) -> None:
    found = _hpa(admin, namespace)
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/sessions"
    admin.merge(
        path, {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "spec": {"maxReplicas": 99}}
    )
    with pytest.raises(Refused) as refused:
        own.merge(
            path, {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "spec": {"minReplicas": 50}}
        )
    assert refused.value.is_conflict
    assert _hpa(admin, namespace)["spec"]["maxReplicas"] == 99


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/{}/secrets",
        "/api/v1/namespaces/{}/pods",
        "/apis/apps/v1/namespaces/{}/deployments",
        "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
        "/apis/autoscaling/v2/namespaces/kube-system/horizontalpodautoscalers/sessions",
    ],
)
def test_it_may_read_nothing_else(namespace: str, own: Api, path: str) -> None:
    with pytest.raises(Refused) as refused:
        own.get(path.format(namespace))
    assert refused.value.code == 403
