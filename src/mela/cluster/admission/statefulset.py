"""In which order a StatefulSet creates, deletes and updates its pods: one pass of its controller.

OrderedReady does one thing at a time: pods come up in rising order, each after its predecessor is available, and go in
falling order. Parallel does not wait, except for updates. An update deletes outdated pods from the highest ordinal down to the
partition and waits for each replacement; a pod that never becomes ready therefore stops it, even after the template was mended.

Source: kubernetes v1.36.3, pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet, processReplica,
processCondemned) and stateful_set_utils.go, read 2026-11-23. The gate MaxUnavailableStatefulSet is off by default there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mela.cluster import percentage

FINISHED = ("Failed", "Succeeded")


@dataclass(frozen=True, slots=True)
class StatefulSet:
    """A StatefulSet and what its status says of revisions.

    `partition` is None when the strategy has no rollingUpdate; then pods below `current_replicas` of the status come back at the
    current revision. `start` is the first ordinal.
    """

    replicas: int
    current_revision: str
    update_revision: str
    start: int = 0
    parallel: bool = False
    on_delete: bool = False
    partition: int | None = 0
    max_unavailable: int | str | None = None
    min_ready_s: int = 0
    current_replicas: int = 0
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the set by its ordinal. An empty phase is one that does not exist yet."""

    ordinal: int
    revision: str
    phase: str = "Running"
    ready: bool = True
    ready_since_s: int = 0
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """The pods as the status counts them; `current` and `updated` are by revision."""

    replicas: int = 0
    ready: int = 0
    available: int = 0
    current: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pass does: pods to create (ordinal to revision), pods to delete, and the pod it waits for.

    `complete`: every pod has the update revision and is ready, so it becomes the current one.
    """

    counts: Counts
    create: Mapping[int, str] = field(default_factory=dict)
    delete: tuple[int, ...] = ()
    waits_for: int | None = None
    complete: bool = False


@dataclass(slots=True)
class _Pass:
    set: StatefulSet
    now_s: int
    replicas: list[Pod]
    condemned: list[Pod]
    create: dict[int, str] = field(default_factory=dict)
    delete: list[int] = field(default_factory=list)
    waits_for: int | None = None

    def waits(self, pod: Pod) -> bool:
        """Stop for this pod."""
        self.waits_for = pod.ordinal
        return True


def sync(set_: StatefulSet, pods: Sequence[Pod], now_s: int, *, max_unavailable_gate: bool = False) -> Decision:
    """Make one pass. Raises: percentage.InvalidPercentage."""
    existing = {pod.ordinal: pod for pod in pods}
    ordinals = range(set_.start, set_.start + set_.replicas)
    this = _Pass(
        set_,
        now_s,
        [existing.get(ordinal) or Pod(ordinal, _revision(set_, ordinal), "", ready=False) for ordinal in ordinals],
        sorted((pod for pod in pods if pod.ordinal not in ordinals), key=lambda pod: -pod.ordinal),
    )
    n_updated = 0
    if not set_.terminating and not _scale(this) and not set_.on_delete:
        n_updated = _update_many(this) if max_unavailable_gate else _update_one(this)
    counts = _counts(set_, pods, now_s)
    whole = counts.updated == counts.ready == counts.replicas == set_.replicas
    return Decision(
        counts=replace(counts, current=counts.current - n_updated),
        create=this.create,
        delete=tuple(dict.fromkeys(this.delete)),
        waits_for=this.waits_for,
        complete=whole and not set_.on_delete,
    )


def _scale(this: _Pass) -> bool:
    """Bring up what is missing, then take down what is too much; tell whether the pass ends there."""
    ordered = not this.set.parallel
    if any(_bring_up(this, pod) and ordered for pod in this.replicas):
        return True
    everything = [*this.replicas, *reversed(this.condemned)]
    first_unavailable = next((pod for pod in everything if _is_unavailable(this, pod)), None)
    return any(_take_down(this, pod, first_unavailable) and ordered for pod in this.condemned)


def _bring_up(this: _Pass, pod: Pod) -> bool:
    """Create or replace one pod; tell whether an ordered set has to stop at it."""
    if pod.phase in FINISHED:
        if not pod.terminating:
            this.delete.append(pod.ordinal)
        return True
    if not pod.phase:
        this.create[pod.ordinal] = pod.revision
        return True
    settled = not pod.terminating and _is_running(pod) and _is_available(this, pod)
    return False if settled or this.set.parallel else this.waits(pod)


def _take_down(this: _Pass, pod: Pod, first_unavailable: Pod | None) -> bool:
    """Delete one pod too many; an ordered set waits for those that go and for any other that is not available."""
    if pod.terminating:
        return False if this.set.parallel else this.waits(pod)
    healthy = _is_running(pod) and _is_available(this, pod)
    if not healthy and not this.set.parallel and pod is not first_unavailable:
        return this.waits(first_unavailable or pod)
    this.delete.append(pod.ordinal)
    return True


def _update_one(this: _Pass) -> int:
    """Delete the highest outdated pod, or wait for the first one above it that is not available; return how many went."""
    for pod in reversed(this.replicas[this.set.partition or 0 :]):
        if pod.revision != this.set.update_revision and not pod.terminating:
            this.delete.append(pod.ordinal)
            return 1
        if _is_unavailable(this, pod):
            this.waits(pod)
            break
    return 0


def _update_many(this: _Pass) -> int:
    """Delete outdated pods, the highest first, as many as maxUnavailable leaves; a percentage rounds down to at least one."""
    most = 1
    if this.set.partition is not None and this.set.max_unavailable is not None:
        most = max(1, percentage.scaled(this.set.max_unavailable, this.set.replicas, up=False))
    room = most - sum(_is_unavailable(this, pod) for pod in this.replicas)
    outdated = [
        pod.ordinal
        for pod in reversed(this.replicas[this.set.partition or 0 :])
        if pod.revision != this.set.update_revision and not pod.terminating
    ]
    going = outdated[: max(0, room)]
    this.delete += going
    return len(going)


def _revision(set_: StatefulSet, ordinal: int) -> str:
    """Return the revision at which a missing pod comes back."""
    kept = set_.partition
    if kept is None:
        kept = 0 if set_.on_delete else set_.current_replicas
    return set_.current_revision if ordinal < set_.start + kept else set_.update_revision


def _counts(set_: StatefulSet, pods: Sequence[Pod], now_s: int) -> Counts:
    running = [pod for pod in pods if _is_running(pod)]
    lasting = [pod for pod in pods if not pod.terminating]
    return Counts(
        replicas=len(pods),
        ready=len(running),
        available=sum(_available(pod, set_.min_ready_s, now_s) for pod in running),
        current=sum(pod.revision == set_.current_revision for pod in lasting),
        updated=sum(pod.revision == set_.update_revision for pod in lasting),
    )


def _is_running(pod: Pod) -> bool:
    return pod.phase == "Running" and pod.ready


def _is_available(this: _Pass, pod: Pod) -> bool:
    return _available(pod, this.set.min_ready_s, this.now_s)


def _is_unavailable(this: _Pass, pod: Pod) -> bool:
    return pod.terminating or not _is_available(this, pod)


def _available(pod: Pod, min_ready_s: int, now_s: int) -> bool:
    return pod.ready and (min_ready_s == 0 or pod.ready_since_s + min_ready_s <= now_s)
