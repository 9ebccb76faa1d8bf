"""Each object against the API of the chosen version: kinds that are served, fields that exist, values that are accepted.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation and
https://kubernetes.io/docs/reference/using-api/deprecation-guide/ (read 2026-11-23).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from mela.cluster.checks import Finding, rule
from mela.cluster.objects import NEWEST, Object, Path, System, dig, is_built_in
from mela.cluster.schemas import custom, history, problems, published

REFUSED = "The API server refuses the object, so nothing of it is created or changed."
NO_OBJECTS = (("v1", "Config"), ("v1", "Policy"))
"""Files of that form which are never sent to an API server: settings of kubectl and of old schedulers."""
DROPPED = (
    "`kubectl apply` refuses the object; clients that do not ask for strict checking drop the field, "
    "and what it should have done does not happen."
)

LIKE = {"Rollout.argoproj.io": "Deployment"}
"""Custom kinds that are built like one of Kubernetes' own, where rules read them."""


@lru_cache(maxsize=1)
def _problems(system: System) -> tuple[tuple[Object, problems.Problem], ...]:
    """Found once for all rules of this module."""
    customs = custom.definitions(system.kind("CustomResourceDefinition"))
    return tuple((thing, found) for thing in system for found in problems.find(thing, system.version, customs))


def _findings(system: System, about: problems.About, happens: str) -> Iterator[Finding]:
    for thing, found in _problems(system):
        if found.about == about:
            yield Finding(thing, found.path, says=found.says, happens=happens, mend=found.mend)


def readable(system: System) -> System:
    """The system without the values that have a wrong type: rules that look further need not expect them.

    An object of a version that is not served is held against another version of its kind. One with more wrong values
    than are looked for is left out.
    """
    wrong: dict[Object, list[Path]] = {}
    for thing, found in (*_problems(system), *_as_served(system)):
        if found.about == "wrong-type":
            wrong.setdefault(thing, []).append(found.path)
    for thing in system:
        for path in _nulls(thing.data):
            wrong.setdefault(thing, []).append(path)
    if not wrong:
        return system
    kept = ((thing, wrong.get(thing, ())) for thing in system)
    return replace(
        system,
        objects=tuple(
            _without(thing, list(paths)) if paths else thing for thing, paths in kept if len(paths) < problems.MOST
        ),
    )


def _nulls(value: object, at: Path = ()) -> Iterator[Path]:
    """Fields and items that are null: to the API server as good as absent."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, each in steps:
        if each is None:
            yield (*at, step)
        elif isinstance(each, list | Mapping):
            yield from _nulls(each, (*at, step))


def _as_served(system: System) -> Iterator[tuple[Object, problems.Problem]]:
    """Problems of objects without a schema of their own, by that of their kind in a version that is served."""
    served = {kind: api for api, kind in published.kinds(NEWEST)}
    declared = custom.definitions(system.kind("CustomResourceDefinition"))
    for thing in system:
        if (thing.api_version, thing.kind) in published.kinds(system.version) or (
            thing.api_version,
            thing.kind,
        ) in declared:
            continue
        kind = LIKE.get(thing.type, thing.kind if is_built_in(thing.api_version) else "")
        if kind in served:
            alike = replace(
                thing,
                api_version=served[kind],
                kind=kind,
                data={**thing.data, "apiVersion": served[kind], "kind": kind},
            )
            yield from ((thing, found) for found in problems.find(alike, NEWEST, {}))


def _without(thing: Object, paths: list[Path]) -> Object:
    data = _copied(thing.data)
    for path in sorted(set(paths), key=lambda path: [str(step).zfill(9) for step in path], reverse=True):
        holder = dig(data, *path[:-1])
        if path and isinstance(holder, dict | list):
            del holder[path[-1]]  # type: ignore[arg-type]  # the step that led here fits
    return Object.of(data, thing.source, thing.document)


def _copied(value: Any) -> Any:
    """Maps and lists anew, also those that one anchor shares among several places."""
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _unserved(system: System) -> Iterator[Object]:
    """Objects of Kubernetes' own groups that this version does not know."""
    declared = custom.definitions(system.kind("CustomResourceDefinition"))
    for thing in system:
        key = thing.api_version, thing.kind
        if is_built_in(thing.api_version) and key not in published.kinds(system.version) and key not in declared:
            yield thing


@rule(
    id="unknown-kind",
    severity="error",
    about="The chosen Kubernetes version serves the apiVersion and kind of each object.",
    good="""
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: web, image: "example.org/web:1.4.2"}]
    """,
    bad="""
    apiVersion: v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    """,
)
def unknown_kind(system: System) -> Iterator[Finding]:
    for thing in _unserved(system):
        if history.removal(thing.api_version, thing.kind):
            continue
        mend = _meant(thing, system.version)
        if mend and (thing.api_version, thing.kind) not in NO_OBJECTS:
            yield Finding(
                thing,
                ("kind",),
                says=f"Kubernetes {system.version} has no {thing.kind} in {thing.api_version}.",
                happens="`kubectl apply` stops with `no matches for kind`; the object is not created.",
                mend=mend,
            )


def _meant(thing: Object, version: str) -> str:
    """The same kind elsewhere, in this version or a later one, or a kind of nearly that name. Empty: a group not known here,
    such as none but another version than v1, which the settings of Talos and kustomize's transformers have."""
    kinds = published.kinds(version)
    if same := [api for api, kind in kinds if kind == thing.kind]:
        return f"Write `apiVersion: {min(same, key=history.is_off_by_default)}`."
    if came := history.first(thing.api_version, thing.kind):
        return f"It is served from Kubernetes {came} on."
    if thing.group not in published.groups(version) or (not thing.group and thing.api_version != "v1"):
        return ""
    near = process.extractOne(thing.kind, sorted({kind for _, kind in kinds}), scorer=fuzz.ratio, score_cutoff=80)
    return f"Did you mean `kind: {near[0]}`?" if near else "`kubectl api-resources` lists what there is."


@rule(
    id="removed-api",
    severity="error",
    about="An API that the chosen version no longer serves has to be replaced by its successor.",
    good="""
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
    """,
    bad="""
    apiVersion: policy/v1beta1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
    """,
)
def removed_api(system: System) -> Iterator[Finding]:
    for thing in _unserved(system):
        if removal := history.removal(thing.api_version, thing.kind):
            yield Finding(
                thing,
                ("apiVersion",),
                says=f"{thing.api_version} {thing.kind} was removed in Kubernetes {removal.version}.",
                happens="`kubectl apply` stops with `no matches for kind`; the object is not created.",
                mend=f"Write `apiVersion: {removal.use}`; some fields are named differently there."
                if removal.use
                else removal.note,
            )


@rule(
    id="api-goes-away",
    severity="warning",
    about="An API that a later version removes should be replaced before the cluster is upgraded.",
    good="""
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec:
      maxReplicas: 4
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    """,
    bad="""
    # for Kubernetes 1.31
    apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
    kind: FlowSchema
    metadata: {name: web}
    """,
)
def api_goes_away(system: System) -> Iterator[Finding]:
    served = published.kinds(system.version)
    for thing in system:
        removal = history.removals().get((thing.api_version, thing.kind))
        if removal and (thing.api_version, thing.kind) in served and history.is_newer(removal.version, system.version):
            yield Finding(
                thing,
                ("apiVersion",),
                says=f"{thing.api_version} {thing.kind} is removed in Kubernetes {removal.version}.",
                happens=f"After the upgrade to {removal.version} the object can no longer be applied.",
                mend=f"Write `apiVersion: {removal.use}`." if removal.use else removal.note,
            )


@rule(
    id="api-off-by-default",
    severity="warning",
    about="Alpha APIs, and beta APIs since Kubernetes 1.24, are served only where an administrator switched them on.",
    good="""
    apiVersion: admissionregistration.k8s.io/v1
    kind: ValidatingAdmissionPolicyBinding
    metadata: {name: names}
    spec: {policyName: names, validationActions: [Deny]}
    """,
    bad="""
    apiVersion: admissionregistration.k8s.io/v1beta1
    kind: MutatingAdmissionPolicyBinding
    metadata: {name: names}
    spec: {policyName: names}
    """,
)
def api_off_by_default(system: System) -> Iterator[Finding]:
    served = published.kinds(system.version)
    for thing in system:
        if history.is_off_by_default(thing.api_version) and (thing.api_version, thing.kind) in served:
            yield Finding(
                thing,
                ("apiVersion",),
                says=f"{thing.api_version} is off by default in Kubernetes {system.version}.",
                happens="On a cluster as installed, `kubectl apply` stops with `no matches for kind`.",
                mend=f"Use a stable version of the API, or switch it on: `--runtime-config={thing.api_version}=true`.",
            )


@rule(
    id="unknown-field",
    severity="error",
    about="Every field exists in the schema of its kind, in the chosen version.",
    good="""
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec:
      selector: {app: web}
      ports: [{port: 80, targetPort: 8080}]
    """,
    bad="""
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec:
      selectors: {app: web}
      ports: [{port: 80, targetPort: 8080}]
    """,
)
def unknown_field(system: System) -> Iterator[Finding]:
    return _findings(system, "unknown-field", DROPPED)


@rule(
    id="wrong-type",
    severity="error",
    about="Every value has the type that its field wants. YAML reads `on`, `yes`, `0755`, `1e3` and `1.10` as truth values and numbers.",
    good="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data: {sale: "on", mode: "0755"}
    """,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data: {sale: on, mode: 0755}
    """,
)
def wrong_type(system: System) -> Iterator[Finding]:
    return _findings(system, "wrong-type", REFUSED)


@rule(
    id="missing-field",
    severity="error",
    about="Fields that the API server demands are there.",
    good="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec: {containers: [{name: web, image: "example.org/web:1.4.2"}]}
    """,
    bad="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec: {containers: [{name: web}]}
    """,
)
def missing_field(system: System) -> Iterator[Finding]:
    return _findings(system, "missing-field", REFUSED)


@rule(
    id="invalid-field",
    severity="error",
    about="Values and their combinations are those that the API server's own validation accepts.",
    good="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          resources: {requests: {memory: 64Mi}, limits: {memory: 128Mi}}
    """,
    bad="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          resources: {requests: {memory: 256Mi}, limits: {memory: 128Mi}}
    """,
)
def invalid_field(system: System) -> Iterator[Finding]:
    return _findings(system, "invalid-field", REFUSED)
