"""Connection pools times replicas against what the database lets in.

A workload declares what each of its pods may hold open, by the Service of the database:

    metadata:
      annotations:
        mela.dev/connections: "payments-db=20"
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from mela.cluster import tables, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, Path, System, dig
from mela.cluster.reachability import behind
from mela.cluster.workloads import Workload, maps, text

ANNOTATION = "mela.dev/connections"
_POOL = re.compile(r"([a-z0-9-]+)(?:\.([a-z0-9-]+))?=(\d{1,6})")
_LIMIT = re.compile(r"^[^#\n]*?(?<![\w-])(?:-c\s*|--)?max[_-]connections(?:\s*=\s*|\s+)['\"]?(\d{1,6})\b", re.MULTILINE)
"""As an argument of PostgreSQL or MySQL, in one word or two, or as a line of their files that is no comment.

Source: https://www.postgresql.org/docs/current/app-postgres.html (`-c name=value`, `--name=value`), 2026-11-26
"""

_SHOP = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db, namespace: shop}
    spec:
      serviceName: db
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db}}
        spec:
          containers:
            - {name: postgres, image: "docker.io/library/postgres:16.4", args: [-c, max_connections=200]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: db, namespace: shop}
    spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop, annotations: {mela.dev/connections: "db=20"}}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: web, image: "example.org/web:1.4.2"}]
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec:
      minReplicas: 2
      maxReplicas: 8
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    """


@dataclass(frozen=True, slots=True)
class Pool:
    """What one pod may hold open, and how many pods there may be."""

    workload: Workload
    service: tuple[str, str]
    each: int
    pods: int


@dataclass(frozen=True, slots=True)
class Limit:
    """What the server lets in besides administrators; where it is said, if it is."""

    clients: int
    object: Object
    path: Path


def _declared(workload: Workload) -> str:
    return workload.object.annotations.get(ANNOTATION) or workload.annotations.get(ANNOTATION, "")


def _pools(system: System) -> Iterator[Pool]:
    """A rollout's extra pods are left out: they come when others go."""
    for workload in workloads.of(system).all:
        for part in re.split(r"[\s,]+", _declared(workload)):
            if match := _POOL.fullmatch(part):
                found = workloads.of(system).replicas(workload)
                service = match[2] or workload.namespace, match[1]
                yield Pool(workload, service, int(match[3]), found.most if found else 1)


def _limit(system: System, service: Object) -> Limit | None:
    """From the server's arguments, from a ConfigMap that it mounts, else its default; None where that is not known."""
    for workload in behind(system, service):
        for limit in (*_in_arguments(workload), *_in_files(system, workload)):
            return limit
        for container in workload.running:
            image = text(container.data.get("image")).rpartition("/")[2].partition("@")[0].partition(":")[0]
            if image in _servers():
                return Limit(_servers()[image], workload.object, (*container.at, "image"))
    return None


def _in_arguments(workload: Workload) -> Iterator[Limit]:
    for container in workload.running:
        for part in ("command", "args"):
            words = container.data.get(part)
            line = " ".join(text(word) for word in words) if isinstance(words, list) else ""
            if match := _LIMIT.search(line):
                yield Limit(int(match[1]) - _reserved(container.data), workload.object, (*container.at, part))


def _in_files(system: System, workload: Workload) -> Iterator[Limit]:
    for _, volume in maps(workload.spec.get("volumes")):
        thing = system.find("ConfigMap", workload.namespace, text(dig(volume, "configMap", "name")))
        for key, value in workloads.texts(thing.get("data")).items() if thing else ():
            if thing and (match := _LIMIT.search(value)):
                reserved = max((_reserved(each.data) for each in workload.running), default=0)
                yield Limit(int(match[1]) - reserved, thing, ("data", key))


@cache
def _table() -> Mapping[str, tuple[int, int]]:
    return {row["image"]: (row["connections"], row["reserved"]) for row in tables.of("databases")["servers"]}


@cache
def _servers() -> Mapping[str, int]:
    return {image: connections - reserved for image, (connections, reserved) in _table().items()}


def _reserved(container: Mapping[str, object]) -> int:
    image = text(container.get("image")).rpartition("/")[2].partition("@")[0].partition(":")[0]
    return _table().get(image, (0, 0))[1]


@rule(
    id="connections-exceed-database",
    severity="error",
    about="All pools together, at the autoscalers' maximum, fit into what the database lets in.",
    good=_SHOP,
    bad=_SHOP.replace("maxReplicas: 8", "maxReplicas: 40"),
)
def connections_exceed_database(system: System) -> Iterator[Finding]:
    pools: dict[tuple[str, str], list[Pool]] = {}
    for pool in _pools(system):
        pools.setdefault(pool.service, []).append(pool)
    for identity, users in pools.items():
        service = system.find("Service", *identity)
        limit = _limit(system, service) if service else None
        total = sum(pool.each * pool.pods for pool in users)
        if limit and total > limit.clients:
            told = ", ".join(f"{pool.workload.object.name} {pool.pods} × {pool.each}" for pool in users[:4])
            yield Finding(
                limit.object,
                limit.path,
                says=f"The database {identity[1]} lets {limit.clients} clients in; at their largest, pools hold {total}: {told}.",
                happens="When the workloads have grown, new pods cannot connect (`too many clients`) and fail just under load.",
                mend="Put a pooler such as PgBouncer between, shrink the pools, or raise max_connections and the memory for it.",
            )


@rule(
    id="connections-to-nothing",
    severity="error",
    about="The annotation `mela.dev/connections` names Services, with a number: `payments-db=20`.",
    good=_SHOP,
    bad=_SHOP.replace("db=20", "database=20"),
)
def connections_to_nothing(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        for part in re.split(r"[\s,]+", _declared(workload)):
            match = _POOL.fullmatch(part)
            if part and not (match and system.find("Service", match[2] or workload.namespace, match[1])):
                yield Finding(
                    workload.object,
                    ("metadata", "annotations", ANNOTATION),
                    says=f"`{part}` names no Service of these files with a number.",
                    happens="The pools are not added up.",
                    mend="Write `service=number`, or `service.namespace=number`.",
                )
