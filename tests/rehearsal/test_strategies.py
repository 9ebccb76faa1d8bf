"""Strategies behind the one protocol: what each makes of an autoscaler, and where it puts the floor."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from mela.cluster.forecast import Shape
from mela.cluster.hpa import spec
from mela.rehearsal import strategies
from mela.rehearsal.model import Moment, Seen

WRITTEN = spec.read(
    {
        "scaleTargetRef": {"kind": "Deployment", "name": "streaming"},
        "maxReplicas": 100,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            },
            {
                "type": "External",
                "external": {"metric": {"name": "viewers"}, "target": {"type": "AverageValue", "averageValue": "500"}},
            },
        ],
    }
)
CPU_ONLY = spec.read({"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 9})
BALL = Moment(3600, "first-ball", "First ball")
OTHER = Shape(np.interp(np.arange(0, 9000, 15), [0, 3600, 3900], [1000, 2000, 8000]), 15, {"first-ball": 3600})
HISTORY = {"streaming": [OTHER]}


def seen(at_s: int = 0, load: Any = 1000, **changes: Any) -> Seen:
    known: dict[str, Any] = {
        "at_s": at_s,
        "now": datetime(2026, 11, 29, 14, tzinfo=UTC),
        "service": "streaming",
        "load": load if isinstance(load, np.ndarray) else np.full(max(at_s // 15, 1), float(load)),
        "load_every_s": 15,
        "load_until_s": at_s,
        "per_replica": 100.0,
        "replicas": 10,
        "ready": 10,
        "lead_s": 120.0,
        "calendar": (BALL,),
    }
    return Seen(**known | changes)


def test_each_name_makes_its_strategy() -> None:
    assert [strategies.make(name).name for name in strategies.NAMES] == list(strategies.NAMES)


def test_unknown_strategy_is_refused() -> None:
    with pytest.raises(KeyError):
        strategies.make("hope")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("as-written", ["cpu", "viewers"]),
        ("cpu", ["cpu"]),
        ("concurrency", ["viewers"]),
        ("keda", ["viewers"]),
        ("predictive", ["cpu", "viewers"]),
        ("oracle", ["cpu", "viewers"]),
    ],
)
def test_metrics_that_a_strategy_keeps(name: str, kept: list[str]) -> None:
    changed = strategies.make(name).spec("streaming", WRITTEN)
    assert [metric.name for metric in changed.metrics] == kept
    assert changed.max_replicas == 100


def test_autoscaler_without_cpu_gets_the_default_of_80_percent() -> None:
    only_viewers = strategies.Concurrency().spec("streaming", WRITTEN)
    assert strategies.Cpu().spec("streaming", only_viewers).metrics[0].target.utilization == 80


def test_autoscaler_without_a_metric_of_the_crowd_stays() -> None:
    assert strategies.Concurrency().spec("web", CPU_ONLY) == CPU_ONLY


def test_those_that_only_change_metrics_set_no_floor() -> None:
    assert [strategies.make(name).floor(seen()) for name in ("as-written", "cpu", "concurrency")] == [None] * 3


@pytest.mark.parametrize(("at_s", "floor"), [(1799, 0), (1800, 80), (3600, 80), (10_800, 80), (10_801, 0)])
def test_cron_floor_is_what_others_needed_at_most(at_s: int, floor: int) -> None:
    assert strategies.make("cron", HISTORY).floor(seen(at_s)) == floor
    assert strategies.make("keda", HISTORY).floor(seen(at_s)) == floor


def test_cron_without_a_calendar_sets_no_floor() -> None:
    assert strategies.make("cron", HISTORY).floor(seen(calendar=())) is None


def test_ladder_climbs_in_steps_and_never_down() -> None:
    ladder = strategies.make("ladder", HISTORY)
    floors = [ladder.floor(seen(1000 + at, load)) for at, load in enumerate((1000, 1010, 4000, 500))]
    assert floors == [40, 40, 70, 70]


def test_ladder_knows_nothing_without_history() -> None:
    assert strategies.make("ladder").floor(seen()) is None


def test_predictive_lifts_before_the_ball_and_says_why() -> None:
    predictive = strategies.Predictive(history=HISTORY)
    assert predictive.floor(seen(600)) == 11
    floor = predictive.floor(seen(3570, 2000))
    assert floor is not None
    assert floor > 50
    at_s, service, told, reason = predictive.reasons[-1]
    assert (at_s, service, told) == (3570, "streaming", floor)
    assert "first-ball in 0 min" in reason or "first-ball in 1 min" in reason


def test_predictive_waits_for_the_first_metrics() -> None:
    assert strategies.make("predictive", HISTORY).floor(seen(load=np.zeros(0))) is None


def test_oracle_has_what_will_be_needed_and_no_more() -> None:
    oracle = strategies.make("oracle", future={"streaming": OTHER})
    assert oracle.floor(seen(0)) == 11
    assert oracle.floor(seen(3600)) == 50
    assert oracle.floor(seen(0, service="web")) is None
