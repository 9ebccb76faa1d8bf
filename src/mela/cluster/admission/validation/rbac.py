"""Roles and their bindings.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and pkg/apis/rbac/validation/validation.go v1.36.3
(read 2026-11-23).
"""

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import Errors, chosen, each, has_format, named, required
from mela.cluster.admission.validation.field import Field

GROUP = "rbac.authorization.k8s.io"


def role(field: Field) -> Errors:
    yield from each(_rule)(field["rules"])


def role_binding(field: Field) -> Errors:
    reference = field["roleRef"]
    yield from chosen(GROUP)(reference["apiGroup"])
    yield from chosen("Role", "ClusterRole")(reference["kind"])
    yield from named(formats.path_segment)(reference["name"])
    yield from each(_subject)(field["subjects"])


def _rule(field: Field) -> Errors:
    """Any verb will do, even one that nothing knows."""
    yield from required(field["verbs"])
    urls = field["nonResourceURLs"]
    if urls:
        yield urls.invalid("a Role of a namespace has no say over URLs")
        if any(field[name] for name in ("apiGroups", "resources", "resourceNames")):
            yield urls.invalid("URLs and resources exclude each other")
        return
    yield from required(field["apiGroups"])
    yield from required(field["resources"])


def _subject(field: Field) -> Errors:
    """ServiceAccounts need no namespace here."""
    name, group = field["name"], field["apiGroup"]
    yield from required(name)
    match field["kind"].text:
        case "ServiceAccount":
            yield from has_format(formats.dns_subdomain)(name) if name else ()
            yield from chosen("")(group)
        case "User" | "Group":
            yield from chosen(GROUP)(group)
        case _:
            yield field["kind"].unsupported(("ServiceAccount", "User", "Group"))
