"""The catalogue and its one database on a Kubernetes: migrated once, never out of connections, its password changed while people look around."""

import base64
import json
import secrets
import time
from urllib.parse import urlsplit

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object
from tests.proofs.kube.load import Account, Load
from tests.proofs.kube.results import report

pytestmark = pytest.mark.cluster
APP, RATE = system.CATALOG, system.RATE
FULL_MAXIMUM = 12
"""Pods at full size: `maxReplicas` of kubernetes/01-flipkart-microservice-deployment.yaml."""


def test_a_rotated_database_password_reaches_pods_that_run_and_loses_no_request(catalog: Kubectl) -> None:
    names = [pod["metadata"]["name"] for pod in catalog.pods(APP)]
    with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
        password = secrets.token_hex(16)
        rotate(catalog, password)
        marks = [(load.now_s(), "Secret changed")]
        for name in names:
            until_told(catalog, name, password, "/run/secrets/mela/MELA_DATABASE")
        until_told(catalog, "catalog-db-0", password, "/passwords/catalog")
        marks.append((load.now_s(), "mounted everywhere"))
        catalog.do("exec", "catalog-db-0", "--", "bash", "/scripts/roles.sh")
        marks.append((load.now_s(), "old password void"))
        time.sleep(3)
        assert [pod["metadata"]["name"] for pod in catalog.pods(APP)] == names  # nobody was restarted for it
        hurting.roll(catalog, APP, f"password {time.time()}")  # pods that never knew the old one
        marks.append((load.now_s(), "new pods"))
    report("rotation", Account(load.shots), *marks)
    assert not Account(load.shots).failed


def rotate(kubectl: Kubectl, password: str) -> None:
    """A new password in both Secrets that hold it."""
    held = kubectl.get("secret/catalog")["data"]["MELA_DATABASE"]
    url = urlsplit(base64.b64decode(held).decode())
    new = url._replace(netloc=f"{url.username}:{password}@{url.hostname}:{url.port}").geturl()
    for name, key, value in (("catalog-db", "catalog", password), ("catalog", "MELA_DATABASE", new)):
        kubectl.do("patch", f"secret/{name}", "-p", json.dumps({"stringData": {key: value}}))


def until_told(kubectl: Kubectl, pod: str, text: str, file: str) -> None:
    """Wait until the kubelet has brought a Secret's new text to a pod; it says so to nobody, and takes up to two minutes."""
    limit = time.monotonic() + 150
    while text not in kubectl.do("exec", pod, "--", "cat", file):
        assert time.monotonic() < limit, f"{file} in {pod} is still the old one"
        time.sleep(1)


def test_pods_that_migrate_an_empty_database_together_leave_one_schema(
    catalog: Kubectl, shop: tuple[Kubectl, list[Object]]
) -> None:
    catalog.do(
        "scale", f"deployment/{APP}", "--replicas=0"
    )  # nothing to lose a request of; the autoscaler leaves zero alone
    catalog.do("wait", "--for=delete", "pod", "-l", f"app.kubernetes.io/name={APP}", "--timeout=120s")
    sql(catalog, "drop database catalog with (force)")
    catalog.do("exec", "catalog-db-0", "--", "bash", "/scripts/roles.sh")
    catalog.do("scale", f"deployment/{APP}", "--replicas=4")
    hurting.settle(catalog, APP)
    logs = [catalog.do("logs", pod["metadata"]["name"], "-c", "migrate") for pod in catalog.pods(APP)]
    assert len(logs) == 4
    assert sum('"event":"migrated"' in log for log in logs) == 1
    assert sql(catalog, "select count(*) from alembic_version", "catalog") == "1"
    catalog.do("delete", "job", "samples", "--ignore-not-found")
    catalog.apply([item for item in shop[1] if item["kind"] == "Job" and item["metadata"]["name"] == "samples"])
    catalog.do("wait", "--for=condition=Complete", "job/samples", "--timeout=180s")


def test_connections_stay_below_the_databases_limit_at_the_full_maximum_in_the_middle_of_a_rollout(
    catalog: Kubectl, shop: tuple[Kubectl, list[Object]]
) -> None:
    full = FULL_MAXIMUM

    def widest(item: Object) -> None:
        item["spec"].update(minReplicas=full, maxReplicas=full)

    limit = int(
        sql(
            catalog,
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int",
        )
    )
    seen = []
    with system.changed(catalog, shop[1], "HorizontalPodAutoscaler", APP, widest):
        system.at_least(catalog, APP, full, timeout_s=300)
        with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
            catalog.do("patch", f"deployment/{APP}", "-p", hurting.marked(str(time.time())))
            while not rolled(catalog):
                seen.append(int(sql(catalog, "select count(*) from pg_stat_activity where datname = 'catalog'")))
    report("full-maximum", Account(load.shots))
    print(f"  {max(seen)} connections at the most with {full} pods in a rollout, {limit} are let in")
    assert max(seen) < limit
    assert not Account(load.shots).failed


def rolled(kubectl: Kubectl) -> bool:
    """The rollout is over."""
    status, spec = (kubectl.get(f"deployment/{APP}")[part] for part in ("status", "spec"))
    return bool(
        status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == spec["replicas"]
    )


def sql(kubectl: Kubectl, query: str, database: str = "postgres") -> str:
    """Ask the catalogue's database."""
    return kubectl.do(
        "exec", "catalog-db-0", "--", "psql", "-h/tmp", "-Upostgres", "-qAt", "-d", database, "-c", query
    ).strip()
