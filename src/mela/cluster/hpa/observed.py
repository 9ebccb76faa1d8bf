"""What one sync of the autoscaler can see: the target's scale, its pods, and what the metrics APIs answered.

Times are milliseconds on any one clock, usages and values are in milli-units (1500 is 1.5; memory in milli-bytes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mela.cluster.hpa import requests


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A request to an API that failed, with the reason it gave."""

    reason: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The target's scale subresource. `selector` is status.selector, a string such as `app=web,tier in (a,b)`."""

    replicas: int
    status_replicas: int
    selector: str


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that the scale's selector matches. `ready` is the Ready condition's status, None when there is none.

    `count` pods that are alike in all that matters, their samples too, may stand as one; the decision is the same.
    """

    name: str
    phase: str
    requests: requests.PodRequests
    terminating: bool = False
    started_ms: int | None = None
    ready: str | None = None
    ready_since_ms: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class PodSample:
    """A row of the resource metrics API: usage by container and resource, averaged over the window before `at_ms`."""

    pod: str
    at_ms: int
    window_ms: int
    usage_m: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Samples:
    """The resource metrics API's rows, for Resource and ContainerResource metrics."""

    rows: Sequence[PodSample]


@dataclass(frozen=True, slots=True)
class PodValues:
    """The custom metrics API's values of a Pods metric, by pod name; a pod may be gone already."""

    by_pod_m: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ObjectValue:
    """The custom metrics API's value of an Object metric."""

    value_m: int


@dataclass(frozen=True, slots=True)
class Series:
    """The external metrics API's values of all series that an External metric's selector matches."""

    values_m: Sequence[int]


Answer: TypeAlias = Samples | PodValues | ObjectValue | Series | Unavailable
"""What the API said about one metric of the spec."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that one sync is given.

    `answers` are in the order of the spec's metrics. `rivals` names other HPAs that select some of these pods.
    `write_error` is what writing the scale would answer, None when it would succeed.
    """

    scale: Scale | Unavailable
    pods: Sequence[Pod] = ()
    answers: Sequence[Answer] = ()
    rivals: Sequence[str] = ()
    write_error: str | None = None
