"""What a failed pod counts as: against the Job, against its index, or for nothing.

Source: kubernetes v1.36.3, pkg/controller/job/pod_failure_policy.go, indexed_job_utils.go (isIndexFailed),
job_controller.go (isPodFailed, pastBackoffLimitOnFailure) and backoff_utils.go, read 2026-11-23.
"""

from collections.abc import Iterable, Sequence

from mela.cluster.admission.job import model

FIRST_WAIT_S = 10
LONGEST_WAIT_S = 600
"""The wait before a failed pod is replaced doubles with every failure in a row, up to ten minutes."""


def is_failed(job: model.Job, pod: model.Pod) -> bool:
    """Tell whether a pod has failed. Unless only failed pods are replaced, one that terminates counts already."""
    if pod.phase == "Failed":
        return True
    return not job.replaces_only_failed and pod.terminating and pod.phase != "Succeeded"


def action(job: model.Job, pod: model.Pod) -> str:
    """Return the action of the first rule that matches: FailJob, FailIndex, Ignore or Count; Count when none does."""
    for rule in job.failure_rules or ():
        if _matches(rule, pod):
            return rule.action
    return "Count"


def counts(job: model.Job, pod: model.Pod) -> bool:
    """Tell whether a failed pod counts against backoffLimit."""
    return action(job, pod) != "Ignore"


def fails_job(job: model.Job, pods: Iterable[model.Pod]) -> model.Pod | None:
    """Find a failed pod that ends the whole Job by its policy."""
    return next((pod for pod in pods if is_failed(job, pod) and action(job, pod) == "FailJob"), None)


def fails_index(job: model.Job, pod: model.Pod) -> bool:
    """Tell whether a pod's failure is its index's last: by its policy, or by backoffLimitPerIndex."""
    if not is_failed(job, pod) or job.backoff_limit_per_index is None:
        return False
    what = action(job, pod)
    return what == "FailIndex" or (what != "Ignore" and pod.failures >= job.backoff_limit_per_index)


def restarts_exceed(job: model.Job, pods: Iterable[model.Pod]) -> bool:
    """Tell whether containers that restart in place used up backoffLimit; only with restartPolicy OnFailure."""
    if not job.restarts_on_failure:
        return False
    restarts = sum(pod.restarts for pod in pods if pod.phase in ("Running", "Pending"))
    return restarts > 0 if job.backoff_limit == 0 else restarts >= job.backoff_limit


def in_a_row(failures: int, failed_s: int, ended: Sequence[model.Pod]) -> tuple[int, int]:
    """Bring the failures since the last success, and the time of the last one, up to date with newly ended pods."""
    succeeded = [pod.finished_s for pod in ended if pod.phase == "Succeeded"]
    failed = [pod.finished_s for pod in ended if pod.phase != "Succeeded"]
    if succeeded:
        failures, failed_s = 0, 0
        failed = [finished_s for finished_s in failed if finished_s > max(succeeded)]
    return failures + len(failed), max(failed, default=failed_s)


def wait_s(failures: int, failed_s: int, now_s: int) -> int:
    """Return how long to wait after this many failures in a row, the last of them at `failed_s`."""
    if failures == 0:
        return 0
    doubled = FIRST_WAIT_S << min(failures - 1, 10)
    return max(0, failed_s + min(doubled, LONGEST_WAIT_S) - now_s)


def _matches(rule: model.FailureRule, pod: model.Pod) -> bool:
    codes = rule.exit_codes
    if codes is None:
        return bool(rule.conditions & pod.conditions)
    failed = [code for name, code in pod.exit_codes if code != 0 and codes.container in ("", name)]
    wanted = codes.operator == "In"
    return any((code in codes.values) == wanted for code in failed)
