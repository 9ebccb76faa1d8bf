"""Every name that one object says of another resolves: with kind, namespace, key and port.

Says nothing where parts of the system could not be read, and of namespaces that are not in it.
"""

from collections.abc import Iterator, Mapping

from mela.cluster import references, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System, dig
from mela.cluster.references import Reference
from mela.cluster.workloads import maps, text

UNSEEN = (
    "unreadable",
    "kustomization-broken",
    "kustomization-incomplete",
    "chart-not-rendered",
    "template-not-rendered",
)
"""Mishaps after which the system may hold more than was read."""
THERE = {
    ("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"), ("Service", "kubernetes"),
    ("PriorityClass", "system-cluster-critical"), ("PriorityClass", "system-node-critical"),
    *(("ClusterRole", name) for name in ("cluster-admin", "admin", "edit", "view")),
}  # fmt: skip
"""What every cluster has. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ (2026-11-23)."""
CLASSES = (
    "StorageClass", "IngressClass", "RuntimeClass", "GatewayClass", "PersistentVolume",
    "ClusterIssuer.cert-manager.io", "ClusterSecretStore.external-secrets.io",
)  # fmt: skip
"""Usually the administrator's: judged only where the system holds one of the type."""
NOT_OBJECTS = ("User", "Group", "AWS")
HAPPENS: Mapping[str, str] = {
    "ConfigMap": "The pods stay in CreateContainerConfigError or ContainerCreating until it exists.",
    "PersistentVolumeClaim": "The pods stay Pending: the scheduler waits for the claim.",
    "ServiceAccount": "No pod is created (`serviceaccount not found`), or the binding grants nobody anything.",
    "PriorityClass": "The API server refuses every pod: `no PriorityClass with name … was found`.",
    "Service": "Requests that should end there get no answer: an Ingress says 503, a webhook fails its calls.",
    "Role": "The binding grants nothing; requests of its subjects are answered 403.",
    "ClusterRole": "The binding grants nothing; requests of its subjects are answered 403.",
}
OTHERWISE = "What it is needed for does not work until it exists."
SCALES_NOTHING = "The autoscaler reports FailedGetScale and never changes a replica count."
GRANTS_NOTHING = "The binding grants nothing to it: whoever should act as it is refused until it exists."
NAMELESS = "The pods start, and have no DNS names of their own (`name-0.service`): replicas that look for one another do not find them."

_SHOP = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: prices, namespace: shop}
    data: {currency: INR}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          env:
            - name: CURRENCY
              valueFrom: {configMapKeyRef: {name: prices, key: currency}}
    """


def is_whole(system: System) -> bool:
    """All of it was read: what is not here is nowhere in the files."""
    return not any(mishap.rule in UNSEEN for mishap in system.mishaps)


def _is_there(system: System, found: Reference) -> bool:
    """Also where nobody can know: another namespace that the system does not hold, a class that others keep."""
    bare = found.type, found.name
    if bare in THERE or found.type in NOT_OBJECTS or found.name.startswith("system:"):
        return True
    if found.namespace != found.object.namespace and found.namespace and not system.within(found.namespace):
        return True
    if found.namespace.startswith("kube-"):
        return True
    if found.type in CLASSES and not system.kind(found.type):
        return True
    return bool(system.find(*found.identity)) or found.identity in references.provided(system)


def _missing(system: System) -> Iterator[Reference]:
    if not is_whole(system):
        return
    for found in references.of(system):
        if not found.is_optional and not _is_there(system, found):
            yield found


@rule(
    id="name-resolves-nowhere",
    severity="error",
    about="An object that another one names exists: in these files, made by a controller, or declared as provided.",
    good=_SHOP,
    bad=_SHOP.replace("name: prices, key", "name: pricelist, key"),
)
def name_resolves_nowhere(system: System) -> Iterator[Finding]:
    for found in _missing(system):
        if found.type == "Secret":
            continue
        is_own = found.path == ("spec", "serviceName")
        is_subject = found.path[:1] == ("subjects",)
        scales = found.object.type in workloads.AUTOSCALERS and "scaleTargetRef" in found.path
        yield Finding(
            found.object,
            found.path,
            says=f"{found.title} is named here and stands in none of the files.{_elsewhere(system, found)}",
            happens=_happens(found, is_own=is_own, is_subject=is_subject, scales=scales),
            mend=f"Correct the name, add the object, or say who makes it: annotation `{references.PROVIDED}`.",
            severity="warning" if found.type in ("PriorityClass", *CLASSES) or is_own or is_subject else None,
        )


def _happens(found: Reference, *, is_own: bool, is_subject: bool, scales: bool) -> str:
    if scales:
        return SCALES_NOTHING
    return GRANTS_NOTHING if is_subject else NAMELESS if is_own else HAPPENS.get(found.type, OTHERWISE)


def _elsewhere(system: System, found: Reference) -> str:
    """The namespaces where one of that name is."""
    spaces = [each.namespace for each in system.kind(found.type) if each.name == found.name]
    return f" One of that name is in namespace {spaces[0]}, which cannot be reached from here." if spaces else ""


@rule(
    id="secret-not-declared",
    severity="warning",
    about="A Secret that is named stands in these files, is made by a controller, or is declared with who makes it.",
    good="""
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
      namespace: shop
      annotations:
        mela.dev/provided: "Secret/gateway (key): the merchant creates it from the gateway's dashboard"
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          env: [{name: GATEWAY_KEY, valueFrom: {secretKeyRef: {name: gateway, key: key}}}]
    """,
    bad="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          env: [{name: GATEWAY_KEY, valueFrom: {secretKeyRef: {name: gateway, key: key}}}]
    """,
)
def secret_not_declared(system: System) -> Iterator[Finding]:
    for found in _missing(system):
        if found.type == "Secret":
            yield Finding(
                found.object,
                found.path,
                says=f"{found.title} is named here, and nothing says where it comes from.",
                happens="The pods stay in CreateContainerConfigError or ContainerCreating until somebody creates it.",
                mend="Let a controller or a Job make it, or say who does: "
                f'`{references.PROVIDED}: "Secret/{found.name} (key): who makes it"`.',
            )


@rule(
    id="provided-unreadable",
    severity="error",
    about="The annotation `mela.dev/provided` names a kind, a name and who makes it: `Secret/gateway (key): the merchant`.",
    good=_SHOP.replace("name: web, ", "name: web, annotations: {mela.dev/provided: 'Secret/gateway: the merchant'}, "),
    bad=_SHOP.replace("name: web, ", "name: web, annotations: {mela.dev/provided: 'Secret gateway'}, "),
)
def provided_unreadable(system: System) -> Iterator[Finding]:
    for thing in system:
        for line in references.unread_annotation(thing):
            yield Finding(
                thing,
                ("metadata", "annotations", references.PROVIDED),
                says=f"`{line}` does not say what is provided and by whom.",
                happens="The line has no effect.",
                mend="Write `Kind/name (key, key): who makes it`.",
            )


@rule(
    id="key-missing",
    severity="error",
    about="A key that is named inside a ConfigMap or Secret is in it.",
    good=_SHOP,
    bad=_SHOP.replace("key: currency", "key: Currency"),
)
def key_missing(system: System) -> Iterator[Finding]:
    for found in references.of(system):
        known = None if found.is_optional else _keys(system, found)
        for path, key in found.keys if known is not None else ():
            if key not in (known or ()):
                yield Finding(
                    found.object,
                    path,
                    says=f"{found.title} has no key `{key}`; it has {', '.join(sorted(known or ())) or 'none'}.",
                    happens="The container does not start (CreateContainerConfigError), or its volume is not mounted.",
                    mend="Correct the key, or mark the reference `optional: true`.",
                )


def _keys(system: System, found: Reference) -> frozenset[str] | None:
    """The keys of what is named; None where they are not known, as in a Secret that is filled later."""
    provided = references.provided(system)
    if found.identity in provided:
        return provided.keys[found.identity]
    thing = system.find(*found.identity)
    return contents(thing) if thing else None


def contents(thing: Object) -> frozenset[str] | None:
    """The keys of a ConfigMap or Secret; None for a Secret without any, which somebody fills."""
    keys = frozenset(key for part in ("data", "binaryData", "stringData") for key in thing.get(part) or ())
    return keys or (None if thing.kind == "Secret" else keys)


@rule(
    id="subpath-missing",
    severity="error",
    about="A `subPath` into a ConfigMap or Secret names one of its keys.",
    good="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {nginx.conf: "events {}"}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      volumes: [{name: settings, configMap: {name: web}}]
      containers:
        - name: web
          image: example.org/web:1.4.2
          volumeMounts: [{name: settings, mountPath: /etc/nginx/nginx.conf, subPath: nginx.conf}]
    """,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {default.conf: "events {}"}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      volumes: [{name: settings, configMap: {name: web}}]
      containers:
        - name: web
          image: example.org/web:1.4.2
          volumeMounts: [{name: settings, mountPath: /etc/nginx/nginx.conf, subPath: nginx.conf}]
    """,
)
def subpath_missing(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        files = dict(_files(system, workload)) if workload.spec.get("volumes") else {}
        for container in workload.containers if files else ():
            for index, mount in maps(container.data.get("volumeMounts")):
                keys, sub = files.get(text(mount.get("name"))), text(mount.get("subPath"))
                if keys is not None and sub and sub.split("/")[0] not in keys:
                    yield Finding(
                        workload.object,
                        (*container.at, "volumeMounts", index, "subPath"),
                        says=f"The volume {mount.get('name')} has no file `{sub}`; it has {', '.join(sorted(keys))}.",
                        happens="An empty folder is mounted where the program expects a file, and the container fails to start.",
                        mend="Correct the subPath, or add the key.",
                    )


def _files(system: System, workload: workloads.Workload) -> Iterator[tuple[str, frozenset[str]]]:
    """Volumes whose files are known, by name: those of a ConfigMap or Secret."""
    for _, volume in maps(workload.spec.get("volumes")):
        for type_, part, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            thing = system.find(type_, workload.namespace, text(dig(volume, part, name)))
            keys = contents(thing) if thing else None
            if keys is not None:
                items = [text(item.get("path")).split("/")[0] for _, item in maps(dig(volume, part, "items"))]
                yield text(volume.get("name")), frozenset(items) or keys


@rule(
    id="namespace-missing",
    severity="warning",
    about="Where Namespaces stand in the files, each namespace that is used is among them.",
    good="""
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: prices, namespace: shop}
    """,
    bad="""
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: prices, namespace: shops}
    """,
)
def namespace_missing(system: System) -> Iterator[Finding]:
    declared = {thing.name for thing in system.kind("Namespace")}
    if not declared or not is_whole(system):
        return
    for name in sorted(system.namespaces - declared):
        first = system.within(name)[0]
        if (
            name != "default"
            and not name.startswith("kube-")
            and ("Namespace", "", name) not in references.provided(system)
        ):
            yield Finding(
                first,
                ("metadata", "namespace"),
                says=f"Namespace {name} is used and, unlike {', '.join(sorted(declared)[:3])}, not declared.",
                happens=f'`kubectl apply` fails with `namespaces "{name}" not found` unless somebody made it before.',
                mend="Correct the name, or add the Namespace.",
            )
