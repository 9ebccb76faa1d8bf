"""What pods may do to their node and to the API: Pod Security levels, host access, tokens, images.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ (2026-11-23).
"""

import re
from collections.abc import Iterator
from typing import get_args

from mela.cluster import workloads
from mela.cluster.admission import pod_security
from mela.cluster.admission.pod_security import Level
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, Path, System, dig
from mela.cluster.workloads import Workload, maps, text

LABEL = "pod-security.kubernetes.io/"
LEVELS: tuple[Level, ...] = get_args(Level)
SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")
SOCKETS = re.compile(
    r"/(?:var/)?run/(?:docker\.sock|containerd(?:/containerd\.sock)?|crio(?:/crio\.sock)?|cri-dockerd\.sock)"
)
OWNS_THE_NODE = (
    "/",
    "/etc",
    "/root",
    "/var/lib/kubelet",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/etc/kubernetes",
    "/proc",
)
MOVING = frozenset("latest master main edge nightly stable dev develop".split())
CLOUD_IDENTITY = ("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id")
"""Annotations by which a cloud's own identity uses a service account."""

_WEB = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          automountServiceAccountToken: false
          securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
          containers:
            - name: web
              image: example.org/web:1.4.2
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {drop: [ALL]}
    """
_BARE = _WEB.replace(", labels: {pod-security.kubernetes.io/enforce: restricted}", "")


def _level(namespace: Object | None, mode: str) -> tuple[Level, str] | None:
    """The level and version that a namespace's label names; None without one, or with one that the API refuses."""
    written = namespace.labels.get(LABEL + mode, "") if namespace else ""
    version = namespace.labels.get(f"{LABEL}{mode}-version", "latest") if namespace else "latest"
    if written not in LEVELS or not re.fullmatch(r"latest|v1\.\d{1,4}", version):
        return None
    return written, version


def _version(kubernetes: str) -> str:
    """As the levels name it."""
    return f"v{kubernetes}"


def _failures(workload: Workload, level: Level, version: str) -> str:
    """The checks that the pods fail, with who is to blame; empty for none."""
    return pod_security.evaluate(workload.pod, level, version).message


@rule(
    id="pod-security-refuses",
    severity="error",
    about="Pods meet the Pod Security level that their namespace enforces.",
    good=_WEB,
    bad=_WEB.replace("                allowPrivilegeEscalation: false\n", ""),
)
def pod_security_refuses(system: System) -> Iterator[Finding]:
    """`warn` and `audit` levels are told as warnings."""
    for workload in workloads.of(system).all:
        namespace = system.find("Namespace", "", workload.namespace)
        for mode in ("enforce", "warn", "audit"):
            wanted = _level(namespace, mode)
            message = _failures(workload, *wanted) if wanted else ""
            if wanted and message:
                yield Finding(
                    workload.object,
                    workload.spec_at,
                    says=f"The pods do not meet {mode}={wanted[0]} of namespace {workload.namespace}: {message}.",
                    happens="Not one pod is created; the reason stands only in the events (FailedCreate)."
                    if mode == "enforce"
                    else "They are created, with a warning or a line in the audit log each time.",
                    mend="Set what is named in securityContext; `mela verify --explain pod-security-refuses` shows a pod that passes.",
                    severity="error" if mode == "enforce" else "warning",
                )
                break


@rule(
    id="pod-security-unset",
    severity="warning",
    about="A Namespace with workloads names the Pod Security level that it enforces.",
    good=_WEB,
    bad=_BARE,
)
def pod_security_unset(system: System) -> Iterator[Finding]:
    for namespace in system.kind("Namespace"):
        used = workloads.of(system).by_namespace.get(namespace.name)
        if used and namespace.name not in SYSTEM_NAMESPACES and not _level(namespace, "enforce"):
            yield Finding(
                namespace,
                ("metadata", "labels"),
                says="The namespace enforces no Pod Security level.",
                happens="Whoever may create pods here may create one that takes over the node.",
                mend=f"Add the label `{LABEL}enforce: restricted`, or baseline where that does not go.",
            )


@rule(
    id="pod-security-off",
    severity="warning",
    about="A Namespace that enforces nothing (`privileged`) says why, by annotation.",
    good=_WEB,
    bad=_WEB.replace("enforce: restricted", "enforce: privileged"),
)
def pod_security_off(system: System) -> Iterator[Finding]:
    for namespace in system.kind("Namespace"):
        level = _level(namespace, "enforce")
        if level and level[0] == "privileged" and namespace.name not in SYSTEM_NAMESPACES:
            yield Finding(
                namespace,
                ("metadata", "labels", f"{LABEL}enforce"),
                says="The level privileged allows everything.",
                happens="Whoever may create pods here may create one that takes over the node.",
                mend="Enforce baseline or restricted, or give the reason: "
                '`mela.dev/ignore: "pod-security-off: the agent reads the node\'s own counters"`.',
            )


@rule(
    id="pod-not-baseline",
    severity="warning",
    about="Pods meet the baseline level, whatever their namespace enforces.",
    good=_BARE,
    bad=_BARE.replace("          containers:", "          hostPID: true\n          containers:"),
)
def pod_not_baseline(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        if _is_judged(system, workload):
            continue
        if message := _failures(workload, "baseline", _version(system.version)):
            yield Finding(
                workload.object,
                workload.spec_at,
                says=f"The pods do not meet the baseline level: {message}.",
                happens="Who takes over such a pod has ways to take over its node.",
                mend="Drop what is named, or keep it in a namespace of its own, with the reason.",
            )


@rule(
    id="pod-not-restricted",
    severity="info",
    about="Pods meet the restricted level, whatever their namespace enforces.",
    good=_BARE,
    bad=_BARE.replace("runAsNonRoot: true, runAsUser: 10001, ", ""),
)
def pod_not_restricted(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        version = _version(system.version)
        if _is_judged(system, workload) or _failures(workload, "baseline", version):
            continue
        if message := _failures(workload, "restricted", version):
            yield Finding(
                workload.object,
                workload.spec_at,
                says=f"The pods do not meet the restricted level: {message}.",
                happens="They run with more rights than most programs need; a flaw in the program or the kernel goes further.",
                mend="Set what is named in securityContext.",
            )


def _is_judged(system: System, workload: Workload) -> bool:
    """The namespace names a level: what it asks for is another rule's matter."""
    return _level(system.find("Namespace", "", workload.namespace), "enforce") is not None


@rule(
    id="pod-owns-node",
    severity="error",
    about="No pod mounts the container runtime's socket or the node's own folders.",
    good=_WEB,
    bad=_WEB.replace("          containers:", "          volumes: [{name: docker, hostPath: {path: /var/run/docker.sock}}]\n          containers:"),
)  # fmt: skip
def pod_owns_node(system: System) -> Iterator[Finding]:
    """Folders that every container mounts read-only are left to `pod-not-baseline`."""
    for workload in workloads.of(system).all:
        for index, volume in maps(workload.spec.get("volumes")):
            path = text(dig(volume, "hostPath", "path"))
            folder = path.rstrip("/") or "/" if path else ""
            is_folder = folder in OWNS_THE_NODE and _is_written(workload, text(volume.get("name")))
            if path and (SOCKETS.fullmatch(folder) or is_folder):
                yield Finding(
                    workload.object,
                    (*workload.spec_at, "volumes", index, "hostPath"),
                    says=f"The pod mounts {path} of its node.",
                    happens="Who takes over the container is root on the node, and reads every Secret of its pods.",
                    mend="Use the API of Kubernetes, or a builder that needs no daemon; mount single files read-only.",
                )


def _is_written(workload: Workload, name: str) -> bool:
    mounts = [mount for each in workload.containers for _, mount in maps(each.data.get("volumeMounts"))]
    return any(mount.get("name") == name and mount.get("readOnly") is not True for mount in mounts)


@rule(
    id="root-filesystem-writable",
    severity="info",
    about="Containers run on a read-only root file system, with an explicit volume where they write.",
    good=_WEB,
    bad=_WEB.replace("                readOnlyRootFilesystem: true\n", ""),
)
def root_filesystem_writable(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        for container in workload.containers:
            if dig(container.data, "securityContext", "readOnlyRootFilesystem") is not True:
                yield Finding(
                    workload.object,
                    (*container.at, "securityContext"),
                    says=f"Container {container.name} may write to its own image.",
                    happens="Who takes it over can leave tools there; and what the program writes counts as the node's disk.",
                    mend="Set `readOnlyRootFilesystem: true` and mount an emptyDir at /tmp.",
                )


@rule(
    id="token-without-need",
    severity="warning",
    about="A pod gets a token for the API only if its service account has rights there.",
    good=_WEB,
    bad=_WEB.replace("          automountServiceAccountToken: false\n", ""),
)
def token_without_need(system: System) -> Iterator[Finding]:
    """Rights are bindings in the same files. Says nothing of accounts that the files do not hold, except `default`."""
    bound = set(_bound(system))
    for workload in workloads.of(system).all:
        name = text(workload.spec.get("serviceAccountName")) or "default"
        account = system.find("ServiceAccount", workload.namespace, name)
        switch = workload.spec.get(
            "automountServiceAccountToken", account.get("automountServiceAccountToken") if account else None
        )
        known = name == "default" or (account is not None and not _is_cloud_identity(account))
        if switch is not False and known and (workload.namespace, name) not in bound:
            yield Finding(
                workload.object,
                (*workload.spec_at, "automountServiceAccountToken"),
                says=f"A token of service account {name} is mounted, and nothing in these files gives that account any right.",
                happens="Who takes over the pod can ask the API who it is and what it may do; a later binding to the account "
                "gives rights to every pod that has it.",
                mend="Write `automountServiceAccountToken: false`, or a service account of its own with a role.",
            )


def _bound(system: System) -> Iterator[tuple[str, str]]:
    for binding in system.kind("RoleBinding", "ClusterRoleBinding"):
        for _, subject in maps(binding.get("subjects")):
            if subject.get("kind") == "ServiceAccount":
                yield text(subject.get("namespace")) or binding.namespace, text(subject.get("name"))


def _is_cloud_identity(account: Object) -> bool:
    return any(name in account.annotations for name in CLOUD_IDENTITY)


@rule(
    id="image-moves",
    severity="warning",
    about="An image is named by a version or a digest, not by a tag that moves.",
    good=_WEB,
    bad=_WEB.replace("web:1.4.2", "web:latest"),
)
def image_moves(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        for container in workload.containers:
            image = text(container.data.get("image"))
            tag = _tag(image)
            if image and tag in MOVING and "$" not in image:
                yield Finding(
                    workload.object,
                    _image_path(container.at),
                    says=f"The image {image} names {'no version' if ':' + tag not in image else f'the tag {tag}'}, which moves.",
                    happens="Pods of one workload may run different programs after a restart, and a rollback brings nothing back.",
                    mend="Name a version, best with its digest: `image:1.4.2@sha256:…`.",
                )


def _tag(image: str) -> str:
    """Empty where a digest fixes the image; `latest` where neither is written."""
    if "@" in image:
        return ""
    return image.rpartition("/")[2].partition(":")[2] or "latest"


def _image_path(at: Path) -> Path:
    return (*at, "image")
