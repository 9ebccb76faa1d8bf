"""A row that stands for many pods decides as the pods do, one by one."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster.hpa import metrics, normalize, observed, requests, spec, status, sync

NOW_MS = 1_000_000
ASKED = requests.PodRequests((requests.Container("app", {"cpu": 500}),))
TARGETS = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "200m"}}},
    {"type": "Pods", "pods": {"metric": {"name": "load"}, "target": {"type": "AverageValue", "averageValue": "7"}}},
    {
        "type": "Object",
        "object": {
            "metric": {"name": "load"},
            "describedObject": {"kind": "Ingress", "name": "main"},
            "target": {"type": "Value", "value": "9"},
        },
    },
]

cohorts: st.SearchStrategy[list[dict[str, object]]] = st.lists(
    st.builds(
        dict,
        count=st.integers(1, 9),
        phase=st.sampled_from(["Running", "Running", "Running", "Pending", "Failed"]),
        ready=st.sampled_from(["True", "True", "False", None]),
        started_ms=st.sampled_from([0, NOW_MS - 200_000, NOW_MS - 20_000]),
        ready_since_ms=st.sampled_from([5000, NOW_MS - 150_000, NOW_MS - 10_000]),
        terminating=st.booleans(),
        used=st.one_of(st.none(), st.integers(0, 2000)),
    ),
    min_size=1,
    max_size=6,
)


def decide(wanted: dict[str, object], rows: list[tuple[observed.Pod, int | None]]) -> sync.Decision:
    autoscaler = spec.read(
        {
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 500,
            "metrics": [wanted],
        }
    )
    at_ms = NOW_MS - 5000
    answers: dict[str, observed.Answer] = {
        "Resource": observed.Samples(
            [
                observed.PodSample(pod.name, at_ms, 15_000, {"app": {"cpu": used}})
                for pod, used in rows
                if used is not None
            ]
        ),
        "Pods": observed.PodValues({pod.name: used for pod, used in rows if used is not None}),
        "Object": observed.ObjectValue(12_345),
    }
    replicas = sum(pod.count for pod, _ in rows)
    seen = observed.Observed(
        observed.Scale(replicas, replicas, "app=web"), [pod for pod, _ in rows], [answers[autoscaler.metrics[0].source]]
    )
    return sync.sync(autoscaler, status.Status(), normalize.Memory(), seen, metrics.Flags(), NOW_MS)


@settings(max_examples=300)
@given(wanted=st.sampled_from(TARGETS), stated=cohorts)
def test_rows_with_counts_decide_as_their_pods_one_by_one(
    wanted: dict[str, object], stated: list[dict[str, object]]
) -> None:
    rows: list[tuple[observed.Pod, int | None]] = []
    each: list[tuple[observed.Pod, int | None]] = []
    for index, told in enumerate(stated):
        shape = dict(told)
        used = shape.pop("used")
        assert used is None or isinstance(used, int)
        row = observed.Pod(name=f"c{index}", requests=ASKED, **shape)  # type: ignore[arg-type]
        rows.append((row, used))
        each += [(replace(row, name=f"c{index}-{number}", count=1), used) for number in range(row.count)]
    grouped, single = decide(wanted, rows), decide(wanted, each)
    assert grouped.written == single.written
    assert grouped.proposal == single.proposal
    assert grouped.status.current_metrics == single.status.current_metrics
    assert [event.reason for event in grouped.events] == [event.reason for event in single.events]
