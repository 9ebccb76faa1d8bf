"""One pass of the Job's controller.

What was settled before is kept. Then failure comes before success: the pod failure policy, the back-off limit, the deadline,
failed indexes; then the success policy; and only if none of these holds are pods started or stopped, and completions counted.

Source: kubernetes v1.36.3, pkg/controller/job/job_controller.go (syncJob, manageJob), indexed_job_utils.go and
success_policy.go, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mela.cluster.admission.job import failure, indexes, model

MOST_PER_PASS = 500
"""A pass starts or stops at most so many pods."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a Job ends. The terminal condition Complete or Failed follows once all its pods have ended."""

    succeeds: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pass does: end the Job, or start and stop pods.

    With an `outcome` or a suspension all active pods are stopped. Of an indexed Job `start` lists the indexes, otherwise
    None as often as pods are needed. `wait_s`: pods are due, but only after a back-off. `failures` and `failed_s` are for the
    next pass's status.
    """

    succeeded: int
    failed: int
    outcome: Outcome | None = None
    stop: int = 0
    start: tuple[int | None, ...] = ()
    wait_s: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    failures: int = 0
    failed_s: int = 0


@dataclass(frozen=True, slots=True)
class _Tally:
    """What the pods and the status add up to."""

    active: int
    going: int
    succeeded: int
    failed: int
    done: frozenset[int]
    lost: frozenset[int]
    failures: int
    failed_s: int


def sync(job: model.Job, pods: Sequence[model.Pod], status: model.Status, now_s: int) -> Decision:
    """Make one pass over all pods of the Job."""
    tally = _tally(job, pods, status)
    outcome = _settled(job, pods, status) or _ended(job, pods, status, tally, now_s)
    stop, wait_s = 0, 0
    start: tuple[int | None, ...] = ()
    if outcome is not None or (job.suspended and not job.terminating):
        stop = tally.active
    elif not job.terminating:
        stop, start, wait_s = _scaled(job, pods, tally, now_s)
    left = tally.active - stop + len(start)
    return Decision(
        succeeded=tally.succeeded,
        failed=tally.failed,
        outcome=outcome or _completed(job, tally, left),
        stop=stop,
        start=start,
        wait_s=wait_s,
        completed_indexes=indexes.spell(tally.done),
        failed_indexes=indexes.spell(tally.lost),
        failures=tally.failures,
        failed_s=tally.failed_s,
    )


def _tally(job: model.Job, pods: Sequence[model.Pod], status: model.Status) -> _Tally:
    new = [pod for pod in pods if not pod.counted and (not job.indexed or _index(job, pod) is not None)]
    done = indexes.parse(status.completed_indexes, job.completions or 0) if job.indexed else frozenset()
    lost = indexes.parse(status.failed_indexes, job.completions or 0) if job.indexed else frozenset()
    succeeded = [pod for pod in new if pod.phase == "Succeeded"]
    failed = [pod for pod in new if failure.is_failed(job, pod)]
    failures, failed_s = failure.in_a_row(status.failures, status.failed_s, [*succeeded, *failed])
    if job.indexed:
        done |= {pod.index for pod in succeeded if pod.index is not None}
        lost |= {pod.index for pod in new if pod.index is not None and failure.fails_index(job, pod)}
    return _Tally(
        active=sum(pod.is_active for pod in pods),
        going=sum(pod.is_going for pod in pods),
        succeeded=len(done) if job.indexed else status.succeeded + len(succeeded),
        failed=status.failed + sum(failure.counts(job, pod) for pod in failed),
        done=done,
        lost=lost,
        failures=failures,
        failed_s=failed_s,
    )


def _index(job: model.Job, pod: model.Pod) -> int | None:
    """Return the pod's index, if the Job has it."""
    return pod.index if pod.index is not None and pod.index < (job.completions or 0) else None


def _settled(job: model.Job, pods: Sequence[model.Pod], status: model.Status) -> Outcome | None:
    """Keep what an earlier pass found, else ask the pod failure policy."""
    if status.met:
        return Outcome(succeeds=True, reason=status.met)
    if status.failing:
        return Outcome(succeeds=False, reason=status.failing)
    return Outcome(succeeds=False, reason="PodFailurePolicy") if failure.fails_job(job, pods) else None


def _ended(
    job: model.Job, pods: Sequence[model.Pod], status: model.Status, tally: _Tally, now_s: int
) -> Outcome | None:
    """Find the first limit that is exceeded, else ask the success policy."""
    deadline = job.active_deadline_s
    reasons = {
        "BackoffLimitExceeded": tally.failed > job.backoff_limit or failure.restarts_exceed(job, pods),
        "DeadlineExceeded": deadline is not None
        and status.started_s is not None
        and not job.suspended
        and now_s - status.started_s >= deadline,
        "MaxFailedIndexesExceeded": job.max_failed_indexes is not None and len(tally.lost) > job.max_failed_indexes,
        "FailedIndexes": bool(tally.lost) and len(tally.lost) + len(tally.done) >= (job.completions or 0),
    }
    for reason, holds in reasons.items():
        if holds:
            return Outcome(succeeds=False, reason=reason)
    return Outcome(succeeds=True, reason="SuccessPolicy") if _is_enough(job, tally.done) else None


def _is_enough(job: model.Job, done: frozenset[int]) -> bool:
    """Tell whether a rule of the success policy holds for an indexed Job: all of its indexes, or as many as it asks for."""
    return job.indexed and bool(done) and any(_rule_holds(job, rule, done) for rule in job.success_rules)


def _rule_holds(job: model.Job, rule: model.SuccessRule, done: frozenset[int]) -> bool:
    if rule.indexes is None:
        return rule.count is not None and len(done) >= rule.count
    wanted = indexes.parse(rule.indexes, job.completions or 0)
    if not wanted:
        return False
    return wanted <= done or (rule.count is not None and len(wanted & done) >= rule.count)


def _completed(job: model.Job, tally: _Tally, active: int) -> Outcome | None:
    """Complete when enough pods succeeded and none is active; without completions one success is enough."""
    needed = 1 if job.completions is None else job.completions
    if active == 0 and tally.succeeded >= needed:
        return Outcome(succeeds=True, reason="CompletionsReached")
    return None


def _scaled(
    job: model.Job, pods: Sequence[model.Pod], tally: _Tally, now_s: int
) -> tuple[int, tuple[int | None, ...], int]:
    """Stop what is too much, else start what is missing; never both in one pass."""
    wanted = _wanted(job, tally)
    stop = max(tally.active - wanted, _superfluous(job, pods) if job.indexed else 0)
    if stop > 0:
        return min(stop, MOST_PER_PASS), (), 0
    missing = wanted - tally.active - (tally.going if job.replaces_only_failed else 0)
    if missing <= 0:
        return 0, (), 0
    if job.backoff_limit_per_index is None:
        wait_s = failure.wait_s(tally.failures, tally.failed_s, now_s)
        if wait_s > 0:
            return 0, (), wait_s
    missing = min(missing, MOST_PER_PASS)
    if not job.indexed:
        return 0, (None,) * missing, 0
    pending = _pending(job, pods, tally)[:missing]
    return (0, *_after_wait(job, pods, pending, now_s)) if job.backoff_limit_per_index is not None else (0, pending, 0)


def _wanted(job: model.Job, tally: _Tally) -> int:
    """Return how many pods should be active: never more than completions are missing."""
    if job.completions is None:
        return tally.active if tally.succeeded > 0 else job.parallelism
    return max(0, min(job.completions - tally.succeeded, job.parallelism))


def _superfluous(job: model.Job, pods: Sequence[model.Pod]) -> int:
    """Count active pods without a valid index, and all but one of each index."""
    active = [pod for pod in pods if pod.is_active]
    valid = {index for pod in active if (index := _index(job, pod)) is not None}
    return len(active) - len(valid)


def _pending(job: model.Job, pods: Sequence[model.Pod], tally: _Tally) -> tuple[int, ...]:
    """List the indexes that have neither ended nor an active pod (nor, if only failed pods are replaced, one that goes)."""
    busy = {pod.index for pod in pods if pod.is_active or (pod.is_going and job.replaces_only_failed)}
    taken = busy | tally.done | tally.lost
    return tuple(index for index in range(job.completions or 0) if index not in taken)


def _after_wait(
    job: model.Job, pods: Sequence[model.Pod], pending: Sequence[int], now_s: int
) -> tuple[tuple[int, ...], int]:
    """Keep the indexes whose own back-off is over; when none is, return the shortest wait."""
    waits = {index: _index_wait_s(job, pods, index, now_s) for index in pending}
    ready = tuple(index for index, wait_s in waits.items() if wait_s == 0)
    return ready, 0 if ready else min(waits.values(), default=0)


def _index_wait_s(job: model.Job, pods: Sequence[model.Pod], index: int, now_s: int) -> int:
    """Return the wait after the last failure of one index."""
    last: model.Pod | None = None
    for pod in pods:
        is_later = last is None or (_failures(last) <= _failures(pod) and last.finished_s <= pod.finished_s)
        if pod.index == index and not pod.counted and failure.is_failed(job, pod) and is_later:
            last = pod
    return 0 if last is None else failure.wait_s(_failures(last) + 1, last.finished_s, now_s)


def _failures(pod: model.Pod) -> int:
    return pod.failures + pod.ignored_failures
