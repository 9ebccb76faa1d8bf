"""Each fault is read strictly and does what its text says."""

import numpy as np
import pytest

from mela.rehearsal import engine, faults
from mela.rehearsal.model import Demand, Moment, Trace
from tests.rehearsal import kit

STEADY = np.full(1500, 300.0)
HALF = np.full(1500, 600.0)


def play(text: str, arrivals: np.ndarray = STEADY, **changes: object) -> Trace:
    made = kit.web(**changes)
    return engine.run(made, kit.demand(arrivals), kit.graph(), faults=(faults.parse(text),))


def lost(trace: Trace, begin: int, end: int) -> float:
    """The share of requests that failed or were shed between two seconds."""
    each = trace.services
    wrong = each.failed[begin:end, 0].sum() + each.shed[begin:end, 0].sum()
    return float(wrong / each.offered[begin:end, 0].sum())


# ---- the text


def test_a_fault_says_kind_subject_values_time_and_duration() -> None:
    read = faults.parse("network:sessions=200ms,2%@toss+2m/10m")
    assert (read.kind, read.what, read.delay_s, read.share) == ("network", "sessions", 0.2, 0.02)
    assert (read.moment, read.offset_s, read.lasts_s) == ("toss", 120.0, 600.0)


@pytest.mark.parametrize("kind", faults.KINDS.values(), ids=list(faults.KINDS))
def test_every_example_can_be_read(kind: faults.Kind) -> None:
    assert faults.KINDS[faults.parse(kind.example).kind] is kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("zoen:a@+40m", "did you mean zone"),
        ("", "kinds are zone, power-cut"),
        ("zone@+40m", r"needs a zone after the colon; an example: zone:ap-south-1b@\+40m/15m"),
        ("zone:a", "cannot be read"),
        ("zone:a@40m", "is no time"),
        ("zone:a@+40", "is no duration; write 45s"),
        ("gateway:g=160%@+1m", "160% is more than all"),
        ("gateway:g=200ms@+1m", "'200ms' is no value for it"),
        ("network:web@+1m", "needs a value"),
        ("zone:a=3%@+1m", "'3%' is no value for it"),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(text: str, says: str) -> None:
    with pytest.raises(faults.Unknown, match=says):
        faults.parse(text)


def test_moments_are_those_of_the_event() -> None:
    arrivals = np.ones((600, 1))
    event = Demand(kit.START, ("page",), arrivals, {}, (Moment(120, "toss", "Toss"),))
    assert faults.parse("metrics@toss+1m").at_s(event) == 180
    with pytest.raises(ValueError, match="no moment 'tos'; its moments are toss"):
        faults.parse("metrics@tos").at_s(event)
    with pytest.raises(ValueError, match="the event lasts 600 s"):
        faults.parse("metrics@+20m").at_s(event)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("zone:ap-south-1b@+1m", "declare no node groups"),
        ("drain:2@+1m", "declare no node groups"),
        ("capacity:general@+1m", "there are none"),
        ("gateway:bank=60%@+1m", "no service 'bank'; there are web"),
        ("quota=50%@+1m", "no ResourceQuota"),
        ("power-cut:gotham@+1m", "known are delhi"),
    ],
)
def test_a_fault_that_does_not_fit_is_refused_before_anything_runs(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        play(text)


# ---- what they do


def test_a_lost_zone_takes_its_third_fails_until_noticed_and_is_made_up_for() -> None:
    trace = play("zone:ap-south-1b@+5m/20m", HALF, hpa=None, spec={"replicas": 12}, groups=[kit.group()])
    ready = trace.services.ready[:, 0]
    assert ready[299] == 12
    assert ready[301] == 8
    assert 0.05 < lost(trace, 301, 339) < 0.4
    assert lost(trace, 400, 600) < 0.02
    assert ready[-1] == 12
    assert {"zone-lost", "fault"} <= kit.kinds(trace)


def test_a_power_cut_takes_a_citys_share_and_brings_it_back() -> None:
    trace = play("power-cut:mumbai=20%@+5m/5m")
    asked = trace.asked[:, 0]
    assert asked[400] == pytest.approx(240)
    assert asked[299] == asked[800] == pytest.approx(300)


def test_a_slow_and_lossy_network_makes_calls_fail_and_be_repeated() -> None:
    trace = play("network:web=100ms,30%@+5m/5m")
    assert trace.services.offered[400, 0] > 1.2 * 300
    assert trace.answered[400, 0] == pytest.approx(300 * (1 - 0.3**2), rel=0.02)
    assert trace.answered[-1, 0] == pytest.approx(300, rel=0.01)


def test_a_drain_evicts_as_the_budget_allows_and_loses_nobody() -> None:
    guard = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    trace = play("drain:2@+5m", hpa=None, spec={"replicas": 8}, groups=[kit.group(cpu="2")], extra=[guard])
    assert {"drained", "drain-blocked"} <= kit.kinds(trace)
    assert trace.services.ready[:, 0].min() >= 7
    assert lost(trace, 0, 1500) < 0.005


def test_a_rollout_replaces_all_pods_and_loses_nobody() -> None:
    trace = play("rollout:web@+5m", hpa=None, spec={"replicas": 8})
    assert "rollout-started" in kit.kinds(trace)
    assert "rollout-stuck" not in kit.kinds(trace)
    assert trace.services.ready[:, 0].min() >= 6
    assert trace.services.starting[:, 0].max() >= 2
    assert trace.services.ready[-1, 0] == 8
    assert lost(trace, 0, 1500) < 0.005


def test_a_bad_rollout_stops_at_what_may_be_unavailable_and_says_that_it_is_stuck() -> None:
    trace = play("bad-rollout:web@+5m", hpa=None, spec={"replicas": 8, "progressDeadlineSeconds": 300})
    assert "rollout-stuck" in kit.kinds(trace)
    assert trace.services.ready[-1, 0] == 6


def test_a_revision_with_errors_answers_with_that_many() -> None:
    trace = play("bad-rollout:web=30%@+5m", hpa=None, spec={"replicas": 8})
    assert lost(trace, 1200, 1500) == pytest.approx(0.3, abs=0.02)


def test_a_slow_registry_delays_pods_on_new_nodes() -> None:
    slow = play("registry=x20@+0s/1h", kit.ramp(150, 1500).arrivals[:, 0], groups=[kit.group(cpu="1")])
    usual = play("registry=x1@+0s/1h", kit.ramp(150, 1500).arrivals[:, 0], groups=[kit.group(cpu="1")])
    reached = [int(np.argmax(each.services.ready[:, 0] >= 20)) for each in (usual, slow)]
    assert reached[0] > 0
    assert reached[1] > reached[0] + 30 or reached[1] == 0


def test_without_metrics_nothing_is_scaled() -> None:
    trace = play("metrics@+250s/10m", kit.ramp(150, 1500).arrivals[:, 0])
    desired = trace.services.desired[:, 0]
    assert desired[265] == desired[840]
    assert desired[-1] > desired[840]
    assert "metric-missing" in kit.kinds(trace)


def test_a_quota_that_is_too_small_refuses_pods() -> None:
    bound = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"hard": {"requests.cpu": "20"}},
    }
    trace = play("quota=25%@+0s/6h", kit.ramp(150, 1500).arrivals[:, 0], extra=[bound])
    assert trace.services.refused[:, 0].max() > 0
    assert trace.services.ready[:, 0].max() == 10
    said = next(each for each in trace.happenings if each.kind == "quota-refused")
    assert said.field is not None
    assert said.field.path == ("spec", "hard", "requests.cpu")


def test_a_fail_over_answers_nobody_for_its_time() -> None:
    trace = play("fail-over:web@+5m/30s")
    assert lost(trace, 303, 329) > 0.9
    assert lost(trace, 400, 1500) < 0.001


def test_a_gateway_at_sixty_percent_answers_six_in_ten() -> None:
    trace = play("gateway:web=60%@+5m/5m")
    assert trace.services.served[400, 0] / trace.services.offered[400, 0] == pytest.approx(0.6, abs=0.01)
    assert trace.answered[400, 0] / 300 == pytest.approx(1 - 0.4**2, abs=0.01)


def test_without_machines_pods_wait_until_there_are_some() -> None:
    made = {"groups": [kit.group(cpu="2", most=40)]}
    trace = play("capacity:general@+0s/15m", kit.ramp(150, 900).arrivals[:, 0], **made)
    assert trace.services.pending[:, 0].max() > 0
    assert {"no-node-fits", "insufficient-capacity"} <= kit.kinds(trace)
    assert trace.nodes[-1, 0] > trace.nodes[800, 0]
