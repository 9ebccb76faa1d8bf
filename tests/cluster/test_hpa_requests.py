"""What utilization is measured against."""

from typing import Any

import pytest

from mela.cluster.hpa import requests


def container(name: str, **more: Any) -> dict[str, Any]:
    amounts = {key: more.pop(key) for key in ("cpu", "memory") if key in more}
    return {"name": name, "resources": {"requests": amounts}, **more}


def ask(pod: dict[str, Any], resource: str = "cpu", name: str = "", *, pod_level: bool = True) -> int:
    return requests.request_of(requests.read(pod), resource, name, pod_level=pod_level)


SIDECAR = container("proxy", cpu="50m", restartPolicy="Always")
FINISHED = container("setup", cpu=2)


def test_containers_and_sidecars_add_up_but_finished_ones_do_not() -> None:
    pod = {
        "containers": [container("app", cpu="0.1"), container("log", cpu="10m")],
        "initContainers": [FINISHED, SIDECAR],
    }
    assert ask(pod) == 160


def test_container_without_request_is_missed() -> None:
    with pytest.raises(requests.MissingRequest, match="log requests no cpu"):
        ask({"containers": [container("app", cpu=1), container("log")]})


def test_named_container_ignores_the_others_and_the_pod() -> None:
    pod = {"containers": [container("app", cpu=1), container("log")], "resources": {"requests": {"cpu": 5}}}
    assert ask(pod, name="app") == 1000
    with pytest.raises(requests.MissingRequest):
        ask(pod, name="log")
    with pytest.raises(requests.MissingRequest, match="no container is named web"):
        ask(pod, name="web")


def test_request_of_the_pod_replaces_those_of_its_containers() -> None:
    pod = {"containers": [container("app", cpu=1)], "resources": {"requests": {"cpu": 5}}, "overhead": {"cpu": "100m"}}
    assert ask(pod) == 5100
    assert ask(pod, pod_level=False) == 1000


def test_pod_that_requests_something_else_falls_back_to_what_the_scheduler_reserves() -> None:
    pod = {
        "containers": [container("app", cpu=1)],
        "initContainers": [container("first", cpu="100m"), SIDECAR, container("second", cpu=2)],
        "resources": {"requests": {"memory": "1Gi"}},
    }
    assert ask(pod) == 2050
    assert ask(pod, "memory") == 2**30 * 1000


def test_overhead_alone_is_a_request() -> None:
    pod = {"containers": [container("app")], "resources": {"requests": {"memory": 1}}, "overhead": {"cpu": 1}}
    assert ask(pod) == 1000
    with pytest.raises(requests.MissingRequest):
        ask({"containers": [container("app")], "resources": {"requests": {"memory": 1}}})


def test_pod_level_counts_only_for_resources_that_a_pod_can_request() -> None:
    pod = {"containers": [container("app", cpu=1)], "resources": {"requests": {"example.com/gpu": 1}}}
    assert ask(pod) == 1000
