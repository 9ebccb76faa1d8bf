"""The objects around a service of the trace: its workload, autoscaler, budget, quota, the node groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mela.cluster import labels, workloads
from mela.cluster.objects import Object, System

NODE_GROUPS = ("ClusterConfig.eksctl.io", "NodePool.karpenter.sh")


@dataclass(frozen=True)
class Around:
    """Looks from services to objects. `made_by` names the workload of a service, `namespace/name`; else it has its name."""

    system: System
    made_by: Mapping[str, str] = field(default_factory=dict)

    def objects(self, kind: str, service: str) -> tuple[Object, ...]:
        """What a candidate's `object` means for a service; what nobody knows to be another's counts."""
        if kind == "nodes":
            return self.system.kind(*NODE_GROUPS)
        made_by = self.workload(service)
        if made_by is None:
            return ()
        if kind == "workload":
            return (made_by,)
        within = {"autoscaler": self._autoscalers, "budget": self._budgets, "quota": self._quotas}
        return within[kind](made_by)

    def workload(self, service: str) -> Object | None:
        """The object that makes the service's pods; None for what stands outside the manifests."""
        namespace, _, name = self.made_by.get(service, service).rpartition("/")
        things = self.system.kind(*workloads.LASTING)
        return next((one for one in things if one.name == name and namespace in ("", one.namespace)), None)

    def autoscaler(self, service: str) -> Object | None:
        """The HPA whose target is the service's workload."""
        return next(iter(self.objects("autoscaler", service)), None)

    def _autoscalers(self, made_by: Object) -> tuple[Object, ...]:
        return tuple(
            thing
            for thing in self.system.kind("HorizontalPodAutoscaler")
            if thing.namespace == made_by.namespace
            and thing.get("spec", "scaleTargetRef", "kind") == made_by.kind
            and thing.get("spec", "scaleTargetRef", "name") == made_by.name
        )

    def _budgets(self, made_by: Object) -> tuple[Object, ...]:
        template = made_by.get("spec", "template", "metadata", "labels")
        pod = {str(key): str(value) for key, value in template.items()} if isinstance(template, Mapping) else {}
        return tuple(
            budget
            for budget in self.system.kind("PodDisruptionBudget")
            if budget.namespace == made_by.namespace and labels.matches(budget.get("spec", "selector") or {}, pod)
        )

    def _quotas(self, made_by: Object) -> tuple[Object, ...]:
        return tuple(quota for quota in self.system.kind("ResourceQuota") if quota.namespace == made_by.namespace)
