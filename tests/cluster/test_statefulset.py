"""StatefulSet order, rule by rule, as upstream's updateStatefulSet decides."""

from dataclasses import replace
from typing import Any

import pytest

from mela.cluster.admission import statefulset
from mela.cluster.admission.statefulset import Pod, StatefulSet


def web(**more: Any) -> StatefulSet:
    usual: dict[str, Any] = {"replicas": 3, "current_revision": "a", "update_revision": "a"}
    return StatefulSet(**(usual | more))


def pods(*ordinals: int, **more: Any) -> list[Pod]:
    return [Pod(ordinal, **({"revision": "a"} | more)) for ordinal in ordinals]


def step(set_: StatefulSet, all_pods: list[Pod], **more: Any) -> statefulset.Decision:
    return statefulset.sync(set_, all_pods, 100, **more)


def test_ordered_set_creates_one_pod_after_the_other() -> None:
    assert step(web(), []).create == {0: "a"}
    assert step(web(), pods(0)).create == {1: "a"}
    waiting = step(web(), pods(0, ready=False))
    assert (waiting.create, waiting.waits_for) == ({}, 0)


def test_parallel_set_creates_all_at_once() -> None:
    assert step(web(parallel=True), pods(1, ready=False)).create == {0: "a", 2: "a"}


def test_ordered_set_waits_until_a_pod_was_ready_for_long_enough() -> None:
    patient = web(min_ready_s=30)
    assert step(patient, pods(0, ready_since_s=71)).waits_for == 0
    assert step(patient, pods(0, ready_since_s=70)).create == {1: "a"}


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_finished_pod_is_deleted_and_comes_back_in_the_next_pass(phase: str) -> None:
    decision = step(web(), [*pods(0, phase=phase, ready=False), *pods(1, 2)])
    assert (decision.delete, decision.create) == ((0,), {})
    assert step(web(), pods(0, phase=phase, ready=False, terminating=True)).delete == ()


def test_ordered_set_waits_for_a_pod_that_terminates() -> None:
    assert step(web(), [*pods(0, 1), *pods(2, terminating=True)]).waits_for == 2


def test_ordered_set_shrinks_from_the_top_one_at_a_time() -> None:
    assert step(web(replicas=1), pods(0, 1, 2)).delete == (2,)
    assert step(web(replicas=1), [*pods(0, 1), *pods(2, terminating=True)]).waits_for == 2


def test_ordered_set_shrinks_only_over_the_first_unavailable_pod() -> None:
    assert step(web(replicas=1), [*pods(0, 1), *pods(2, ready=False)]).delete == (2,)
    lower = step(web(replicas=1), [*pods(0), *pods(1, 2, ready=False)])
    assert (lower.delete, lower.waits_for) == ((), 1)


def test_parallel_set_shrinks_at_once() -> None:
    decision = step(web(replicas=1, parallel=True), [*pods(0, 1), *pods(2, ready=False), *pods(3, terminating=True)])
    assert (decision.delete, decision.waits_for) == ((2, 1), None)


def test_update_goes_down_from_the_highest_ordinal() -> None:
    assert step(web(update_revision="b"), pods(0, 1, 2)).delete == (2,)
    next_one = step(web(update_revision="b"), [*pods(0, 1), *pods(2, revision="b")])
    assert (next_one.delete, next_one.counts.current, next_one.counts.updated) == ((1,), 1, 1)


def test_update_waits_for_its_last_replacement_in_a_parallel_set() -> None:
    broken = [*pods(0, 1), *pods(2, revision="b", ready=False)]
    assert step(web(update_revision="b", parallel=True), broken).waits_for == 2


def test_mended_template_does_not_replace_a_pod_that_blocks_an_ordered_set() -> None:
    stuck = step(web(update_revision="c"), [*pods(0, 1), *pods(2, revision="b", ready=False)])
    assert (stuck.delete, stuck.waits_for) == ((), 2)


def test_partition_keeps_lower_ordinals_at_the_current_revision() -> None:
    canary = web(update_revision="b", partition=2)
    assert step(canary, pods(0, 1, 2)).delete == (2,)
    assert step(canary, [*pods(0, 1), *pods(2, revision="b")]).delete == ()
    assert step(canary, pods(0)).create == {1: "a"}
    assert step(canary, pods(0, 1)).create == {2: "b"}


def test_partition_counts_from_the_first_ordinal() -> None:
    shifted = web(update_revision="b", partition=2, start=5)
    assert step(shifted, pods(5, 6)).create == {7: "b"}
    assert step(shifted, pods(5, 6, 7)).delete == (7,)
    assert step(shifted, [*pods(4), *pods(5, 6), *pods(7, revision="b")]).delete == (4,)


@pytest.mark.parametrize(("on_delete", "revision"), [(False, "a"), (True, "b")])
def test_without_rolling_update_settings_the_status_tells_the_revision(on_delete: bool, revision: str) -> None:
    bare = web(update_revision="b", partition=None, current_replicas=1, on_delete=on_delete)
    assert step(bare, []).create == {0: revision}
    assert step(bare, pods(0)).create == {1: "b"}


def test_on_delete_leaves_updates_to_people() -> None:
    decision = step(web(update_revision="b", on_delete=True), pods(0, 1, 2))
    assert (decision.delete, decision.complete) == ((), False)


def test_update_is_complete_when_every_pod_has_it_and_is_ready() -> None:
    assert step(web(update_revision="b"), pods(0, 1, 2, revision="b")).complete
    assert not step(web(update_revision="b"), [*pods(0, 1, revision="b"), *pods(2, revision="b", ready=False)]).complete


@pytest.mark.parametrize(
    ("most", "gone"), [(None, (4,)), (2, (4, 3)), ("50%", (4, 3)), ("10%", (4,)), (9, (4, 3, 2, 1, 0))]
)
def test_max_unavailable_updates_several_pods_with_the_gate(most: int | str | None, gone: tuple[int, ...]) -> None:
    large = web(replicas=5, update_revision="b", max_unavailable=most)
    assert step(large, pods(0, 1, 2, 3, 4), max_unavailable_gate=True).delete == gone
    assert step(large, pods(0, 1, 2, 3, 4)).delete == (4,)


def test_unavailable_pods_use_up_max_unavailable() -> None:
    large = web(replicas=4, update_revision="b", max_unavailable=2, parallel=True)
    some = [*pods(0, 1, 2), *pods(3, revision="b", ready=False)]
    assert step(large, some, max_unavailable_gate=True).delete == (2,)
    more = [*pods(0, 1), *pods(2, 3, revision="b", ready=False)]
    assert step(large, more, max_unavailable_gate=True).delete == ()


def test_set_that_is_deleted_only_counts() -> None:
    decision = step(web(terminating=True), [*pods(0), *pods(1, ready=False), *pods(2, phase="Pending", ready=False)])
    assert decision == statefulset.Decision(statefulset.Counts(3, 1, 1, 3, 3))


def test_failed_outdated_pod_of_a_parallel_set_is_deleted_once() -> None:
    decision = step(web(update_revision="b", parallel=True), [*pods(0, 1), *pods(2, phase="Failed", ready=False)])
    assert decision.delete == (2,)


def test_terminating_pods_count_towards_no_revision() -> None:
    going = [replace(pod, terminating=True) for pod in pods(0, 1, 2)]
    assert step(web(), going).counts == statefulset.Counts(3, 3, 3, 0, 0)
