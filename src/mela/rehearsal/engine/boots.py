"""How long a container boots until its probes have passed, and what that burns."""

from mela.rehearsal import calls
from mela.rehearsal.system import Workload


def boot_s(workload: Workload, what: calls.Service, factor: float = 1.0) -> float:
    """Seconds from a container's start until its probes have passed; its limit makes the start longer, never shorter.

    Readiness is asked as soon as the start-up probe has passed. Source: kubernetes v1.36.3, pkg/kubelet/prober/prober_manager.go,
    UpdatePodStatus (manualTriggerCh), read 2026-11-26.
    """
    cores = workload.limit_cpu_m / 1000 if workload.limit_cpu_m else 1e9
    boot = max(what.start_s, what.start_cpu_s / max(min(cores, what.workers or 1e9), 0.001)) * factor
    startup, readiness = workload.startup, workload.readiness
    if startup:
        boot = startup.passed_s(boot)
    if readiness and startup:
        return max(boot, float(readiness.delay_s)) + (readiness.successes - 1) * readiness.period_s
    return readiness.passed_s(boot) if readiness else boot


def burn_m(what: calls.Service) -> float:
    """Millicores of one pod while it boots."""
    return what.start_cpu_s * 1000 / max(what.start_s, 1.0)
