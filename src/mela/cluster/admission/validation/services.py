"""Services.

Source: https://kubernetes.io/docs/concepts/services-networking/service/ and pkg/apis/core/validation/validation.go
v1.36.3 (read 2026-11-23).
"""

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import (
    Errors,
    chosen,
    has_format,
    label_map,
    named,
    one_of,
    one_required,
    port_number_or_name,
    struct,
)
from mela.cluster.admission.validation.field import Field

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
LONGEST_AFFINITY_S = 86400
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"


def service(field: Field) -> Errors:
    spec, annotations = field["spec"], field["metadata"]["annotations"]
    found = annotations.value or {}
    mode, hints = found.get(TOPOLOGY_MODE), found.get(TOPOLOGY_HINTS)
    if mode is not None and hints is not None and mode != hints:
        yield annotations.entry(TOPOLOGY_MODE).invalid(f"must equal {TOPOLOGY_HINTS}")
    yield from _SPEC(spec)
    yield from _by_type(spec)
    yield from _ports(spec)
    yield from _affinity(spec)
    if spec["type"].text != "ExternalName":
        yield from _cluster_ips(spec)
    for address in spec["externalIPs"].elements():
        yield from _endpoint_ip(address)
    yield from _source_ranges(spec, annotations)
    yield from _load_balancer_only(spec)
    yield from _external_traffic(spec)


def _by_type(spec: Field) -> Errors:
    type_, headless = spec["type"].text, _is_headless(spec)
    if not spec["ports"] and not headless and type_ != "ExternalName":
        yield spec["ports"].required("a Service needs a port")
    if headless and type_ in ("LoadBalancer", "NodePort"):
        yield Field("None", f"{spec['clusterIPs'].path}[0]").invalid(f"a {type_} Service has an address")
    if type_ == "ExternalName":
        yield from _external_name(spec)


def _external_name(spec: Field) -> Errors:
    for key in ("clusterIPs", "ipFamilies"):
        if spec[key]:
            yield spec[key].forbidden("an ExternalName Service has no address")
    if spec["ipFamilyPolicy"].is_set:
        yield spec["ipFamilyPolicy"].forbidden("an ExternalName Service has no address")
    name = spec["externalName"]
    yield from named(formats.dns_subdomain)(Field(name.text.removesuffix("."), name.path))


def _ports(spec: Field) -> Errors:
    names: set[str] = set()
    node_ports: set[tuple[str, int]] = set()
    ports: set[tuple[str, int]] = set()
    several = len(spec["ports"].value or ()) > 1
    for port in spec["ports"].elements():
        yield from _port(port, names, needs_name=several)
        protocol, node_port = port["protocol"].text, port["nodePort"]
        if node_port and spec["type"].text == "ClusterIP":
            yield node_port.forbidden("a ClusterIP Service has no node ports")
        if node_port and (protocol, node_port.number) in node_ports:
            yield node_port.duplicate()
        if (protocol, port["port"].number) in ports:
            yield port.duplicate()
        node_ports.add((protocol, node_port.number))
        ports.add((protocol, port["port"].number))


def _port(port: Field, names: set[str], *, needs_name: bool) -> Errors:
    name, number = port["name"], port["port"]
    if needs_name and not name:
        yield name.required("several ports need names")
    elif name:
        yield from has_format(formats.dns_label)(name)
        if name.text in names:
            yield name.duplicate()
        names.add(name.text)
    yield from has_format(formats.port_number)(Field(number.number, number.path))
    yield from _PORT(port)


def _affinity(spec: Field) -> Errors:
    """The API's defaults leave a time-out wherever the affinity is ClientIP."""
    if spec["sessionAffinity"].text == "ClientIP":
        timeout = spec.down("sessionAffinityConfig", "clientIP", "timeoutSeconds")
        if not 0 < timeout.number <= LONGEST_AFFINITY_S:
            yield timeout.invalid(f"must be from 1 to {LONGEST_AFFINITY_S}")


def _cluster_ips(spec: Field) -> Errors:
    one, field = spec["clusterIP"], spec["clusterIPs"]
    addresses = field.value or []
    if one and not addresses:
        yield field.required("must repeat clusterIP")
    elif one and addresses[0] != one.text:
        yield field.invalid("must begin with clusterIP")
    elif addresses and not one:
        yield field.invalid("must be empty without clusterIP")
    yield from _families(spec["ipFamilies"])
    yield from one_of("PreferDualStack", "RequireDualStack", "SingleStack")(spec["ipFamilyPolicy"])
    faults = list(_addresses(field))
    yield from faults
    if len(addresses) > 2:
        yield field.invalid("must have at most two addresses")
    if not faults:
        yield from _one_per_family(spec)


def _addresses(field: Field) -> Errors:
    """`None` stands alone."""
    for index, address in enumerate(field.elements()):
        if index == 0 and address.text == "None":
            if len(field.value) > 1:
                yield field.invalid("None stands alone")
        else:
            yield from has_format(formats.ip_address)(address)


def _families(field: Field) -> Errors:
    seen: set[str] = set()
    for family in field.elements():
        yield from chosen("IPv4", "IPv6")(family)
        if family.text in seen:
            yield family.duplicate()
        seen.add(family.text)


def _one_per_family(spec: Field) -> Errors:
    field = spec["clusterIPs"]
    addresses = field.value or []
    versions = [_is_v6(address) for address in addresses]
    if len(addresses) > 1 and len(set(versions)) == 1:
        yield field.invalid("must have one address of each family")
    if _is_headless(spec):
        return
    for address, v6, family in zip(field.elements(), versions, spec["ipFamilies"].value or (), strict=False):
        if family in ("IPv4", "IPv6") and v6 != (family == "IPv6"):
            yield address.invalid(f"must be an {family} address, as ipFamilies says")


def _endpoint_ip(field: Field) -> Errors:
    problems = formats.ip_address(field.text)
    yield from (field.invalid(problem) for problem in problems)
    address = None if problems else formats.parse_ip(field.text)
    if address is None:
        return
    packed = address.packed
    near = packed[:3] == bytes((224, 0, 0)) if address.version == 4 else packed[0] == 0xFF and packed[1] & 0x0F == 2
    faults = {
        "must not be unspecified": address.is_unspecified,
        "must not be a loopback address": address.is_loopback,
        "must not be link-local": address.is_link_local,
        "must not be link-local multicast": near,
    }
    yield from (field.invalid(fault) for fault, found in faults.items() if found)


def _source_ranges(spec: Field, annotations: Field) -> Errors:
    """From the field or, without it, from an annotation. Upstream spells the field with a capital."""
    field = Field(spec["loadBalancerSourceRanges"].value, spec["LoadBalancerSourceRanges"].path)
    annotation = annotations.entry(SOURCE_RANGES)
    if field:
        found = [Field(each.text.strip(), each.path) for each in field.elements()]
    elif annotation.is_set:
        field = annotation
        text = annotation.text.strip()
        found = [Field(each.strip(), annotation.path) for each in text.split(",")] if text else []
    else:
        return
    if spec["type"].text != "LoadBalancer":
        yield field.forbidden("only a LoadBalancer has it")
    for each in found:
        yield from has_format(formats.cidr)(each)


def _load_balancer_only(spec: Field) -> Errors:
    class_ = spec["loadBalancerClass"]
    if spec["type"].text == "LoadBalancer":
        yield from has_format(formats.qualified_name)(class_)
        return
    for field in (class_, spec["allocateLoadBalancerNodePorts"]):
        if field.is_set:
            yield field.forbidden("only a LoadBalancer has it")


def _external_traffic(spec: Field) -> Errors:
    policy, check, type_ = spec["externalTrafficPolicy"], spec["healthCheckNodePort"], spec["type"].text
    if type_ in ("LoadBalancer", "NodePort") or (type_ == "ClusterIP" and spec["externalIPs"]):
        yield from one_required("Cluster", "Local")(policy)
    elif policy:
        yield policy.invalid("only Services that are reached from outside have it")
    needs_check = type_ == "LoadBalancer" and policy.text == "Local"
    if needs_check and not check:
        yield check.required()
    elif needs_check:
        yield from has_format(formats.port_number)(check)
    elif check:
        yield check.invalid("only a LoadBalancer with externalTrafficPolicy Local has it")


def _is_headless(spec: Field) -> bool:
    return bool(spec["clusterIPs"].value == ["None"])


def _is_v6(address: str) -> bool:
    return ":" in address


_SPEC = struct(
    {
        "type": one_required(*TYPES),
        "selector": label_map,
        "sessionAffinity": one_required("ClientIP", "None"),
        "internalTrafficPolicy": one_of("Cluster", "Local"),
        "trafficDistribution": one_of("PreferClose", "PreferSameZone", "PreferSameNode"),
    }
)
_PORT = struct(
    {
        "protocol": one_required("SCTP", "TCP", "UDP"),
        "targetPort": port_number_or_name,
        "appProtocol": has_format(formats.qualified_name),
    }
)
