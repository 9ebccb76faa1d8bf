"""Security contexts of pods and containers, and what Linux and Windows pods may not say.

Source: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ and
pkg/apis/core/validation/validation.go v1.36.3 (read 2026-11-23).
"""

import re
from collections.abc import Iterator, Mapping

from mela.cluster.admission.pod_security.rules import (
    APP_ARMOR_ANNOTATION,
    SECCOMP_ANNOTATION,
    SECCOMP_CONTAINER_ANNOTATION,
)
from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import Errors, chosen, each, has_format, one_of, struct
from mela.cluster.admission.validation.field import Field
from mela.cluster.admission.validation.volumes import relative_path

PRIVILEGED = "the API server was not started with --allow-privileged"
LONGEST_PROFILE = 4095
CREDENTIAL_SPEC_BYTES = 64 * 1024
USER_BYTES = 104
DOMAIN_BYTES = 256
NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
DNS_DOMAIN = re.compile(
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
USER_FAULTS: Mapping[str, str] = {
    "only periods and spaces": r"[. ]+$",
    "a character that Windows forbids": r'.*["/\\:;|=,+*?<>@\[\]]',
}
IPC_SYSCTLS = {
    "kernel.sem",
    "kernel.shm",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "kernel.msg",
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
}
LINUX_CONTEXT = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)
LINUX_POD_CONTEXT = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
)


def containers(spec: Field) -> Iterator[Field]:
    """All containers of a pod spec: init, ordinary, ephemeral."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec[key].elements()


def container_context(field: Field, spec: Field) -> Errors:
    """`securityContext` of a container."""
    if not field.is_set:
        return
    yield from struct(_SHARED)(field)
    yield from one_of("Default", "Unmasked")(field["procMount"])
    if field["procMount"].text == "Unmasked" and spec["hostUsers"].value is not False:
        yield field["procMount"].invalid("Unmasked needs hostUsers: false")
    if field["allowPrivilegeEscalation"].value is False:
        if field["privileged"]:
            yield field.invalid("a privileged container cannot forbid privilege escalation")
        for capability in field["capabilities"]["add"].value or ():
            if capability == "CAP_SYS_ADMIN":
                yield field.invalid("a container with CAP_SYS_ADMIN cannot forbid privilege escalation")


def privileged(spec: Field) -> Errors:
    """For clusters whose API server does not allow privileged containers, which is its default."""
    for container in containers(spec):
        if container["securityContext"]["privileged"]:
            yield container["securityContext"]["privileged"].forbidden(PRIVILEGED)
    if any(_is_host_process(spec, container) for container in containers(spec)):
        yield spec.forbidden(PRIVILEGED)


def pod_context(spec: Field) -> Errors:
    """`securityContext` of the pod."""
    field = spec["securityContext"]
    yield from struct(_SHARED)(field)
    yield from has_format(formats.user_id)(field["fsGroup"])
    yield from each(has_format(formats.user_id))(field["supplementalGroups"])
    yield from one_of("Always", "OnRootMismatch")(field["fsGroupChangePolicy"])
    yield from one_of("Merge", "Strict")(field["supplementalGroupsPolicy"])
    yield from one_of("Recursive")(field["seLinuxChangePolicy"])
    if spec["shareProcessNamespace"] and spec["hostPID"]:
        shared = Field(True, field["shareProcessNamespace"].path)
        yield shared.invalid("hostPID and shareProcessNamespace exclude each other")
    yield from _sysctls(field["sysctls"], spec)


def host_users(spec: Field) -> Errors:
    """A user namespace of its own goes with no other namespace of the host, nor with raw devices."""
    if spec["hostUsers"].value is not False:
        return
    for name, path in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec[name]:
            yield spec[path].forbidden("not together with hostUsers: false")
    for container in containers(spec):
        if container["volumeDevices"]:
            yield container["volumeDevices"].forbidden("not together with hostUsers: false")


def host_processes(spec: Field) -> Errors:
    """Windows host process containers: all or none, and on the host's network."""
    whole = spec["securityContext"]["windowsOptions"]["hostProcess"]
    every = list(containers(spec))
    for container in every:
        own = container["securityContext"]["windowsOptions"]["hostProcess"]
        if whole.is_set and own.is_set and whole.value != own.value:
            yield own.invalid("must be the same as the pod's")
    count = sum(_is_host_process(spec, container) for container in every)
    if count and count != len(every):
        yield spec.invalid("all containers of a host process pod are host processes")
    if count and not spec["hostNetwork"]:
        yield spec["hostNetwork"].invalid("host process containers need the host's network")


def operating_system(spec: Field) -> Errors:
    """Fields of the other operating system are forbidden."""
    os = spec["os"]
    if not os.is_set:
        return
    match os["name"].text:
        case "":
            yield os["name"].required()
        case "linux":
            yield from _no_windows(spec)
        case "windows":
            yield from _no_linux(spec)
        case _:
            yield Field(os["name"].value, os.path).unsupported(("linux", "windows"))


def annotation_faults(annotations: Field, spec: Field) -> Errors:
    """Seccomp and AppArmor in annotations of old."""
    for key, annotation in annotations.entries():
        if key == SECCOMP_ANNOTATION or key.startswith(SECCOMP_CONTAINER_ANNOTATION):
            yield from _seccomp_name(Field(annotation.value, f"{annotations.path}.{key}"))
        if key.startswith(APP_ARMOR_ANNOTATION):
            name = key.removeprefix(APP_ARMOR_ANNOTATION)
            if all(container["name"].text != name for container in containers(spec)):
                yield annotation.invalid("the pod has no such container")
            if annotation.text not in ("", "runtime/default", "unconfined") and not annotation.text.startswith(
                "localhost/"
            ):
                yield annotation.invalid("no AppArmor profile has this name")


def annotations_against_fields(annotations: Field, spec: Field) -> Errors:
    """Where an annotation and a field say the same thing, they must agree."""
    found = annotations.value or {}
    whole = spec["securityContext"]["seccompProfile"]
    if whole.is_set and SECCOMP_ANNOTATION in found:
        yield from _same_profile(found[SECCOMP_ANNOTATION], whole, "docker/default")
    for container in containers(spec):
        own = container["securityContext"]["seccompProfile"]
        key = SECCOMP_CONTAINER_ANNOTATION + container["name"].text
        if own.is_set and key in found:
            yield from _same_profile(found[key], own, "docker/default")
    if spec["os"]["name"].text != "windows":
        yield from _app_armor_against_fields(found, spec)


def _app_armor_against_fields(annotations: Mapping[str, str], spec: Field) -> Errors:
    for container in containers(spec):
        own = container["securityContext"]["appArmorProfile"]
        profile = own if own.is_set else Field(spec["securityContext"]["appArmorProfile"].value, own.path)
        key = APP_ARMOR_ANNOTATION + container["name"].text
        if profile.is_set and key in annotations:
            yield from _same_profile(annotations[key], profile)


def _same_profile(annotation: str, profile: Field, *more: str) -> Errors:
    """`more` are other words that mean the runtime's default."""
    match profile["type"].text:
        case "Unconfined" if annotation != "unconfined":
            yield profile["type"].forbidden("must agree with the annotation")
        case "RuntimeDefault" if annotation not in ("runtime/default", *more):
            yield profile["type"].forbidden("must agree with the annotation")
        case "Localhost" if not annotation.startswith("localhost/"):
            yield profile["type"].forbidden("must agree with the annotation")
        case "Localhost" if annotation.removeprefix("localhost/") != profile["localhostProfile"].value:
            yield profile["localhostProfile"].forbidden("must agree with the annotation")


def _seccomp_name(field: Field) -> Errors:
    if field.text.startswith("localhost/"):
        yield from relative_path(Field(field.text.removeprefix("localhost/"), field.path))
    elif field.text not in ("runtime/default", "docker/default", "unconfined"):
        yield field.invalid("no seccomp profile has this name")


def _seccomp(field: Field) -> Errors:
    if not field.is_set:
        return
    name = field["localhostProfile"]
    if not field["type"]:
        yield field["type"].required()
    else:
        yield from chosen("Localhost", "RuntimeDefault", "Unconfined")(field["type"])
    if field["type"].text == "Localhost":
        yield from relative_path(name) if name.is_set else [name.required("type Localhost needs a profile")]
    elif name.is_set:
        yield name.invalid("only type Localhost has a profile")


def _app_armor(field: Field) -> Errors:
    if not field.is_set:
        return
    name = field["localhostProfile"]
    match field["type"].text:
        case "Localhost":
            if not name:
                yield name.required("type Localhost needs a profile")
            elif name.text != name.text.strip():
                yield name.invalid("must not have spaces around it")
            if len(name.text.encode()) > LONGEST_PROFILE:
                yield name.too_long(LONGEST_PROFILE)
        case "RuntimeDefault" | "Unconfined":
            if name.is_set:
                yield name.invalid("only type Localhost has a profile")
        case "":
            yield field["type"].required()
        case _:
            yield field["type"].unsupported(("Localhost", "RuntimeDefault", "Unconfined"))


def _windows(field: Field) -> Errors:
    yield from has_format(formats.dns_subdomain)(field["gmsaCredentialSpecName"])
    spec = field["gmsaCredentialSpec"]
    if spec.is_set and not 0 < len(spec.text.encode()) <= CREDENTIAL_SPEC_BYTES:
        yield spec.invalid("must have from 1 byte to 64 KiB")
    user = field["runAsUserName"]
    if user.is_set:
        yield from (user.invalid(problem) for problem in _windows_user(user.text))


def _windows_user(text: str) -> list[str]:
    if not text:
        return ["must not be empty"]
    if re.search(r"[\x00-\x1f\x7f]", text):
        return ["must not have control characters"]
    if text.count("\\") > 1:
        return ["must have at most one backslash"]
    domain, backslash, user = text.rpartition("\\")
    problems = [f"must not have {what}" for what, pattern in USER_FAULTS.items() if re.match(pattern, user)]
    if len(domain.encode()) >= DOMAIN_BYTES:
        problems.append(f"the domain must have less than {DOMAIN_BYTES} bytes")
    if backslash and not NET_BIOS.fullmatch(domain) and not DNS_DOMAIN.fullmatch(domain):
        problems.append("the domain is neither a NetBIOS nor a DNS name")
    if not 0 < len(user.encode()) <= USER_BYTES:
        problems.append(f"the user must have from 1 to {USER_BYTES} bytes")
    return problems


def _sysctls(field: Field, spec: Field) -> Errors:
    names: set[str] = set()
    for sysctl in field.elements():
        name = sysctl["name"]
        if not name:
            yield name.required()
        elif not formats.sysctl(name.text):
            yield name.invalid("no kernel parameter has such a name")
        elif name.text in names:
            yield name.duplicate()
        names.add(name.text)
        yield from _host_sysctl(name, spec)


def _host_sysctl(name: Field, spec: Field) -> Errors:
    dotted = _dotted(name.text)
    if spec["hostNetwork"] and dotted.startswith("net."):
        yield name.invalid("would change the host's network")
    elif spec["hostIPC"] and (dotted in IPC_SYSCTLS or dotted.startswith("fs.mqueue.")):
        yield name.invalid("would change the host's IPC")


def _dotted(name: str) -> str:
    """With dots between the parts: whichever of '.' and '/' comes first is the separator."""
    first = re.search(r"[./]", name)
    return name.translate(str.maketrans("./", "/.")) if first and first[0] == "/" else name


def _is_host_process(spec: Field, container: Field) -> bool:
    own = container["securityContext"]["windowsOptions"]["hostProcess"]
    whole = spec["securityContext"]["windowsOptions"]["hostProcess"]
    return bool(own.value if own.is_set else whole.value)


def _no_windows(spec: Field) -> Errors:
    for holder in (spec, *containers(spec)):
        options = holder["securityContext"]["windowsOptions"]
        if options.is_set:
            yield options.forbidden("a Linux pod has no Windows options")


def _no_linux(spec: Field) -> Errors:
    context = spec["securityContext"]
    fields = [spec[name] for name in ("hostUsers", "shareProcessNamespace") if spec[name].is_set]
    fields += [spec[name] for name in ("hostPID", "hostIPC") if spec[name]]
    fields += [context[name] for name in LINUX_POD_CONTEXT if context[name].is_set]
    fields += [context["sysctls"]] if context["sysctls"] else []
    for container in containers(spec):
        own = container["securityContext"]
        fields += [own[name] for name in LINUX_CONTEXT if own[name].is_set]
    yield from (field.forbidden("a Windows pod has no such setting") for field in fields)


_SHARED = {
    "runAsUser": has_format(formats.user_id),
    "runAsGroup": has_format(formats.user_id),
    "seccompProfile": _seccomp,
    "windowsOptions": _windows,
    "appArmorProfile": _app_armor,
}
