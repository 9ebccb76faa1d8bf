"""Deployments and ReplicaSets as the rollout sees them. Times are whole seconds, as in the API, on any one clock."""

from dataclasses import dataclass, field

UNBOUNDED = 2**31 - 1
"""This progressDeadlineSeconds or revisionHistoryLimit means none at all."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a Deployment; `since_s` moves when the status changes, `updated_s` with every change."""

    type: str
    status: str
    reason: str
    message: str
    updated_s: int
    since_s: int


@dataclass(frozen=True, slots=True)
class Status:
    """A Deployment's status; `terminating` is None when some ReplicaSet does not report it."""

    observed_generation: int = 0
    replicas: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    unavailable: int = 0
    terminating: int | None = None
    conditions: tuple[Condition, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        """Find the condition of a type."""
        return next((each for each in self.conditions if each.type == type_), None)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A stored Deployment.

    `template` is anything that tells pod templates apart. `max_surge` and `max_unavailable` are numbers or percentages.
    `revision` is the annotation, empty when there is none.
    """

    name: str
    generation: int
    replicas: int
    template: object
    strategy: str = "RollingUpdate"
    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"
    min_ready_s: int = 0
    progress_deadline_s: int | None = 600
    revision_history_limit: int | None = 10
    paused: bool = False
    revision: str = ""
    status: Status = field(default_factory=Status)

    @property
    def has_deadline(self) -> bool:
        """Whether a rollout without progress is reported."""
        return self.progress_deadline_s is not None and self.progress_deadline_s != UNBOUNDED


@dataclass(frozen=True, slots=True)
class Counts:
    """A ReplicaSet's status: pods that exist, are ready, are available, are terminating.

    `terminating` is None when the ReplicaSet's controller does not report it; before its first pass it is 0.
    """

    replicas: int = 0
    ready: int = 0
    available: int = 0
    terminating: int | None = 0


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """A ReplicaSet of the Deployment.

    `revision`, `desired` and `maximum` are the annotations revision, desired-replicas and max-replicas as written. `observed`
    says that its own controller has seen its latest spec. `pods` counts pods that have not finished, terminating ones
    included. `failure` is its condition ReplicaFailure.
    """

    name: str
    template: object
    created_s: int
    replicas: int
    revision: str | None = None
    desired: str | None = None
    maximum: str | None = None
    min_ready_s: int = 0
    counts: Counts = field(default_factory=Counts)
    observed: bool = True
    pods: int = 0
    failure: Condition | None = None
