"""Jobs, rule by rule, as upstream's syncJob decides."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster.admission.job import failure, indexes, model, sync
from mela.cluster.admission.job.model import Pod, Status


def job(**spec: Any) -> model.Job:
    return model.read(spec)


def many(count: int, phase: str = "Running", **more: Any) -> list[Pod]:
    return [Pod(f"{phase}-{n}", phase, **more) for n in range(count)]


def at_index(*found: int, phase: str = "Running", **more: Any) -> list[Pod]:
    return [Pod(f"{phase}-{index}-{n}", phase, index, **more) for n, index in enumerate(found)]


def step(
    wanted: model.Job, pods: list[Pod] | None = None, status: Status | None = None, now_s: int = 1000
) -> sync.Decision:
    return sync.sync(wanted, pods or [], status or Status(started_s=0), now_s)


def reason(decision: sync.Decision) -> str:
    return decision.outcome.reason if decision.outcome else ""


INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 4}


def test_job_starts_as_many_pods_as_run_in_parallel_and_are_missing() -> None:
    assert step(job(completions=5, parallelism=3)).start == (None,) * 3
    assert step(job(completions=5, parallelism=3), many(4, "Succeeded")).start == (None,)
    assert step(job(completions=5, parallelism=3), many(2)).start == (None,)
    assert step(job()).start == (None,)


def test_job_stops_what_is_too_much_and_starts_nothing_then() -> None:
    decision = step(job(completions=9, parallelism=1), many(3))
    assert (decision.stop, decision.start) == (2, ())


def test_one_pass_starts_at_most_five_hundred_pods() -> None:
    assert len(step(job(completions=900, parallelism=900)).start) == 500
    assert step(job(completions=900, parallelism=1), many(900)).stop == 500


def test_job_is_complete_when_enough_pods_succeeded_and_none_is_active() -> None:
    assert reason(step(job(completions=2), many(2, "Succeeded"))) == "CompletionsReached"
    assert reason(step(job(completions=2), [*many(2, "Succeeded"), *many(1)])) == "CompletionsReached"
    assert reason(step(job(completions=0))) == "CompletionsReached"


def test_without_completions_one_success_is_enough_but_active_pods_go_on() -> None:
    queue = job(parallelism=3)
    assert (queue.completions, step(queue).start) == (None, (None,) * 3)
    running = step(queue, [*many(1, "Succeeded"), *many(2)])
    assert (running.stop, running.start, reason(running)) == (0, (), "")
    assert reason(step(queue, many(1, "Succeeded"))) == "CompletionsReached"


def test_more_failures_than_the_limit_end_the_job_and_stop_its_pods() -> None:
    limited = job(completions=9, parallelism=9, backoffLimit=2)
    assert reason(step(limited, many(2, "Failed"))) == ""
    ended = step(limited, [*many(3, "Failed"), *many(4)])
    assert (reason(ended), ended.stop, ended.failed) == ("BackoffLimitExceeded", 4, 3)


def test_pods_counted_before_are_not_counted_again() -> None:
    assert step(job(backoffLimit=2), many(3, "Failed", counted=True), Status(0, failed=2)).failed == 2


def test_restarts_in_place_use_up_the_limit() -> None:
    spec = {"template": {"spec": {"restartPolicy": "OnFailure"}}}
    assert reason(step(job(backoffLimit=3, **spec), many(1, restarts=3))) == "BackoffLimitExceeded"
    assert reason(step(job(backoffLimit=3, **spec), many(1, restarts=2))) == ""
    assert reason(step(job(backoffLimit=0, **spec), many(1, restarts=1))) == "BackoffLimitExceeded"
    assert reason(step(job(backoffLimit=0, **spec), many(1))) == ""
    assert reason(step(job(backoffLimit=3), many(1, restarts=3))) == ""


def test_deadline_counts_from_the_start_unless_suspended() -> None:
    timed = job(activeDeadlineSeconds=60)
    assert reason(step(timed, many(1), Status(started_s=940))) == "DeadlineExceeded"
    assert reason(step(timed, many(1), Status(started_s=941))) == ""
    assert reason(step(replace(timed, suspended=True), many(1), Status(started_s=0))) == ""
    assert reason(step(timed, many(1), Status(started_s=None))) == ""


def test_suspended_job_stops_everything_and_may_still_be_complete() -> None:
    asleep = step(job(suspend=True, completions=5, parallelism=5), many(3))
    assert (asleep.stop, asleep.start) == (3, ())
    assert reason(step(job(suspend=True), many(1, "Succeeded"))) == "CompletionsReached"


def test_job_that_is_deleted_starts_and_stops_nothing() -> None:
    gone = replace(job(), terminating=True)
    assert step(gone).start == ()
    assert step(replace(gone, suspended=True), many(2)).stop == 0


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 0), (1, 10), (2, 20), (6, 320), (7, 600), (90, 600)])
def test_back_off_doubles_up_to_ten_minutes(failures: int, wait_s: int) -> None:
    assert failure.wait_s(failures, 1000, 1000) == wait_s
    assert failure.wait_s(failures, 0, 10_000) == 0


def test_failed_pod_is_replaced_after_the_back_off() -> None:
    failed = many(2, "Failed", finished_s=990)
    waiting = step(job(completions=3), failed)
    assert (waiting.start, waiting.wait_s, waiting.failures, waiting.failed_s) == ((), 10, 2, 990)
    assert step(job(completions=3), failed, now_s=1010).start == (None,)


def test_success_ends_the_row_of_failures() -> None:
    ended = [Pod("a", "Failed", finished_s=10), Pod("b", "Succeeded", finished_s=20), Pod("c", "Failed", finished_s=30)]
    assert failure.in_a_row(5, 8, ended) == (1, 30)
    assert failure.in_a_row(5, 8, ended[:2]) == (0, 0)
    assert failure.in_a_row(5, 8, []) == (5, 8)


def policy(*rules: dict[str, Any], **spec: Any) -> model.Job:
    return job(podFailurePolicy={"rules": list(rules)}, **spec)


def on_codes(action: str, operator: str, *values: int, **more: Any) -> dict[str, Any]:
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values), **more}}


def crash(code: int, container: str = "app", **more: Any) -> Pod:
    return Pod("crash", "Failed", exit_codes=((container, code),), **more)


def test_exit_code_can_fail_the_job_at_once() -> None:
    fatal = policy(on_codes("FailJob", "In", 42))
    assert reason(step(fatal, [crash(42)])) == "PodFailurePolicy"
    assert reason(step(fatal, [crash(1)])) == ""


@pytest.mark.parametrize(
    ("rule", "pod", "action"),
    [
        (on_codes("Ignore", "NotIn", 42), crash(1), "Ignore"),
        (on_codes("Ignore", "NotIn", 42), crash(42), "Count"),
        (on_codes("Ignore", "NotIn", 42), crash(0), "Count"),
        (on_codes("Ignore", "In", 1, containerName="app"), crash(1, "proxy"), "Count"),
        (on_codes("Ignore", "In", 1, containerName="app"), crash(1), "Ignore"),
        (
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            crash(1, conditions=frozenset({("DisruptionTarget", "True")})),
            "Ignore",
        ),
        (
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "False"}]},
            crash(1, conditions=frozenset({("DisruptionTarget", "True")})),
            "Count",
        ),
    ],
)
def test_rule_matches_exit_codes_or_conditions(rule: dict[str, Any], pod: Pod, action: str) -> None:
    assert failure.action(policy(rule), pod) == action


def test_first_matching_rule_decides() -> None:
    assert failure.action(policy(on_codes("Count", "In", 1), on_codes("FailJob", "In", 1)), crash(1)) == "Count"


def test_ignored_failure_does_not_count() -> None:
    assert step(policy(on_codes("Ignore", "In", 1), backoffLimit=0), [crash(1)]).failed == 0
    assert reason(step(policy(on_codes("Ignore", "In", 1), backoffLimit=0), [crash(2)])) == "BackoffLimitExceeded"


def test_terminating_pod_is_replaced_at_once_unless_only_failed_ones_are() -> None:
    going = [Pod("going", terminating=True, finished_s=0)]
    assert (step(job(), going).start, step(job(), going).failed) == ((None,), 1)
    patient = step(job(podReplacementPolicy="Failed"), going)
    assert (patient.start, patient.failed) == ((), 0)


def test_indexed_job_starts_the_first_indexes_that_are_pending() -> None:
    pods = [*at_index(0, phase="Succeeded"), *at_index(2)]
    decision = step(job(**INDEXED), pods)
    assert (decision.start, decision.completed_indexes, decision.succeeded) == ((1, 3), "0", 1)


def test_index_that_succeeds_twice_counts_once_and_a_foreign_one_never() -> None:
    decision = step(job(**INDEXED), at_index(1, 1, 9, phase="Succeeded"), Status(0, completed_indexes="0-1"))
    assert (decision.succeeded, decision.completed_indexes) == (2, "0,1")


def test_pods_that_share_an_index_or_have_none_are_stopped() -> None:
    pods = [*at_index(0, 1, 1, 7), Pod("none")]
    assert step(job(**INDEXED), pods).stop == 3


def test_terminating_index_waits_if_only_failed_pods_are_replaced() -> None:
    patient = job(**INDEXED, podReplacementPolicy="Failed")
    assert step(patient, at_index(0, terminating=True)).start == (1, 2, 3)
    assert step(job(**INDEXED), at_index(0, terminating=True, finished_s=0)).start == (0, 1, 2, 3)


def test_each_index_has_its_own_limit_and_back_off() -> None:
    each = job(**INDEXED, backoffLimitPerIndex=1)
    assert each.backoff_limit == model.UNLIMITED
    pods = [*at_index(0, phase="Failed", failures=1, finished_s=0), *at_index(1, phase="Failed", finished_s=995)]
    decision = step(each, pods)
    assert (decision.failed_indexes, decision.start, decision.wait_s) == ("0", (2, 3), 0)
    last = step(each, [*pods, *at_index(2, 3)])
    assert (last.start, last.wait_s) == ((), 5)


def test_latest_failure_of_an_index_sets_its_back_off() -> None:
    each = job(**{**INDEXED, "completions": 1}, backoffLimitPerIndex=9)
    pods = [
        *at_index(0, phase="Failed", failures=1, ignored_failures=1, finished_s=990),
        *at_index(0, phase="Failed", failures=0, finished_s=995),
    ]
    assert step(each, pods).wait_s == 30


def test_failed_indexes_end_the_job_when_none_is_left_or_too_many_failed() -> None:
    each = job(**INDEXED, backoffLimitPerIndex=0)
    mixed = [*at_index(0, 1, 2, phase="Succeeded"), *at_index(3, phase="Failed")]
    assert reason(step(each, mixed)) == "FailedIndexes"
    assert reason(step(each, at_index(3, phase="Failed"))) == ""
    strict = replace(each, max_failed_indexes=0)
    assert reason(step(strict, at_index(3, phase="Failed"))) == "MaxFailedIndexesExceeded"


def test_policy_can_fail_one_index() -> None:
    each = policy(on_codes("FailIndex", "In", 42), **INDEXED, backoffLimitPerIndex=5)
    assert step(each, [crash(42, index=1)]).failed_indexes == "1"
    assert step(each, [crash(1, index=1)]).failed_indexes == ""


@pytest.mark.parametrize(
    ("rule", "done", "met"),
    [
        ({"succeededIndexes": "0,2-3"}, "0,2,3", True),
        ({"succeededIndexes": "0,2-3"}, "0-2", False),
        ({"succeededIndexes": "0,2-3", "succeededCount": 2}, "0-2", True),
        ({"succeededIndexes": "0,2-3", "succeededCount": 2}, "0-1", False),
        ({"succeededCount": 2}, "1-2", True),
        ({"succeededCount": 2}, "1", False),
        ({"succeededIndexes": "9"}, "0-2", False),
        ({"succeededCount": 0}, "", False),
    ],
)
def test_success_policy_ends_an_indexed_job_early(rule: dict[str, Any], done: str, met: bool) -> None:
    early = job(**INDEXED, successPolicy={"rules": [rule]})
    decision = step(early, at_index(3) if done != "0,2,3" else [], Status(0, completed_indexes=done))
    assert reason(decision) == ("SuccessPolicy" if met else "")


def test_failure_comes_before_the_success_policy() -> None:
    early = job(**INDEXED, backoffLimit=0, successPolicy={"rules": [{"succeededCount": 1}]})
    pods = [*at_index(0, phase="Succeeded"), *at_index(1, phase="Failed")]
    assert reason(step(early, pods)) == "BackoffLimitExceeded"


def test_what_an_earlier_pass_settled_stays() -> None:
    met = step(job(backoffLimit=0), many(1, "Failed"), Status(met="SuccessPolicy"))
    assert met.outcome == sync.Outcome(succeeds=True, reason="SuccessPolicy")
    failing = step(job(), many(1, "Succeeded"), Status(failing="DeadlineExceeded"))
    assert failing.outcome == sync.Outcome(succeeds=False, reason="DeadlineExceeded")


@given(st.sets(st.integers(0, 60)))
def test_indexes_survive_their_short_form(found: set[int]) -> None:
    assert indexes.parse(indexes.spell(found), 61) == found


def test_indexes_that_are_no_numbers_or_too_large_are_passed_over() -> None:
    assert indexes.parse("0,x,2-9,11,1", 8) == {0, *range(2, 8)}
