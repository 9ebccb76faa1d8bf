"""A service under a demand: it scales, it saturates, it loses nobody from the account."""

import numpy as np
import pytest
import yaml

from mela.rehearsal import calls, engine
from mela.rehearsal.engine import delays, happenings, series
from mela.rehearsal.engine.run import Run
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.model import Trace
from tests.rehearsal import kit


def same(left: Trace, right: Trace) -> bool:
    names = [name for name in left.services.__dataclass_fields__ if name != "names"]
    series = all(np.array_equal(getattr(left.services, name), getattr(right.services, name)) for name in names)
    said = [(each.at_s, each.kind, each.service, each.text) for each in left.happenings]
    return series and said == [(each.at_s, each.kind, each.service, each.text) for each in right.happenings]


def test_an_autoscaler_follows_a_ramp_and_nobody_is_lost() -> None:
    trace = engine.run(kit.web(), kit.ramp(150, 1500), kit.graph())
    assert trace.services.desired[0, 0] == 4
    assert trace.services.ready[-1, 0] >= 25
    assert kit.share_lost(trace) < 0.001
    assert {"scaled"} <= kit.kinds(trace)


def test_same_seed_same_bytes_another_seed_others() -> None:
    first, again, other = (engine.run(kit.web(), kit.ramp(150, 2500), kit.graph(), seed=seed) for seed in (3, 3, 4))
    assert same(first, again)
    assert not same(first, other)


def test_offered_and_waiting_before_equal_served_shed_failed_and_waiting() -> None:
    trace = engine.run(kit.web(), kit.ramp(150, 6000, over_s=60), kit.graph(queue=20))
    assert trace.services.shed.sum() > 0
    assert trace.services.failed.sum() > 0
    assert kit.unbalanced(trace) < 1e-9


def test_usage_never_exceeds_the_limit_and_saturation_is_said_with_the_field_that_bounds_it() -> None:
    trace = engine.run(kit.web(), kit.ramp(150, 6000, over_s=60), kit.graph())
    assert (trace.services.cpu_used_m <= trace.services.cpu_limit_m + 1e-6).all()
    said = next(each for each in trace.happenings if each.kind == "usage-saturated")
    assert said.field is not None
    assert said.field.path[-2:] == ("limits", "cpu")


def test_a_saturated_cpu_metric_cannot_ask_for_more_than_limit_over_target() -> None:
    """The law of saturation: each decision multiplies pods by at most limit / (request x target), here 1000/(500 x 0.6)."""
    trace = engine.run(kit.web(), kit.ramp(300, 9000, over_s=1), kit.graph())
    steps = trace.services.desired[1:, 0] / trace.services.desired[:-1, 0]
    assert steps.max() <= 1000 / (500 * 0.6) + 0.5
    assert "at-maximum" in kit.kinds(trace)


def test_what_a_service_serves_agrees_with_littles_law() -> None:
    """Waiting = arrivals x mean wait, at a steady load of 0.8 of one-core pods: M/M/1 per pod."""
    trace = engine.run(kit.web(hpa=None, spec={"replicas": 10}), kit.demand(np.full(600, 800.0)), kit.graph())
    each = trace.services
    waiting = float(each.waiting[-1, 0])
    assert waiting == pytest.approx(10 * 0.8**2 / (1 - 0.8), rel=0.02)


def test_actions_that_the_graph_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="has no action watch; it has page"):
        engine.run(kit.web(), kit.demand(np.ones(10), action="watch"), kit.graph())


def test_workloads_that_the_manifests_lack_are_refused() -> None:
    with pytest.raises(ValueError, match="service web is shop/other, but the manifests' workloads are shop/web"):
        engine.run(kit.web(), kit.demand(np.ones(10)), kit.graph(workload="shop/other"))


def test_progress_ends_at_the_end() -> None:
    seen: list[tuple[int, int]] = []
    engine.run(kit.web(), kit.demand(np.ones(700)), kit.graph(), progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (700, 700)


def test_every_kind_that_is_said_stands_in_the_table() -> None:
    with pytest.raises(KeyError, match="is no kind of happening"):
        happenings.Log().say(0, "no-such-kind", "", "text")


def test_a_pool_that_is_full_is_named_and_a_full_line_makes_pictures_worse() -> None:
    graph = calls.parse(
        yaml.safe_dump(
            {
                "name": "pool",
                "mark": "assumption",
                "source": "test",
                "ceiling_gbps": 0.001,
                "levels": {"viewers": {"mbps": 1}},
                "services": {
                    "db": {"ceiling_per_s": 10000, "servers": 500, "operations": {"read": {"wait_ms": 100}}},
                    "web": {
                        "workload": "shop/web",
                        "operations": {"page": {"cpu_ms": 1, "calls": [{"to": "db.read", "pool": 2}]}},
                    },
                },
                "actions": {"page": {"calls": [{"to": "web.page"}]}},
            }
        )
    )
    viewers = {"viewers": np.full(300, 50.0)}
    made = kit.web(hpa=None, spec={"replicas": 4})
    trace = engine.run(made, kit.demand(np.full(300, 200.0), levels=viewers), graph)
    assert {"pool-exhausted", "picture-worse"} <= kit.kinds(trace)
    assert trace.quality[-1] == pytest.approx(1 / 50)  # one Mbit/s for fifty viewers who want one each
    assert trace.bandwidth_mbps[-1] == pytest.approx(1.0)
    assert trace.services.offered[-1, 0] == pytest.approx(4 * 2 / 0.1, rel=0.05)


def test_requests_in_a_service_are_its_rate_times_its_time_and_nobody_is_counted_twice() -> None:
    """Little's law at a load of 0.8: ten M/M/1 pods hold 10 x 0.8 / 0.2 requests, and those that wait of their own 5 ms besides."""
    graph, made = kit.graph(metrics={"inside": {"of": "concurrency"}}), kit.web(hpa=None, spec={"replicas": 10})
    stage = Stage(made, kit.demand(np.full(600, 800.0)), graph, engine.AS_WRITTEN, 1, 1, delays.on(kit.START.date()))
    Run(stage).go(None)
    assert float(series.concurrency(stage.flow, 0, 590, 600).mean()) == pytest.approx(
        10 * 0.8 / 0.2 + 800 * 0.005, rel=0.02
    )
