"""Pod Security Standards: which checks a pod fails at a level and a version of the policy.

सुरक्षा के तीन स्तर: privileged सब कुछ होने देता है, baseline ज्ञात ख़तरों को रोकता है, restricted सबसे कड़ा है।

A check holds from a version on, until a later form of it replaces it. Restricted runs the baseline checks too, but
for those that a stricter check takes the place of. Versions after the newest form of any check mean that one.
Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and pod-security-admission v0.36.3,
package policy (2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mela.cluster.admission.pod_security import rules
from mela.cluster.admission.pod_security.rules import Rule

Level = Literal["privileged", "baseline", "restricted"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed check: its id, the short reason, and who is to blame."""

    check: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The failed checks: baseline checks by id, then restricted ones by id."""

    failed: tuple[Failure, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.failed

    @property
    def message(self) -> str:
        """What follows `violates PodSecurity "level:version": ` in an admission message."""
        return ", ".join(f"{each.reason} ({each.detail})" for each in self.failed)


@dataclass(frozen=True, slots=True)
class Check:
    """A check's forms by the minor version they start at, and the baseline check that it replaces."""

    id: str
    level: Level
    forms: tuple[tuple[int, Rule], ...]
    replaces: str = ""

    def form(self, minor: int) -> Rule | None:
        return next((rule for since, rule in reversed(self.forms) if since <= minor), None)


CHECKS = (
    Check("appArmorProfile", "baseline", ((0, rules.app_armor),)),
    Check("capabilities_baseline", "baseline", ((0, rules.default_capabilities),)),
    Check("hostNamespaces", "baseline", ((0, rules.host_namespaces),)),
    Check("hostPathVolumes", "baseline", ((0, rules.host_path_volumes),)),
    Check("hostPorts", "baseline", ((0, rules.host_ports),)),
    Check("hostProbesAndHostLifecycle", "baseline", ((34, rules.handler_hosts),)),
    Check("privileged", "baseline", ((0, rules.privileged),)),
    Check("procMount", "baseline", ((0, rules.proc_mount), (35, rules.unless_user_namespace(rules.proc_mount)))),
    Check("seLinuxOptions", "baseline", ((0, rules.selinux_options(0)), (31, rules.selinux_options(31)))),
    Check("seccompProfile_baseline", "baseline", ((0, rules.seccomp_annotations), (19, rules.seccomp_forbidden))),
    Check("sysctls", "baseline", tuple((since, rules.sysctls(since)) for since in (0, 27, 29, 32))),
    Check("windowsHostProcess", "baseline", ((0, rules.windows_host_process),)),
    Check(
        "allowPrivilegeEscalation",
        "restricted",
        ((8, rules.privilege_escalation), (25, rules.unless_windows(rules.privilege_escalation))),
    ),
    Check(
        "capabilities_restricted",
        "restricted",
        ((22, rules.dropped_capabilities), (25, rules.unless_windows(rules.dropped_capabilities))),
        replaces="capabilities_baseline",
    ),
    Check("procMount_restricted", "restricted", ((35, rules.proc_mount),), replaces="procMount"),
    Check("restrictedVolumes", "restricted", ((0, rules.volume_types),), replaces="hostPathVolumes"),
    Check(
        "runAsNonRoot",
        "restricted",
        ((0, rules.run_as_non_root), (35, rules.unless_user_namespace(rules.run_as_non_root))),
    ),
    Check("runAsUser", "restricted", ((23, rules.run_as_root), (35, rules.unless_user_namespace(rules.run_as_root)))),
    Check(
        "seccompProfile_restricted",
        "restricted",
        ((19, rules.seccomp_required), (25, rules.unless_windows(rules.seccomp_required))),
        replaces="seccompProfile_baseline",
    ),
)

NEWEST = max(since for check in CHECKS for since, _ in check.forms)


def evaluate(pod: Mapping[str, Any], level: Level, version: str = "latest") -> Verdict:
    """Judge `pod` (its `metadata.annotations` and `spec`, not defaulted) at `level`.

    `version` is `latest` or `v1.N`. Raises ValueError for any other text.
    """
    if level == "privileged":
        return Verdict()
    found = ((id_, rule(pod)) for id_, rule in _in_force(level, _minor(version)))
    return Verdict(tuple(Failure(id_, *failure) for id_, failure in found if failure))


@cache
def _in_force(level: Level, minor: int) -> tuple[tuple[str, Rule], ...]:
    levels = {"baseline"} if level == "baseline" else {"baseline", "restricted"}
    forms = [(check, rule) for check in CHECKS if check.level in levels and (rule := check.form(minor))]
    replaced = {check.replaces for check, _ in forms}
    return tuple((check.id, rule) for check, rule in forms if check.id not in replaced)


def _minor(version: str) -> int:
    if version == "latest":
        return NEWEST
    head, _, minor = version.removeprefix("v").partition(".")
    if head != "1" or not minor.isascii() or not minor.isdigit():
        raise ValueError(f"not a policy version: {version!r} (write latest or v1.N)")
    return min(int(minor), NEWEST)
