"""Scheduling one pod: making room by preemption."""

from typing import Any

import pytest

from mela.cluster.scheduler import decide, nodes, pods, verdicts
from tests.cluster.scheduling import Object, apart, node, on_port, pod, schedule, spread, term, terminating


def preempting(incoming: Object, there: list[Object], bound: list[Object], **more: Any) -> verdicts.Preemption:
    preemption = schedule(incoming, there, bound, **more).preemption
    assert preemption is not None
    return preemption


def budget(allowed: int, **status: Any) -> Object:
    selector = {"matchLabels": {"app": "db"}}
    return {
        "metadata": {"namespace": "shop"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed, **status},
    }


def test_only_less_important_pods_make_room_and_as_few_as_possible() -> None:
    bound = [pod("low", "n", "2"), pod("mid", "n", "1", priority=5), pod("top", "n", "1", priority=10)]
    preemption = preempting(pod(cpu="2", priority=10), [node("n")], bound)
    assert preemption.candidates["n"].victims == ("shop/low",)
    assert preemption.nominated == ("n",)


def test_a_node_without_less_important_pods_does_not_help() -> None:
    decision = schedule(pod(cpu="4"), [node("n")], [pod("e", "n")])
    assert decision.preemption is not None
    assert decision.preemption.failed["n"].reasons == ("No preemption victims found for incoming pod",)
    assert decision.message == (
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 No preemption victims found for incoming pod."
    )


def test_a_node_that_stays_too_full_does_not_help() -> None:
    bound = [pod("low", "n", "1"), pod("top", "n", "3", priority=9)]
    preemption = preempting(pod(cpu="3", priority=5), [node("n"), node("m", cpu="1")], bound)
    assert preemption.failed["n"].reasons == ("Insufficient cpu",)
    assert preemption.message.endswith("1 Insufficient cpu, 1 Preemption is not helpful for scheduling.")


def test_a_pod_that_never_preempts_waits() -> None:
    preemption = preempting(pod(cpu="4", priority=9, preemptionPolicy="Never"), [node("n")], [pod("e", "n")])
    assert not preemption.eligible


@pytest.mark.parametrize(
    ("victim", "eligible"),
    [
        (terminating(pod("e", "n", "2")), False),
        (terminating(pod("e", "n", "2"), reason="EvictionByEvictionAPI"), True),
        (terminating(pod("e", "n", "2", priority=9)), True),
        (pod("e", "n", "2"), True),
    ],
)
def test_a_pod_waits_for_the_victims_of_its_last_preemption(victim: Object, eligible: bool) -> None:
    waiting = pod(cpu="3", priority=9, status={"nominatedNodeName": "n"})
    assert preempting(waiting, [node("n")], [victim]).eligible is eligible


def test_a_terminating_pod_without_reason_is_no_victim_of_preemption() -> None:
    silent = pod("e", "n", "2")
    silent["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:00Z"
    waiting = pod(cpu="3", priority=9, status={"nominatedNodeName": "n"})
    assert preempting(waiting, [node("n")], [silent]).eligible


def test_pods_covered_by_a_spent_budget_are_put_back_first() -> None:
    bound = [pod("web", "n", "2", priority=1), pod("db", "n", "2", app="db")]
    incoming = pod(cpu="2", priority=9)
    assert preempting(incoming, [node("n")], bound).candidates["n"].victims == ("shop/db",)
    spared = preempting(incoming, [node("n")], bound, budgets=[budget(0)])
    assert spared.candidates["n"] == verdicts.Candidate(("shop/web",), 0)


def test_a_violated_budget_is_counted() -> None:
    bound = [pod("db1", "n", "2", app="db"), pod("db2", "n", "2", app="db")]
    candidates = preempting(pod(cpu="4", priority=9), [node("n")], bound, budgets=[budget(1)]).candidates
    assert candidates["n"].pdb_violations == 1


@pytest.mark.parametrize(
    "harmless",
    [
        budget(0, disruptedPods={"db": "2026-11-23T10:00:00Z"}),
        budget(0) | {"spec": {"selector": {}}},
        budget(0) | {"spec": {}},
        budget(0) | {"spec": {"selector": {"matchLabels": {"-": "x"}}}},
        budget(0) | {"metadata": {"namespace": "bank"}},
    ],
)
def test_budgets_that_do_not_cover_a_pod_do_not_protect_it(harmless: Object) -> None:
    candidates = preempting(
        pod(cpu="4", priority=9), [node("n")], [pod("db", "n", app="db")], budgets=[harmless]
    ).candidates
    assert candidates["n"].pdb_violations == 0


def started(minute: int) -> Object:
    return {"startTime": f"2026-11-23T10:{minute:02}:00Z"}


@pytest.mark.parametrize(
    ("on_n", "on_m", "nominated"),
    [
        ([pod("a", "n", priority=2)], [pod("b", "m", priority=1)], ("m",)),
        ([pod("a", "n", "2"), pod("c", "n", "2")], [pod("b", "m", "4")], ("m",)),
        ([pod("a", "n", status=started(1))], [pod("b", "m", status=started(2))], ("m",)),
        ([pod("a", "n", status=started(1))], [pod("b", "m")], ("m",)),
        ([pod("a", "n")], [pod("b", "m")], ("n", "m")),
    ],
)
def test_the_cheapest_node_is_nominated(on_n: list[Object], on_m: list[Object], nominated: tuple[str, ...]) -> None:
    assert preempting(pod(cpu="4", priority=9), [node("n"), node("m")], [*on_n, *on_m]).nominated == nominated


def test_a_node_with_fewer_budget_violations_is_cheaper() -> None:
    bound = [pod("a", "n", app="db"), pod("b", "m", priority=8)]
    preemption = preempting(pod(cpu="4", priority=9), [node("n"), node("m")], bound, budgets=[budget(0)])
    assert preemption.nominated == ("m",)


def test_of_equals_the_one_that_ran_longer_is_put_back() -> None:
    bound = [pod("young", "n", "2", status=started(30)), pod("old", "n", "2", status=started(1))]
    assert preempting(pod(cpu="2", priority=9), [node("n")], bound).candidates["n"].victims == ("shop/young",)


def test_preemption_may_clear_ports_and_anti_affinity() -> None:
    holder = on_port({"hostPort": 80}, "e", "n", affinity=apart(term("web")))
    preemption = preempting(on_port({"hostPort": 80}, priority=9), [node("n")], [holder])
    assert preemption.candidates["n"].victims == ("shop/e",)


def test_preemption_may_mend_the_spread() -> None:
    there = [node("n"), node("m", cpu="500m", zone="b")]
    preemption = preempting(pod(priority=9, topologySpreadConstraints=[spread()]), there, [pod("e", "n")])
    assert preemption.candidates["n"].victims == ("shop/e",)


def test_deciding_changes_nothing() -> None:
    places = nodes.occupied([nodes.parse(node("n"))], [pods.parse(pod("e", "n"))])
    decide.decide(pods.parse(pod(cpu="4", priority=9)), decide.Snapshot(places))
    assert [each.id for each in places["n"].pods] == ["shop/e"]
    assert places["n"].requested["cpu"] == 1000
