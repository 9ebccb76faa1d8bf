"""What one sync of the autoscaler can see: the target's scale, its pods, and what the metrics APIs answered.

Times are milliseconds on any one clock, usages and values are in milli-units (1500 is 1.5; memory in milli-bytes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """A pod that the scale's selector matches. `ready` is the Ready condition's status, None when there is none."""

    name: str
    phase: str
    requests: requests.PodRequests
    terminating: bool = False
    started_ms: int | None = None
    ready: str | None = None
    ready_since_ms: int = 0


@dataclass(frozen=True, slots=True)
class PodSample:
    """A row of the resource metrics API: usage by container and resource, averaged over the window before `at_ms`."""

    pod: str
    at_ms: int
    window_ms: int
    usage_m: Mapping[str, Mapping[str, int]]


type ResourceAnswer = Sequence[PodSample]
type PodsAnswer = Mapping[str, int]
type ExternalAnswer = Sequence[int]
