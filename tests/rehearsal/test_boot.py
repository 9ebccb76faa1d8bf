"""From a container's start to a ready pod: CPU at the limit, then probes."""

import pytest

from mela.rehearsal import calls
from mela.rehearsal.engine.boots import boot_s
from tests.rehearsal import kit

PROBE = {"httpGet": {"path": "/", "port": 80}}


def boots(**probes: object) -> float:
    """A start of two CPU seconds at half a core."""
    container = {"resources": {"limits": {"cpu": "500m"}}, "readinessProbe": None, **probes}
    workload = kit.web(container=container).workloads["shop/web"]
    return boot_s(workload, calls.Service("web", {}, "shop/web", start_s=1, start_cpu_s=2.05))


def test_a_limit_of_half_a_core_doubles_the_cpu_of_a_start() -> None:
    assert boots() == pytest.approx(4.1)


def test_a_probe_passes_at_its_next_turn() -> None:
    assert boots(readinessProbe={**PROBE, "periodSeconds": 3}) == 6


def test_readiness_is_asked_at_once_when_the_start_up_probe_has_passed() -> None:
    startup = {**PROBE, "periodSeconds": 1}
    assert boots(startupProbe=startup, readinessProbe={**PROBE, "periodSeconds": 3}) == 5
    assert boots(startupProbe=startup, readinessProbe={**PROBE, "periodSeconds": 3, "successThreshold": 2}) == 8
    assert boots(startupProbe=startup, readinessProbe={**PROBE, "initialDelaySeconds": 9}) == 9
