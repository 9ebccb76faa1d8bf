"""The kinds that are validated: group, version, format of names, and rules.

Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/ and pkg/registry v1.36.3 (read 2026-11-23).
"""

from dataclasses import dataclass

from mela.cluster.admission.validation import (
    autoscalers,
    claims,
    config,
    formats,
    jobs,
    networking,
    pods,
    policies,
    rbac,
    services,
    workloads,
)
from mela.cluster.admission.validation.checks import struct
from mela.cluster.admission.validation.field import Rule


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is None where only the general rule for names holds."""

    kind: str
    group: str
    rule: Rule
    name: formats.Format | None = formats.dns_subdomain
    version: str = "v1"
    namespaced: bool = True
    counts_generations: bool = False
    """The API server sets the first generation, whatever the text says."""


KINDS = {
    kind.kind: kind
    for kind in (
        Kind("ConfigMap", "", config.config_map),
        Kind("CronJob", "batch", jobs.cron_job, counts_generations=True),
        Kind("DaemonSet", "apps", workloads.daemon_set, counts_generations=True),
        Kind("Deployment", "apps", workloads.deployment, counts_generations=True),
        Kind("HorizontalPodAutoscaler", "autoscaling", autoscalers.autoscaler, version="v2"),
        Kind("Ingress", "networking.k8s.io", networking.ingress, counts_generations=True),
        Kind("Job", "batch", jobs.job, counts_generations=True),
        Kind("LimitRange", "", policies.limit_range),
        Kind("Namespace", "", policies.namespace, name=formats.dns_label, namespaced=False),
        Kind("NetworkPolicy", "networking.k8s.io", networking.network_policy, counts_generations=True),
        Kind("PersistentVolumeClaim", "", struct({"spec": claims.claim_spec})),
        Kind("Pod", "", pods.pod, counts_generations=True),
        Kind("PodDisruptionBudget", "policy", policies.disruption_budget, name=None, counts_generations=True),
        Kind("PriorityClass", "scheduling.k8s.io", policies.priority_class, namespaced=False, counts_generations=True),
        Kind("ResourceQuota", "", policies.resource_quota),
        Kind("Role", "rbac.authorization.k8s.io", rbac.role, name=formats.path_segment),
        Kind("RoleBinding", "rbac.authorization.k8s.io", rbac.role_binding, name=formats.path_segment),
        Kind("Secret", "", config.secret),
        Kind("Service", "", services.service, name=formats.dns_label),
        Kind("ServiceAccount", "", struct({})),
        Kind("StatefulSet", "apps", workloads.stateful_set, name=formats.dns_label, counts_generations=True),
    )
}
