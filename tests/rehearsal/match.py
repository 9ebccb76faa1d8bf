"""A match in one service, small enough to reckon by hand: what the verdict and the report are tried on.

Not the engine: replicas follow the autoscaler's target after a delay, requests beyond the capacity fail.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from mela.cluster import manifests, quantity
from mela.cluster.objects import System
from mela.rehearsal.model import Field, Happening, Moment, Services, Trace

START = datetime(2019, 7, 10, 9, 30, tzinfo=UTC)
"""15:00 in India."""
TOSS_S = 1800
POD_M = 10.0
"""Millicores that one request per second takes."""
DELAY_S = 120
NODE_PODS = 10
RATE_PAISE = 0.5
"""A pod's price per second."""

TEXT = """\
# The API of the match.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: match}
spec:
  replicas: 4
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: api
          image: api:1
          resources:
            requests: {cpu: 500m}
            limits: {cpu: "1"} # as measured
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: match}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  # raised before the cup
  maxReplicas: 10 # as far as the database bears
  minReplicas: 4
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: all, namespace: match}
spec:
  hard:
    pods: "40"
"""


def system(text: str = TEXT, file: str = "match.yaml") -> System:
    return manifests.parse(text, file)


def crowd(ticks: int = 3600, quiet: float = 300.0, peak: float = 1500.0) -> np.ndarray:
    """Requests per second: quiet, from the toss on up to the peak in ten minutes, and there."""
    seconds = np.arange(ticks)
    return np.asarray(np.interp(seconds, [0, TOSS_S, TOSS_S + 600, ticks], [quiet, quiet, peak, peak]))


def play(things: System, offered: np.ndarray | None = None, *, delay_s: int = DELAY_S, seed: int = 0) -> Trace:
    """The trace of the match under those manifests."""
    offered = crowd() if offered is None else offered
    hpa = next(iter(things.kind("HorizontalPodAutoscaler")))
    deployment = next(iter(things.kind("Deployment")))
    quota = next(iter(things.kind("ResourceQuota")))
    least, most = hpa.get("spec", "minReplicas"), hpa.get("spec", "maxReplicas")
    target = hpa.get("spec", "metrics", 0, "resource", "target", "averageUtilization") / 100
    container = ("spec", "template", "spec", "containers", 0, "resources")
    request_m = quantity.milli_value(quantity.parse(deployment.get(*container, "requests", "cpu")))
    limit_m = quantity.milli_value(quantity.parse(deployment.get(*container, "limits", "cpu")))
    allowed = int(quota.get("spec", "hard", "pods"))

    wanted = np.clip(np.ceil(offered * POD_M / (request_m * target)), least, most)
    desired = np.maximum.accumulate(wanted).astype(np.int64)
    made = np.minimum(desired, allowed)
    ready = np.concatenate((np.full(delay_s, made[0]), made))[: offered.size]
    capacity = ready * limit_m / POD_M
    served = np.minimum(offered, capacity)
    failed = offered - served
    late = np.where(failed > 0, 2.0, 0.05)
    refused = desired - made
    column: dict[str, Any] = {name: value[:, None] for name, value in (
        ("offered", offered), ("served", served), ("shed", np.zeros_like(offered)), ("failed", failed), ("waiting", np.zeros_like(offered)),
        ("latency_p50_s", late / 2), ("latency_p95_s", late * 0.8), ("latency_p99_s", late), ("cpu_used_m", served * POD_M), ("cpu_limit_m", ready * limit_m),
        ("capacity", capacity), ("desired", desired), ("ready", ready), ("starting", made - ready),
        ("pending", np.zeros_like(desired)), ("refused", refused),
    )}  # fmt: skip
    happenings = (
        (Happening(int(np.argmax(refused > 0)), "quota-refused", "api", "the quota refuses pods", Field(quota, ("spec", "hard", "pods"))),)
        if refused.any()
        else ()
    )  # fmt: skip
    return Trace(
        start=START, services=Services(names=("api",), **column), actions=("watch",), asked=offered[:, None],
        answered=served[:, None], pools=("web",), nodes=np.ceil(made / NODE_PODS).astype(np.int64)[:, None],
        bandwidth_mbps=served * 2.5, quality=np.ones_like(served), cost_paise=made * RATE_PAISE, levels={"viewers": offered * 1000.0},
        moments=(Moment(TOSS_S, "toss", "Toss"), Moment(TOSS_S + 900, "super-over", "Super over", planned=False)),
        happenings=happenings, seed=seed,
    )  # fmt: skip
