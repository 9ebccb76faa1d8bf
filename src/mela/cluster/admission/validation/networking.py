"""Ingresses and NetworkPolicies.

Source: https://kubernetes.io/docs/concepts/services-networking/ and pkg/apis/networking/validation/validation.go v1.36.3
(read 2026-11-23).
"""

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import (
    Errors,
    each,
    has_format,
    label_selector,
    named,
    one_of,
    optional,
    struct,
)
from mela.cluster.admission.validation.field import Field

INGRESS_CLASS = "kubernetes.io/ingress.class"
BAD_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
BAD_AT_END = ("/..", "/.")


def ingress(field: Field) -> Errors:
    """Rules or a default backend, and the class told once."""
    spec = field["spec"]
    if not spec["rules"] and not spec["defaultBackend"].is_set:
        yield spec.invalid("rules or a defaultBackend must be given")
    if spec["defaultBackend"].is_set:
        yield from _backend(spec["defaultBackend"])
    yield from each(_rule)(spec["rules"])
    for tls in spec["tls"].elements():
        yield from each(has_format(formats.ingress_host))(tls["hosts"])
        yield from optional(formats.dns_subdomain)(tls["secretName"])
    class_ = spec["ingressClassName"]
    yield from has_format(formats.dns_subdomain)(class_)
    annotation = (field["metadata"]["annotations"].value or {}).get(INGRESS_CLASS)
    if annotation is not None and class_.is_set and annotation != class_.text:
        yield Field(annotation, f"annotations.{INGRESS_CLASS}").invalid("must equal ingressClassName")


def network_policy(field: Field) -> Errors:
    """Peers and ports of both directions."""
    spec = field["spec"]
    yield from label_selector(spec["podSelector"])
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in spec[direction].elements():
            yield from each(_port)(rule["ports"])
            yield from each(_peer)(rule[peers])
    types = spec["policyTypes"]
    if len(types.value or ()) > 2:
        yield types.invalid("there are two types only")
    else:
        yield from each(one_of("Ingress", "Egress"))(types)


def _rule(field: Field) -> Errors:
    host = field["host"]
    if host:
        if formats.parse_ip(host.text) is not None:
            yield host.invalid("must be a name, not an address")
        yield from has_format(formats.ingress_host)(host)
    http = field["http"]
    if http.is_set:
        if not http["paths"]:
            yield http["paths"].required("a rule needs a path")
        yield from each(_path)(http["paths"])


def _path(field: Field) -> Errors:
    path, type_ = field["path"], field["pathType"]
    if not type_.is_set:
        yield type_.required()
        return
    yield from one_of("Exact", "ImplementationSpecific", "Prefix")(type_)
    plain = type_.text in ("Exact", "Prefix")
    if not path.text.startswith("/") and (plain or (path and type_.text == "ImplementationSpecific")):
        yield Field(path.text, path.path).invalid("must be an absolute path")
    if plain:
        yield from (path.invalid(f"must not have {bad!r}") for bad in BAD_IN_PATHS if bad in path.text)
        yield from (path.invalid(f"must not end with {bad!r}") for bad in BAD_AT_END if path.text.endswith(bad))
    yield from _backend(field["backend"])


def _backend(field: Field) -> Errors:
    """A Service's port, by name or by number, or another object."""
    service, resource = field["service"], field["resource"]
    if service.is_set == resource.is_set:
        yield field.invalid("must have exactly one of service and resource")
    elif resource.is_set:
        yield from has_format(formats.dns_subdomain)(resource["apiGroup"])
        yield from struct({"kind": named(formats.path_segment), "name": named(formats.path_segment)})(resource)
    else:
        yield from named(formats.dns_label)(service["name"])
        yield from _backend_port(field)


def _backend_port(field: Field) -> Errors:
    name, number = field.down("service", "port", "name"), field.down("service", "port", "number")
    if name and number:
        yield field.invalid("the port has a name or a number, not both")
    elif name:
        yield from has_format(formats.port_name)(name)
    elif number:
        yield from has_format(formats.port_number)(number)
    else:
        yield field.required("the port needs a name or a number")


def _port(field: Field) -> Errors:
    port, end = field["port"], field["endPort"]
    yield from one_of("TCP", "UDP", "SCTP")(field["protocol"])
    if isinstance(port.value, str):
        yield from has_format(formats.port_name)(port)
    else:
        yield from has_format(formats.port_number)(port)
    if not end.is_set:
        return
    if not port.is_set or isinstance(port.value, str):
        yield end.invalid("needs a port number to start from")
        return
    if end.value < port.value:
        yield end.invalid("must not be below port")
    yield from has_format(formats.port_number)(end)


def _peer(field: Field) -> Errors:
    block = field["ipBlock"]
    selectors = [field[name] for name in ("podSelector", "namespaceSelector") if field[name].is_set]
    for selector in selectors:
        yield from label_selector(selector)
    if block.is_set:
        yield from _block(block)
        if selectors:
            yield field.forbidden("an address range stands alone")
    elif not selectors:
        yield field.required("a peer has a selector or an address range")


def _block(field: Field) -> Errors:
    """Exceptions lie inside the range and are smaller."""
    whole = field["cidr"]
    if not whole:
        yield whole.required()
        return
    yield from has_format(formats.cidr)(whole)
    network = formats.parse_cidr(whole.text)
    for except_ in field["except"].elements() if network else ():
        yield from has_format(formats.cidr)(except_)
        inner = formats.parse_cidr(except_.text)
        if inner and network and not formats.is_strictly_inside(inner, network):
            yield except_.invalid("must lie inside cidr and be smaller")
