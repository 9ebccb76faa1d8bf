"""What disruption decisions look at. Times are whole seconds, as in the API, on any one clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """A controller reference: the object that keeps a pod (or a ReplicaSet) alive."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Workload:
    """A controller that exists, with the replicas it wants and its own controller."""

    api_version: str
    kind: str
    name: str
    uid: str
    replicas: int
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the budget's namespace. `ready` is the Ready condition's status, None when there is none."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    phase: str = "Running"
    ready: str | None = None
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition DisruptionAllowed."""

    status: str
    reason: str
    message: str
    observed_generation: int


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """A budget's status. `disrupted_pods` are evicted pods that may not be gone yet, with the time of eviction."""

    observed_generation: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    disruptions_allowed: int = 0
    disrupted_pods: Mapping[str, int] = field(default_factory=dict)
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget. The bounds are numbers or percentages as written; at most one of them is set."""

    name: str
    generation: int
    selector: Mapping[str, Any] | None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_policy: str | None = None
    status: BudgetStatus = field(default_factory=BudgetStatus)


def read(name: str, generation: int, spec: Mapping[str, Any], status: BudgetStatus | None = None) -> Budget:
    """Read the spec of a policy/v1 PodDisruptionBudget."""
    return Budget(
        name=name,
        generation=generation,
        selector=spec.get("selector"),
        min_available=spec.get("minAvailable"),
        max_unavailable=spec.get("maxUnavailable"),
        unhealthy_policy=spec.get("unhealthyPodEvictionPolicy"),
        status=status or BudgetStatus(),
    )
