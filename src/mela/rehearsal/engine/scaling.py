"""One sync of an HPA: what it sees of a fleet, through `cluster.hpa`, every 15 seconds.

Pods that are alike stand as one row with a count; tests/cluster/test_hpa_counts.py shows that the decision is the same.
"""

from dataclasses import dataclass, field, replace

from mela.cluster.hpa import metrics, normalize, observed, spec, sync
from mela.cluster.hpa.status import Status
from mela.rehearsal.engine.metrics import Pipeline
from mela.rehearsal.engine.pods import LOST, PENDING, READY, Cohort, Fleet

FLAGS = metrics.Flags()
RESTING = 0.01
"""A change of load below this share is none to a quick rehearsal."""
FIRST_REST_S, LONGEST_REST_S = 60.0, 240.0
"""A quick rehearsal passes syncs by for so long: metrics are a minute late, and what was recommended counts for five."""
SELECTOR = "app=rehearsed"
"""The engine knows whose pods are whose; the sync only wants to see a selector."""


@dataclass(slots=True, eq=False)
class Autoscaler:
    """An HPA at work: its spec (a strategy may change it), its memory and status."""

    fleet: Fleet
    spec: spec.Autoscaler
    pipeline: Pipeline
    status: Status = field(default_factory=Status)
    memory: normalize.Memory = field(default_factory=normalize.Memory)
    last: sync.Decision | None = None
    seen: tuple[float, int, int, float] = (-1e9, 0, 0, 0.0)
    """When it was last synced, with how many replicas, of which ready, and how busy."""
    rest_s: float = FIRST_REST_S

    def sync(self, now_s: float) -> sync.Decision:
        """Decide once; `written` of the decision is the new scale."""
        fleet, now_ms = self.fleet, int(now_s * 1000)
        cohorts = [each for each in fleet.cohorts if each.count]
        rows = [_row(each, fleet, now_s) for each in cohorts]
        answers = [self.pipeline.answer(each, cohorts, now_s) for each in self.spec.metrics]
        scale = observed.Scale(fleet.desired, fleet.number(), SELECTOR)
        seen = observed.Observed(scale, rows, answers)
        decision = sync.sync(self.spec, self.status, self.memory, seen, FLAGS, now_ms)
        self.status, self.memory, self.last = decision.status, decision.memory, decision
        return decision

    def is_at_rest(self, now_s: float, busy: float) -> bool:
        """Nothing moved since the last sync: a quick rehearsal may pass one by, ever longer while nothing is wanted."""
        at_s, desired, ready, before = self.seen
        now = self.fleet.number(READY)
        still = (
            self.last is not None
            and self.last.written is None
            and abs(busy - before) <= RESTING * max(before, 1e-9)
            and desired == self.fleet.desired
            and ready == now
            and now == self.fleet.number()
        )
        if still and now_s - at_s < self.rest_s:
            return True
        self.rest_s = min(2 * self.rest_s, LONGEST_REST_S) if still and self._has_its_way() else FIRST_REST_S
        self.seen = (now_s, self.fleet.desired, now, busy)
        return False

    def _has_its_way(self) -> bool:
        """No window holds back what the metrics propose."""
        proposal = self.last.proposal if self.last else None
        least, most = self.spec.min_replicas, self.spec.max_replicas
        return proposal is not None and min(max(proposal, least), most) == self.fleet.desired

    def target_cpu_m(self) -> float:
        """Millicores that a pod should use by the autoscaler's target, 0 where it does not look at CPU; of several the least."""
        request_m = self.fleet.workload.request_cpu_m
        found = [
            each.target.average_value_m or request_m * (each.target.utilization or 0) / 100
            for each in self.spec.metrics
            if each.source in ("Resource", "ContainerResource") and each.name == "cpu"
        ]
        return min(found, default=0.0)

    def raise_floor(self, least: int) -> None:
        """Lift or lower minReplicas, never above the maximum."""
        self.spec = replace(self.spec, min_replicas=min(least, self.spec.max_replicas))

    def failure(self) -> str:
        """Why the last sync had no replica count; empty if it had one."""
        active = next((each for each in self.status.conditions if each.type == "ScalingActive"), None)
        return active.message if active and active.status == "False" else ""

    def limit(self) -> str:
        """What limits the last sync: TooManyReplicas, ScaleUpLimit and so on; empty if nothing does."""
        limited = next((each for each in self.status.conditions if each.type == "ScalingLimited"), None)
        return limited.reason if limited and limited.status == "True" else ""


def _row(cohort: Cohort, fleet: Fleet, now_s: float) -> observed.Pod:
    """Times of conditions are whole seconds, as the API tells them."""
    running = cohort.state != PENDING and cohort.running_s <= now_s
    ready = cohort.state == READY
    was_ready = ready or (cohort.state == LOST and cohort.ready_s <= now_s)  # its node may be lost while it starts
    since = cohort.died_s if cohort.restarts and not ready else cohort.ready_s if was_ready else cohort.bound_s
    return observed.Pod(
        name=f"c{cohort.id}",
        phase="Running" if running else "Pending",
        requests=fleet.workload.requests,
        started_ms=None if cohort.state == PENDING else int(cohort.bound_s) * 1000,
        ready=None if cohort.state == PENDING else str(ready),
        ready_since_ms=0 if cohort.state == PENDING else int(since) * 1000,
        count=cohort.count,
    )
