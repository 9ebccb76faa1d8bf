"""Pods and pod templates as a whole.

Source: https://kubernetes.io/docs/concepts/workloads/pods/ and pkg/apis/core/validation/validation.go v1.36.3 (read
2026-11-23).
"""

import re

from mela.cluster.admission.validation import containers, formats, scheduling, security
from mela.cluster.admission.validation.checks import (
    Errors,
    each,
    has_format,
    label_map,
    named,
    one_required,
    optional,
    struct,
)
from mela.cluster.admission.validation.field import Field
from mela.cluster.admission.validation.metadata import annotations
from mela.cluster.admission.validation.requirements import container_requirements, pod_requirements
from mela.cluster.admission.validation.volumes import volumes

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
COST = re.compile("0|[1-9][0-9]*|-[0-9]+")
MOST_NAMESERVERS = 3
MOST_SEARCHES = 32
SEARCH_BYTES = 2048
HOSTNAME_BYTES = 64
INT32_MAX = 2**31 - 1


def pod(field: Field) -> Errors:
    """A pod of its own, to be created."""
    metadata, spec = field["metadata"], field["spec"]
    yield from _special_annotations(metadata["annotations"], spec)
    yield from pod_spec(spec, metadata)
    for key in ("containers", "initContainers"):
        yield from each(containers.image_without_spaces)(spec[key])
    yield from _tokens_need_account(spec)
    if spec["ephemeralContainers"]:
        yield spec["ephemeralContainers"].forbidden("ephemeral containers join a running pod")
    if spec["nodeName"] and spec["schedulingGates"]:
        yield spec["nodeName"].forbidden("a gated pod has no node yet")
    yield from security.annotations_against_fields(metadata["annotations"], spec)


def pod_template(field: Field) -> Errors:
    """A template. Faults of its labels and annotations stand at `template.labels`, without `metadata`."""
    spec, found = field["spec"], Field(field["metadata"]["annotations"].value, field["annotations"].path)
    yield from template_metadata(field)
    yield from pod_spec(spec, None)
    yield from security.annotations_against_fields(found, spec)
    if spec["ephemeralContainers"]:
        yield spec["ephemeralContainers"].forbidden("ephemeral containers join a running pod")


def template_metadata(field: Field) -> Errors:
    """Labels and annotations of a template."""
    metadata = field["metadata"]
    yield from label_map(Field(metadata["labels"].value, field["labels"].path))
    found = Field(metadata["annotations"].value, field["annotations"].path)
    yield from annotations(found)
    yield from _special_annotations(found, field["spec"])


def pod_spec(spec: Field, metadata: Field | None) -> Errors:
    """The spec of a pod; `metadata` is None for templates."""
    errors, sound = volumes(spec["volumes"], metadata["name"].text if metadata else None)
    yield from errors
    claims = {claim["name"].text for claim in spec["resourceClaims"].elements() if claim["name"]}
    surroundings = containers.Surroundings(spec, sound, claims)
    yield from containers.ordinary(spec["containers"], surroundings)
    yield from containers.init(spec["initContainers"], surroundings)
    yield from containers.ephemeral(spec["ephemeralContainers"], surroundings)
    yield from _resource_claims(spec["resourceClaims"], metadata)
    yield from pod_requirements(spec, claims)
    if spec["overhead"].is_set:
        limits = Field({"limits": spec["overhead"].value}, spec["overhead"].path)
        yield from container_requirements(limits, set())
    yield from _SPEC(spec)
    for rule in (
        security.pod_context,
        security.privileged,
        security.host_users,
        security.host_processes,
        security.operating_system,
        _host_network_ports,
        _dns,
        _hostname,
        _variable_files,
    ):
        yield from rule(spec)


def _special_annotations(field: Field, spec: Field) -> Errors:
    found = field.value or {}
    if MIRROR in found and not spec["nodeName"]:
        yield field.entry(MIRROR).invalid("a mirror pod names its node")
    yield from scheduling.tolerations_annotation(field)
    cost = found.get(DELETION_COST)
    if cost is not None and not (COST.fullmatch(cost) and -(2**31) <= int(cost) <= INT32_MAX):
        yield field.entry(DELETION_COST).invalid("must be a whole number of 32 bits")
    yield from security.annotation_faults(field, spec)


def _tokens_need_account(spec: Field) -> Errors:
    if spec["serviceAccountName"]:
        return
    for volume in spec["volumes"].elements():
        for source in volume["projected"]["sources"].elements():
            if source["serviceAccountToken"].is_set:
                yield source["serviceAccountToken"].forbidden("needs a serviceAccountName")


def _resource_claims(field: Field, metadata: Field | None) -> Errors:
    if metadata and MIRROR in (metadata["annotations"].value or {}):
        yield from (Field(None, "[]").forbidden("static pods have no resource claims") for _ in field.elements())
        return
    names: set[str] = set()
    for claim in field.elements():
        name, given = claim["name"], [claim["resourceClaimName"], claim["resourceClaimTemplateName"]]
        if name.text in names:
            yield name.duplicate()
        else:
            yield from named(formats.dns_label)(name)
        names |= {name.text} - {""}
        if sum(each_.is_set for each_ in given) != 1:
            yield claim.invalid("must have exactly one of resourceClaimName and resourceClaimTemplateName")
        for each_ in given:
            yield from has_format(formats.dns_subdomain)(each_)


def _host_network_ports(spec: Field) -> Errors:
    """Pods get theirs by default, templates may leave them open."""
    for container in spec["containers"].elements() if spec["hostNetwork"] else ():
        for port in container["ports"].elements():
            if port["hostPort"] and port["hostPort"].number != port["containerPort"].number:
                yield port["hostPort"].invalid("must equal containerPort on the host's network")


def _dns(spec: Field) -> Errors:
    config = spec["dnsConfig"]
    if spec["dnsPolicy"].text == "None" and not config["nameservers"]:
        missing = config["nameservers"] if config.is_set else config
        yield missing.required("dnsPolicy None needs a nameserver")
        return
    servers, searches = config["nameservers"], config["searches"]
    if len(servers.value or ()) > MOST_NAMESERVERS:
        yield servers.invalid(f"must have at most {MOST_NAMESERVERS} nameservers")
    yield from each(has_format(formats.ip_address))(servers)
    yield from _searches(searches)
    yield from (
        option.required("an option needs a name") for option in config["options"].elements() if not option["name"]
    )


def _searches(field: Field) -> Errors:
    """Underscores are fine, and a dot at the end or alone."""
    if len(field.value or ()) > MOST_SEARCHES:
        yield field.invalid(f"must have at most {MOST_SEARCHES} search paths")
    if len(" ".join(field.value or ()).encode()) > SEARCH_BYTES:
        yield field.invalid(f"must have at most {SEARCH_BYTES} bytes in all")
    for search in field.elements():
        if search.text != ".":
            domain = Field(search.text.removesuffix("."), search.path)
            yield from has_format(formats.underscored_subdomain)(domain)


def _hostname(spec: Field) -> Errors:
    name = spec["hostnameOverride"]
    if not name.is_set:
        return
    if spec["setHostnameAsFQDN"]:
        yield name.forbidden("not together with setHostnameAsFQDN")
    if spec["hostNetwork"]:
        yield name.forbidden("not on the host's network")
    if len(name.text.encode()) > HOSTNAME_BYTES:
        yield name.too_long(HOSTNAME_BYTES)
    yield from has_format(formats.dns_subdomain)(name)


def _host_alias(field: Field) -> Errors:
    yield from (field["ip"].invalid(problem) for problem in formats.ip_address(field["ip"].text))
    yield from each(has_format(formats.dns_subdomain))(field["hostnames"])


def _variable_files(spec: Field) -> Errors:
    """`fileKeyRef` reads from an emptyDir of the pod."""
    sources = {volume["name"].text: volume.value for volume in spec["volumes"].elements()}
    for container in security.containers(spec):
        for env in container["env"].elements():
            reference = env["valueFrom"]["fileKeyRef"]
            name = Field(reference["volumeName"].text, reference["volumeName"].path)
            if not reference.is_set:
                continue
            if name.text not in sources:
                yield name.not_found("the pod has no volume of this name")
            elif "emptyDir" not in sources[name.text]:
                yield name.invalid("must be an emptyDir")


def _deadline(field: Field) -> Errors:
    if field.is_set and not 1 <= field.value <= INT32_MAX:
        yield field.invalid(f"must be from 1 to {INT32_MAX}")


_SPEC = struct(
    {
        "restartPolicy": one_required("Always", "OnFailure", "Never"),
        "dnsPolicy": one_required("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
        "nodeSelector": label_map,
        "affinity": scheduling.affinity,
        "readinessGates": each(
            lambda gate: (
                gate["conditionType"].invalid(problem) for problem in formats.qualified_name(gate["conditionType"].text)
            )
        ),
        "schedulingGates": scheduling.gates,
        "topologySpreadConstraints": scheduling.spread_constraints,
        "serviceAccountName": optional(formats.dns_subdomain),
        "nodeName": optional(formats.dns_subdomain),
        "activeDeadlineSeconds": _deadline,
        "hostname": optional(formats.dns_label),
        "subdomain": optional(formats.dns_label),
        "tolerations": each(scheduling.toleration),
        "hostAliases": each(_host_alias),
        "priorityClassName": optional(formats.dns_subdomain),
        "runtimeClassName": has_format(formats.dns_subdomain),
        "preemptionPolicy": lambda field: one_required("PreemptLowerPriority", "Never")(field) if field.is_set else (),
    }
)
