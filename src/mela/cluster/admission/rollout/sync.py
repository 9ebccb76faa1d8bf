"""One pass of the Deployment's controller.

A paused or rescaled Deployment only changes sizes. Otherwise a rolling update makes one move: it grows the new
ReplicaSet, or else shrinks old ones. Recreate waits until every old pod is gone, terminating ones included.

What a pass computes about pods comes from the ReplicaSets as they were before it; only the next pass sees its own changes.

Source: kubernetes v1.36.3, pkg/controller/deployment/deployment_controller.go (syncDeployment), sync.go, rolling.go and
recreate.go, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mela.cluster import arithmetic
from mela.cluster.admission.rollout import bounds, model, scaling, sets, status


@dataclass(frozen=True, slots=True)
class Scaled:
    """An event: a ReplicaSet got another size."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pass wrote. `written` are the ReplicaSets that were changed, as they are afterwards."""

    deployment: model.Deployment
    status_written: bool = False
    created: model.ReplicaSet | None = None
    written: tuple[model.ReplicaSet, ...] = ()
    deleted: tuple[str, ...] = ()
    events: tuple[Scaled, ...] = ()


@dataclass(slots=True)
class _Pass:
    """A pass under way: its inputs, and what it has written so far."""

    deployment: model.Deployment
    replica_sets: Sequence[model.ReplicaSet]
    new_name: str
    now_s: int
    status_written: bool = False
    created: model.ReplicaSet | None = None
    written: dict[str, model.ReplicaSet] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    events: list[Scaled] = field(default_factory=list)

    def store(self, after: model.Status) -> None:
        """Write the status if it changed."""
        if after != self.deployment.status:
            self.deployment = replace(self.deployment, status=after)
            self.status_written = True

    def set_progressing(self, value: str, reason: str, message: str) -> None:
        condition = status.progressing(value, reason, message, self.now_s)
        self.store(status.with_condition(self.deployment.status, condition))

    def set_revision(self, revision: str) -> None:
        if revision != self.deployment.revision:
            self.deployment = replace(self.deployment, revision=revision)
            self.status_written = True

    def resize(self, replica_set: model.ReplicaSet, size: int, *, annotate: bool = False) -> model.ReplicaSet:
        """Write a ReplicaSet if its size changes; with `annotate` also if only its annotations are out of date."""
        resized = sets.resized(replica_set, size, self.deployment)
        if resized == replica_set or (replica_set.replicas == size and not annotate):
            return replica_set
        self.written[resized.name] = resized
        if replica_set.replicas != size:
            self.events.append(Scaled(replica_set.name, replica_set.replicas, size))
        return resized


def sync(deployment: model.Deployment, replica_sets: Sequence[model.ReplicaSet], new_name: str, now_s: int) -> Decision:
    """Make one pass; a ReplicaSet that has to be created gets the name `new_name`.

    Raises: percentage.InvalidPercentage, ValueError for a strategy that does not exist.
    """
    this = _Pass(deployment, replica_sets, new_name, now_s)
    _note_pause(this)
    if deployment.paused or _is_rescaled(this):
        _rescale(this)
    elif deployment.strategy == "Recreate":
        _recreate(this)
    elif deployment.strategy == "RollingUpdate":
        _roll(this)
    else:
        raise ValueError(f"there is no strategy {deployment.strategy!r}; use RollingUpdate or Recreate")
    return Decision(
        this.deployment,
        this.status_written,
        this.created,
        tuple(this.written.values()),
        tuple(this.deleted),
        tuple(this.events),
    )


def _note_pause(this: _Pass) -> None:
    """Say that a rollout is paused or resumed, so that the time in between does not count against the deadline."""
    current = this.deployment.status.condition(status.PROGRESSING)
    if not this.deployment.has_deadline or (current and current.reason == status.TIMED_OUT):
        return
    was_paused = current is not None and current.reason == "DeploymentPaused"
    if this.deployment.paused and not was_paused:
        this.set_progressing("Unknown", "DeploymentPaused", "the rollout is paused")
    elif was_paused and not this.deployment.paused:
        this.set_progressing("Unknown", "DeploymentResumed", "the rollout is resumed")


def _is_rescaled(this: _Pass) -> bool:
    """Tell whether some active ReplicaSet was last sized for another replica count."""
    new, olds = _find(this)
    noted = [sets.count(each.desired) for each in sets.active(sets.together(olds, new))]
    return any(count is not None and count != this.deployment.replicas for count in noted)


def _find(this: _Pass) -> tuple[model.ReplicaSet | None, list[model.ReplicaSet]]:
    """Find the new ReplicaSet and the old ones, and bring the revision up to date: first the ReplicaSet's, next pass ours."""
    new, olds = sets.split(this.deployment, this.replica_sets)
    if new is None:
        return None, olds
    revised = replace(_revised(new, sets.next_revision(olds)), min_ready_s=this.deployment.min_ready_s)
    if revised != new:
        this.written[revised.name] = revised
        return revised, olds
    this.set_revision(new.revision or "")
    if this.deployment.has_deadline and this.deployment.status.condition(status.PROGRESSING) is None:
        this.set_progressing("True", "FoundNewReplicaSet", f"ReplicaSet {new.name} was there already")
    return new, olds


def _revised(new: model.ReplicaSet, revision: int) -> model.ReplicaSet:
    """Raise a ReplicaSet's revision; one that is no number stays as it is."""
    old = sets.int64(new.revision) if new.revision else 0
    return replace(new, revision=str(revision)) if old is not None and old < revision else new


def _create(this: _Pass, olds: Sequence[model.ReplicaSet]) -> model.ReplicaSet:
    revision = sets.next_revision(olds)
    size = bounds.new_size(this.deployment, 0, sets.replicas(olds))
    bare = model.ReplicaSet(
        name=this.new_name,
        template=this.deployment.template,
        created_s=this.now_s,
        replicas=size,
        min_ready_s=this.deployment.min_ready_s,
        observed=False,
    )
    this.created = sets.resized(_revised(bare, revision), size, this.deployment)
    if size > 0:
        this.events.append(Scaled(this.new_name, 0, size))
    this.set_revision(str(revision))
    if this.deployment.has_deadline:
        this.set_progressing("True", "NewReplicaSetCreated", f"ReplicaSet {this.new_name} was created")
        this.status_written = True
    return this.created


def _rescale(this: _Pass) -> None:
    new, olds = _find(this)
    only = sets.only_active_or_latest(olds, new)
    if only is not None:
        this.resize(only, this.deployment.replicas)
    elif sets.is_saturated(this.deployment, new):
        for each in reversed(sets.active(olds)):
            this.resize(each, 0)
    elif this.deployment.strategy == "RollingUpdate":
        running = sets.active(sets.together(olds, new))
        for each, size in scaling.proportional(this.deployment, running) if running else []:
            this.resize(each, size, annotate=True)
    if this.deployment.paused:
        _clean_up(this, olds)
    this.store(status.calculated(this.deployment, sets.together(olds, new), new, this.now_s))


def _roll(this: _Pass) -> None:
    found, olds = _find(this)
    new = found or _create(this, olds)
    everything = [*olds, new]
    if not _grow(this, new, everything) and not _shrink(this, olds, new):
        _finish(this, olds)
    this.store(status.rolled_out(this.deployment, everything, new, this.now_s))


def _grow(this: _Pass, new: model.ReplicaSet, everything: Sequence[model.ReplicaSet]) -> bool:
    """Bring the new ReplicaSet nearer to its size; tell whether it changed."""
    wanted = this.deployment.replicas
    size = (
        wanted if new.replicas >= wanted else bounds.new_size(this.deployment, new.replicas, sets.replicas(everything))
    )
    return this.resize(new, size) is not new


def _shrink(this: _Pass, olds: Sequence[model.ReplicaSet], new: model.ReplicaSet) -> bool:
    """Shrink old ReplicaSets: first by pods that are not available anyway, then by as many as availability allows."""
    running = sets.active(olds)
    least = bounds.min_available(this.deployment)
    spare = arithmetic.int32(sets.replicas([*olds, new]) - least - (new.replicas - new.counts.available))
    if not running or spare <= 0:
        return False
    cleaned = _drop_unavailable(this, running, spare)
    if cleaned is None:
        return False
    dropped = sets.replicas(running) - sets.replicas(cleaned)
    return dropped + _drop_available(this, cleaned, sets.available([*cleaned, new]) - least) > 0


def _drop_unavailable(this: _Pass, olds: Sequence[model.ReplicaSet], most: int) -> list[model.ReplicaSet] | None:
    """Shrink by up to `most` unavailable pods, the oldest ReplicaSet first.

    None when one has more available pods than it should have: its controller is behind, so the pass stops there.
    """
    result = list(olds)
    for index, each in enumerate(olds):
        if most <= 0:
            break
        drop = min(most, each.replicas - each.counts.available)
        if drop < 0:
            return None
        result[index] = this.resize(each, each.replicas - drop)
        most -= drop
    return result


def _drop_available(this: _Pass, olds: Sequence[model.ReplicaSet], most: int) -> int:
    """Shrink by up to `most` pods, the oldest ReplicaSet first; return how many went."""
    left = max(0, most)
    for each in olds:
        drop = min(left, each.replicas)
        this.resize(each, each.replicas - drop)
        left -= drop
    return max(0, most) - left


def _recreate(this: _Pass) -> None:
    new, olds = _find(this)
    running = sets.active(olds)
    for each in running:
        this.resize(each, 0)
    if not running and not _old_pods_run(this, olds, new):
        new = new or _create(this, olds)
        this.resize(new, this.deployment.replicas)
        _finish(this, olds)
    this.store(status.rolled_out(this.deployment, sets.together(olds, new), new, this.now_s))


def _old_pods_run(this: _Pass, olds: Sequence[model.ReplicaSet], new: model.ReplicaSet | None) -> bool:
    if sum(each.counts.replicas for each in olds) > 0:
        return True
    return any(each.pods > 0 for each in this.replica_sets if new is None or each.name != new.name)


def _finish(this: _Pass, olds: Sequence[model.ReplicaSet]) -> None:
    """Delete surplus history once the last pass found the rollout complete."""
    if status.is_complete(this.deployment, this.deployment.status):
        _clean_up(this, olds)


def _clean_up(this: _Pass, olds: Sequence[model.ReplicaSet]) -> None:
    """Delete the oldest revisions beyond the limit; one that still has pods, or might, is passed over."""
    limit = this.deployment.revision_history_limit
    if limit is None or limit == model.UNBOUNDED:
        return
    for each in sets.by_revision(olds)[: max(0, len(olds) - limit)]:
        if each.counts.replicas == 0 and each.replicas == 0 and each.observed:
            this.deleted.append(each.name)
