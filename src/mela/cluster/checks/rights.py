"""RBAC: roles that let their holders get more rights than they have, and bindings to everybody.

Source: https://kubernetes.io/docs/concepts/security/rbac-good-practices/ (2026-11-23).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System
from mela.cluster.workloads import maps, text

ANY = "*"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Rights that amount to more than they say. `is_wide`: only in a ClusterRole, as in one namespace it is common."""

    verbs: frozenset[str]
    group: str
    resources: frozenset[str]
    happens: str
    is_wide: bool = False
    grave: bool = False


def _row(
    verbs: str, group: str, resources: str, happens: str, *, is_wide: bool = False, grave: bool = False
) -> Escalation:
    return Escalation(frozenset(verbs.split()), group, frozenset(resources.split()), happens, is_wide, grave)


WRITES = "create update patch"
ESCALATIONS = (
    _row("escalate", "rbac.authorization.k8s.io", "roles clusterroles", "Its holder can write any right into a role, its own too.", grave=True),
    _row("bind", "rbac.authorization.k8s.io", "roles clusterroles", "Its holder can bind itself to any role, cluster-admin too.", grave=True),
    _row("impersonate", "", "users groups serviceaccounts", "Its holder can act as anybody, an administrator too.", grave=True),
    _row("create", "", "serviceaccounts/token", "Its holder can make tokens of other service accounts and use their rights."),
    _row("create", "", "pods/exec pods/attach pods/ephemeralcontainers", "Its holder can run commands in pods and use their Secrets and tokens.", is_wide=True),
    _row("create get", "", "nodes/proxy", "Its holder can run commands in every pod of a node, past admission and audit.", grave=True),
    _row("get list watch", "", "secrets", "Its holder can read the Secrets of all namespaces, tokens of mightier accounts among them.", is_wide=True),
    _row("create", "", "pods", "Its holder can start pods in every namespace with any service account there.", is_wide=True),
    _row(WRITES, "apps", "deployments daemonsets statefulsets replicasets", "Its holder can start pods in every namespace with any service account there.", is_wide=True),
    _row("create", "", "persistentvolumes", "Its holder can mount any folder of a node by a hostPath volume."),
    _row(WRITES, "admissionregistration.k8s.io", "mutatingwebhookconfigurations validatingwebhookconfigurations", "Its holder can read and change every object on its way into the cluster."),
    _row("approve", "certificates.k8s.io", "signers", "Its holder can sign itself a certificate for any user."),
)  # fmt: skip
"""After the page named above; the sentences are ours."""
EVERYBODY = ("system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts")
READERS = (
    "system:discovery",
    "system:public-info-viewer",
    "system:basic-user",
    "system:service-account-issuer-discovery",
)
"""ClusterRoles that are meant for everybody."""

_ROLE = """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata: {name: operator}
    rules:
      - {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]}
    ---
    apiVersion: v1
    kind: ServiceAccount
    metadata: {name: operator, namespace: shop}
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata: {name: operator}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator}
    subjects: [{kind: ServiceAccount, name: operator, namespace: shop}]
    """


def _allows(written: Mapping[str, Any], row: Escalation) -> bool:
    verbs, groups, things = (set(written.get(part) or ()) for part in ("verbs", "apiGroups", "resources"))
    return bool(
        not written.get("resourceNames")
        and (verbs & row.verbs or ANY in verbs)
        and (row.group in groups or ANY in groups)
        and (things & row.resources or ANY in things)
    )


def _is_everything(written: Mapping[str, Any]) -> bool:
    return all(ANY in (written.get(part) or ()) for part in ("verbs", "apiGroups", "resources"))


@rule(
    id="rights-without-bounds",
    severity="error",
    about="A role names the resources and verbs that are needed: all of all is an administrator.",
    good=_ROLE,
    bad=_ROLE.replace("apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]", 'apiGroups: ["*"], resources: ["*"], verbs: ["*"]'),
)  # fmt: skip
def rights_without_bounds(system: System) -> Iterator[Finding]:
    for role in system.kind("ClusterRole", "Role"):
        for index, written in maps(role.get("rules")):
            if _is_everything(written):
                yield Finding(
                    role,
                    ("rules", index),
                    says="The role allows everything on everything.",
                    happens="Who takes over one pod that has it owns "
                    + ("the cluster." if role.kind == "ClusterRole" else f"namespace {role.namespace}."),
                    mend="List the resources and verbs that are used.",
                    severity="error" if role.kind == "ClusterRole" else "warning",
                )


@rule(
    id="rights-escalate",
    severity="error",
    about="A role's rights do not let its holders get more than they were given.",
    good=_ROLE,
    bad=_ROLE.replace("apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]",
                      "apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [get, bind]"),
)  # fmt: skip
def rights_escalate(system: System) -> Iterator[Finding]:
    """Errors for those that lead to everything at once, warnings for the others. Rights on named objects are left out."""
    for role in system.kind("ClusterRole", "Role"):
        wide = role.kind == "ClusterRole" and _is_bound_wide(system, role)
        for index, written in maps(role.get("rules")):
            rows = [row for row in ESCALATIONS if (wide or not row.is_wide) and _allows(written, row)]
            if rows and not _is_everything(written):
                row = next((each for each in rows if each.grave), rows[0])
                yield Finding(
                    role,
                    ("rules", index),
                    says=f"This allows {_told(written, row, 'verbs')} on {_told(written, row, 'resources')}"
                    f"{'' if role.kind == 'ClusterRole' else f' in namespace {role.namespace}'}.",
                    happens=row.happens,
                    mend="Leave it out, name the objects by resourceNames, or give it in one namespace by a Role.",
                    severity="error" if row.grave else "warning",
                )


def _told(written: Mapping[str, Any], row: Escalation, part: str) -> str:
    """Those of the written words that make the row apply."""
    wanted = row.verbs if part == "verbs" else row.resources
    return ", ".join(each for each in written.get(part) or () if each in wanted or each == ANY)


def _is_bound_wide(system: System, role: Object) -> bool:
    """Bound in all namespaces, or in none of these files: then nobody knows. RoleBindings keep it to a namespace."""
    narrow = [each for each in system.kind("RoleBinding") if _names(each, role)]
    return bool([each for each in system.kind("ClusterRoleBinding") if _names(each, role)]) or not narrow


def _names(binding: Object, role: Object) -> bool:
    return bool(binding.get("roleRef", "kind") == role.kind and binding.get("roleRef", "name") == role.name)


@rule(
    id="rights-of-an-administrator",
    severity="error",
    about="No service account is bound to cluster-admin.",
    good=_ROLE,
    bad=_ROLE.replace("kind: ClusterRole, name: operator", "kind: ClusterRole, name: cluster-admin"),
)
def rights_of_an_administrator(system: System) -> Iterator[Finding]:
    for binding in system.kind("ClusterRoleBinding", "RoleBinding"):
        if binding.get("roleRef", "name") != "cluster-admin" or binding.get("roleRef", "kind") != "ClusterRole":
            continue
        for index, subject in maps(binding.get("subjects")):
            if subject.get("kind") == "ServiceAccount":
                wide = binding.kind == "ClusterRoleBinding"
                yield Finding(
                    binding,
                    ("subjects", index),
                    says=f"Service account {subject.get('name')} is an administrator of "
                    f"{'the cluster' if wide else f'namespace {binding.namespace}'}.",
                    happens=f"Who takes over one of its pods owns {'every namespace and node' if wide else 'the namespace'}.",
                    mend="Write a role with what its program uses.",
                    severity="error" if wide else "warning",
                )


@rule(
    id="rights-for-everybody",
    severity="error",
    about="No rights go to all users, to anonymous ones, or to all service accounts.",
    good=_ROLE,
    bad=_ROLE.replace("{kind: ServiceAccount, name: operator, namespace: shop}",
                      "{kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:authenticated'}"),
)  # fmt: skip
def rights_for_everybody(system: System) -> Iterator[Finding]:
    for binding in system.kind("ClusterRoleBinding", "RoleBinding"):
        for index, subject in maps(binding.get("subjects")):
            name = text(subject.get("name"))
            if name in EVERYBODY and binding.get("roleRef", "name") not in READERS:
                yield Finding(
                    binding,
                    ("subjects", index),
                    says=f"The rights of {binding.get('roleRef', 'name')} go to {name}.",
                    happens="Anybody who reaches the API has them"
                    + (
                        ", without any login."
                        if "anonymous" in name or "unauth" in name
                        else ", every pod's token too."
                    ),
                    mend="Name the users, groups or service accounts that need them.",
                )


@rule(
    id="rights-of-default-account",
    severity="warning",
    about="Rights go to a service account of the program's own, not to `default`.",
    good=_ROLE,
    bad=_ROLE.replace("name: operator, namespace: shop}]", "name: default, namespace: shop}]"),
)
def rights_of_default_account(system: System) -> Iterator[Finding]:
    for binding in system.kind("ClusterRoleBinding", "RoleBinding"):
        for index, subject in maps(binding.get("subjects")):
            if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
                space = text(subject.get("namespace")) or binding.namespace
                yield Finding(
                    binding,
                    ("subjects", index),
                    says=f"The rights of {binding.get('roleRef', 'name')} go to the default account of namespace {space}.",
                    happens="Every pod there that names no account of its own has them.",
                    mend="Make a ServiceAccount for the program and bind that.",
                )
