"""Containers: names, images, ports, environment, mounts, probes and restart rules.

Source: https://kubernetes.io/docs/concepts/containers/ and pkg/apis/core/validation/validation.go v1.36.3 (read
2026-11-23).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from mela.cluster.admission.validation import formats, references
from mela.cluster.admission.validation.checks import (
    Errors,
    chosen,
    each,
    every,
    has_format,
    named,
    non_negative,
    one_of,
    optional,
    port_number_or_name,
    positive,
    required,
    struct,
)
from mela.cluster.admission.validation.field import Field, Rule
from mela.cluster.admission.validation.requirements import container_requirements
from mela.cluster.admission.validation.security import container_context
from mela.cluster.admission.validation.volumes import Volumes, relative_path

ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
MOST_RESTART_RULES = 20
MOST_EXIT_CODES = 255
FOR_SIDECARS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
NOT_EPHEMERAL = (*FOR_SIDECARS, "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container's rules need to know of its pod."""

    spec: Field
    volumes: Volumes
    claims: Collection[str]

    @property
    def grace_s(self) -> int:
        return self.spec["terminationGracePeriodSeconds"].number


def ordinary(field: Field, pod: Surroundings) -> Errors:
    """`containers`: at least one, with names and host ports of their own."""
    if not field:
        yield field.required("a pod needs a container")
        return
    names: set[str] = set()
    for container in field.elements():
        yield from _common(container, pod)
        if container["name"].text in names:
            yield container["name"].duplicate()
        names.add(container["name"].text)
        yield from _running(container, pod)
        yield from _restarts(container)
    yield from _host_ports(field.elements())


def init(field: Field, pod: Surroundings) -> Errors:
    """`initContainers`: probes and handlers are for sidecars (`restartPolicy: Always`) only."""
    names = {container["name"].text for container in pod.spec["containers"].elements()}
    for container in field.elements():
        yield from _common(container, pod)
        if container["restartPolicy"].is_set or not container["restartPolicyRules"]:
            yield from _restarts(container)
        else:
            yield container["restartPolicy"].required("rules need a restartPolicy")
        if container["name"].text in names:
            yield container["name"].duplicate()
        names |= {container["name"].text} - {""}
        # Upstream counts each init container as the first one here.
        yield from _host_ports([Field(container.value, f"{field.path}[0]")])
        if container["restartPolicy"].text == "Always":
            yield from _running(container, pod)
            continue
        for name in FOR_SIDECARS:
            if container[name].is_set:
                yield container[name].forbidden("only sidecars (restartPolicy: Always) have it")
        for policy in container["resizePolicy"].elements():
            if policy["restartPolicy"].text == "RestartContainer":
                yield policy["restartPolicy"].invalid("only sidecars can be restarted to resize them")


def ephemeral(field: Field, pod: Surroundings) -> Errors:
    """`ephemeralContainers`: for debugging, without ports, probes or resources."""
    others = {each_["name"].text for key in ("containers", "initContainers") for each_ in pod.spec[key].elements()}
    names = set(others)
    for container in field.elements():
        yield from _common(container, pod)
        yield from image_without_spaces(container)
        if container["name"].text in names:
            yield container["name"].duplicate()
        names.add(container["name"].text)
        target = container["targetContainerName"]
        if target and target.text not in others:
            yield target.not_found("no container of the pod has this name")
        for name in NOT_EPHEMERAL:
            if container[name].is_set and not (name == "resources" and not container[name]):
                yield container[name].forbidden("an ephemeral container has no such setting")
        for mount in container["volumeMounts"].elements():
            for name in ("subPath", "subPathExpr"):
                if mount[name]:
                    yield mount[name].forbidden("an ephemeral container mounts whole volumes only")


def image_without_spaces(container: Field) -> Errors:
    if container["image"].text != container["image"].text.strip():
        yield container["image"].invalid("must not have spaces around it")


def _common(container: Field, pod: Surroundings) -> Errors:
    yield from _COMMON(container)
    yield from _ports(container["ports"])
    yield from _mounts(container, pod.volumes)
    yield from _devices(container, pod.volumes)
    yield from container_requirements(container["resources"], pod.claims)
    yield from _resize_policies(container["resizePolicy"], pod.spec)
    yield from container_context(container["securityContext"], pod.spec)


def _ports(field: Field) -> Errors:
    names: set[str] = set()
    for port in field.elements():
        name = port["name"]
        problems = formats.port_name(name.text) if name else []
        yield from (name.invalid(problem) for problem in problems)
        if name and not problems:
            if name.text in names:
                yield name.duplicate()
            names.add(name.text)
        yield from _PORT(port)


def _host_ports(found: Iterator[Field] | list[Field]) -> Errors:
    """Protocol, address and number together are taken once."""
    taken: set[tuple[str, str, int]] = set()
    for container in found:
        for port in container["ports"].elements():
            if not port["hostPort"]:
                continue
            key = (port["protocol"].text, port["hostIP"].text, port["hostPort"].number)
            if key in taken:
                yield port["hostPort"].duplicate()
            taken.add(key)


def _value_from(env: Field) -> Errors:
    """Exactly one source, and no value beside it."""
    field = env["valueFrom"]
    if not field.is_set:
        return
    given = [name for name in ENV_SOURCES if field[name].is_set]
    for name in given:
        yield from ENV_SOURCES[name](field[name])
    if not given:
        yield field.invalid(f"must have one of {', '.join(ENV_SOURCES)}")
    elif env["value"]:
        yield field.invalid("not together with a value")
    elif len(given) > 1:
        yield field.invalid("must have one source only")


def _env_from(field: Field) -> Errors:
    """Upstream puts the number of sources at the list."""
    for source in field.elements():
        yield from optional(formats.env_name)(source["prefix"])
        given = [name for name in ("configMapRef", "secretRef") if source[name].is_set]
        for name in given:
            yield from references.whole_reference(source[name])
        if len(given) != 1:
            yield field.invalid("must have exactly one of configMapRef and secretRef")


def _mounts(container: Field, volumes: Volumes) -> Errors:
    field = container["volumeMounts"]
    devices = {each_["name"].text: each_["devicePath"].text for each_ in container["volumeDevices"].elements()}
    paths: set[str] = set()
    for mount in field.elements():
        name, path = mount["name"], mount["mountPath"]
        yield from struct({"name": required, "mountPath": required})(mount)
        if name.text not in volumes:
            yield _given(name).not_found("the pod has no sound volume of this name")
        if path.text in paths:
            yield _given(path).invalid("another volume is mounted there")
        paths.add(path.text)
        if name.text in devices:
            yield name.invalid("is a device of this container")
        if path.text in devices.values():
            yield path.invalid("is the path of a device")
        yield from _mount_options(mount, field, container)


def _mount_options(mount: Field, field: Field, container: Field) -> Errors:
    """Most faults of options stand at the list, without an index."""
    if mount["subPath"]:
        yield from relative_path(_at(mount["subPath"], field))
    if mount["subPathExpr"]:
        if mount["subPath"]:
            yield mount["subPathExpr"].invalid("subPath and subPathExpr exclude each other")
        yield from relative_path(_at(mount["subPathExpr"], field))
    propagation = _at(mount["mountPropagation"], field)
    yield from one_of("Bidirectional", "HostToContainer", "None")(propagation)
    if propagation.text == "Bidirectional" and not container["securityContext"]["privileged"]:
        yield propagation.forbidden("only privileged containers mount in both directions")
    read_only = _at(mount["recursiveReadOnly"], field)
    yield from one_of("Disabled", "Enabled", "IfPossible")(read_only)
    if read_only.text in ("Enabled", "IfPossible"):
        if not mount["readOnly"]:
            yield read_only.forbidden("needs readOnly: true")
        if propagation.is_set and propagation.text != "None":
            yield read_only.forbidden("needs mountPropagation: None")


def _devices(container: Field, volumes: Volumes) -> Errors:
    mounts = {each_["name"].text: each_["mountPath"].text for each_ in container["volumeMounts"].elements()}
    names: set[str] = set()
    paths: set[str] = set()
    for device in container["volumeDevices"].elements():
        name, path = _given(device["name"]), _given(device["devicePath"])
        source = volumes.get(name.text)
        yield from struct({"name": required, "devicePath": required})(device)
        if source is None:
            yield name.not_found("the pod has no sound volume of this name")
        elif "persistentVolumeClaim" not in source and "ephemeral" not in source:
            yield name.invalid("only claims can be raw devices")
        faults = {
            name: (name.text and name.text in names, "stands here twice"),
            path: (path.text in paths, "stands here twice"),
        }
        yield from (each_.invalid(why) for each_, (found, why) in faults.items() if found)
        if ".." in path.text.split("/"):
            yield path.invalid("must not have '..'")
        else:
            paths.add(path.text)
        if name.text in mounts:
            yield name.invalid("is mounted by this container")
        if path.text in mounts.values():
            yield path.invalid("is the path of a mount")
        names.add(name.text)


def _running(container: Field, pod: Surroundings) -> Errors:
    """Handlers and probes."""
    for name in ("postStart", "preStop"):
        if container["lifecycle"][name].is_set:
            yield from _handler(container["lifecycle"][name], pod)
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container[name]
        if not probe.is_set:
            continue
        yield from _handler(probe, pod)
        yield from _PROBE(probe)
        if name == "readinessProbe":
            if probe["terminationGracePeriodSeconds"].is_set:
                yield probe["terminationGracePeriodSeconds"].invalid("a readiness probe ends nothing")
        elif probe["successThreshold"].number != 1:
            yield probe["successThreshold"].invalid("must be 1")


def _handler(field: Field, pod: Surroundings) -> Errors:
    """One action; the first in upstream's order counts."""
    given = [name for name in HANDLERS if field[name].is_set]
    if not given:
        yield field.required("an action is needed: exec, httpGet, tcpSocket …")
        return
    if given[0] == "sleep":
        yield from _sleep(field["sleep"], pod)
    else:
        yield from HANDLERS[given[0]](field[given[0]])
    yield from (field[name].forbidden(f"the action is {given[0]} already") for name in given[1:])


def _sleep(field: Field, pod: Surroundings) -> Errors:
    if not 0 <= field["seconds"].number <= pod.grace_s:
        yield field.invalid(f"must be from 0 to the grace period of {pod.grace_s} s")


def _headers(field: Field) -> Errors:
    for header in field.elements():
        yield from (
            Field(header["name"].text, field.path).invalid(each_) for each_ in formats.header_name(header["name"].text)
        )


def _restarts(container: Field) -> Errors:
    """A policy of the container's own, and rules by exit code."""
    policy, rules = container["restartPolicy"], container["restartPolicyRules"]
    if rules and not policy.is_set:
        yield policy.required("rules need a restartPolicy")
    yield from one_of("Always", "Never", "OnFailure")(policy)
    if len(rules.value or ()) > MOST_RESTART_RULES:
        yield rules.too_many(MOST_RESTART_RULES)
    for rule in rules.elements():
        yield from chosen("Restart", "RestartAllContainers")(rule["action"])
        codes = rule["exitCodes"]
        if not codes.is_set:
            yield codes.required()
            continue
        yield from chosen("In", "NotIn")(codes["operator"])
        if len(codes["values"].value or ()) > MOST_EXIT_CODES:
            yield codes["values"].too_many(MOST_EXIT_CODES)


def _resize_policies(field: Field, spec: Field) -> Errors:
    """Only the duplicate has an index."""
    seen: set[str] = set()
    for policy in field.elements():
        name, restart = policy["resourceName"].text, policy["restartPolicy"].text
        if name in seen:
            yield policy.duplicate()
        seen.add(name)
        for word, known in ((name, ("cpu", "memory")), (restart, ("NotRequired", "RestartContainer"))):
            if not word:
                yield field.required()
            elif word not in known:
                yield Field(word, field.path).unsupported(known)
        if spec["restartPolicy"].text == "Never" and restart != "NotRequired":
            yield field.invalid("a pod that is never restarted needs NotRequired")


def _given(field: Field) -> Field:
    """The field with an empty text instead of nothing."""
    return Field(field.text, field.path)


def _at(field: Field, list_: Field) -> Field:
    """The field as if it were the list's."""
    return Field(field.value, f"{list_.path}.{field.path.rpartition('.')[2]}")


HANDLERS: Mapping[str, Rule] = {
    "exec": struct({"command": required}),
    "httpGet": struct(
        {
            "path": required,
            "port": port_number_or_name,
            "scheme": chosen("HTTP", "HTTPS"),
            "httpHeaders": _headers,
        }
    ),
    "tcpSocket": struct({"port": port_number_or_name}),
    "grpc": struct({"port": port_number_or_name}),
    "sleep": struct({}),
}
ENV_SOURCES: Mapping[str, Rule] = {
    "fieldRef": lambda field: references.field_reference(field, ENV_FIELDS),
    "resourceFieldRef": lambda field: references.resource_reference(field, needs_container=False),
    "configMapKeyRef": references.key_reference,
    "secretKeyRef": references.key_reference,
    "fileKeyRef": references.file_key_reference,
}
_PORT = struct(
    {
        "containerPort": every(required, lambda field: has_format(formats.port_number)(field) if field else ()),
        "hostPort": lambda field: has_format(formats.port_number)(field) if field else (),
        "protocol": chosen("SCTP", "TCP", "UDP"),
    }
)
_PROBE = struct(
    {
        "initialDelaySeconds": non_negative,
        "timeoutSeconds": non_negative,
        "periodSeconds": non_negative,
        "successThreshold": non_negative,
        "failureThreshold": non_negative,
        "terminationGracePeriodSeconds": positive,
    }
)
_COMMON = struct(
    {
        "name": named(formats.dns_label),
        "image": required,
        "terminationMessagePolicy": one_of("File", "FallbackToLogsOnError"),
        "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
        "env": each(every(struct({"name": named(formats.env_name)}), _value_from)),
        "envFrom": _env_from,
    }
)
