"""Looks at the run now and then and says what happens, with the field of the manifest that decides."""

import math
from collections.abc import Mapping

import numpy as np

from mela.cluster.hpa import sync
from mela.rehearsal import calls
from mela.rehearsal.engine import planned, series
from mela.rehearsal.engine.pods import Fleet
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.model import Field, Floats

EVERY_S = 5
"""Steps between two looks."""
FULL = 0.98
"""From this share of the limit on CPU counts as saturated."""
NOTABLE = 0.01
"""Shares of requests below this are not worth a sentence."""


class Watch:
    """The run's observer. It changes nothing."""

    def __init__(self, stage: Stage) -> None:
        self.every_s = EVERY_S * stage.step_s
        self.stage = stage

    # ---- autoscalers

    def scaled(self, scaler: Autoscaler, before: int, decision: sync.Decision, now_s: float) -> None:
        index = decision.winner
        path = ("metrics", index) if index is not None else ("minReplicas",)
        text = f"from {before} to {decision.written} replicas" + (f": {decision.cause}" if decision.cause else "")
        self.stage.log.say(now_s, "scaled", self._name(scaler.fleet), text, _of(scaler, *path))

    def floored(self, scaler: Autoscaler, before: int, now_s: float) -> None:
        text = f"{self.stage.strategy.name} moves the floor from {before} to {scaler.spec.min_replicas} replicas"
        self.stage.log.say(now_s, "floor-raised", self._name(scaler.fleet), text, _of(scaler, "minReplicas"))

    def synced(self, scaler: Autoscaler, now_s: float) -> None:
        name, log = self._name(scaler.fleet), self.stage.log
        if failure := scaler.failure():
            log.once(now_s, "metric-missing", name, failure, _of(scaler, "metrics"))
        wants = scaler.last.proposal if scaler.last else None
        match scaler.limit():
            case "TooManyReplicas":
                text = f"the metric asks for {wants} replicas, maxReplicas is {scaler.spec.max_replicas}"
                log.once(now_s, "at-maximum", name, text, _of(scaler, "maxReplicas"))
            case "ScaleUpLimit":
                text = (
                    f"the metric asks for {wants} replicas, the scaling policies allow {scaler.fleet.desired} for now"
                )
                log.once(now_s, "scale-up-limited", name, text, _of(scaler, "behavior", "scaleUp"))

    # ---- services

    def look(self, now_s: float) -> None:
        """Look at the last tick, and again in a few seconds."""
        stage = self.stage
        row = max(0, (int(now_s) - 1) // stage.step_s)
        last = series.glance(stage.flow, row)
        offered = np.maximum(last["offered"], 1e-9)
        asked = last["offered"] > 0.5
        for index in np.flatnonzero(asked & (last["shed"] > NOTABLE * offered)):
            self._shedding(int(index), last, now_s)
        for index in np.flatnonzero(asked & (last["failed"] > NOTABLE * offered)):
            self._failing(int(index), last, row, now_s)
        for index in np.flatnonzero(asked & (last["offered"] > last["capacity"])):
            self._overloaded(int(index), last, now_s)
        self._saturated(last, now_s)
        self._calls(now_s)
        self._pools(now_s)
        self._bandwidth(now_s)
        stage.world.agenda.at(now_s + self.every_s, self.look)

    def _saturated(self, last: Mapping[str, Floats], now_s: float) -> None:
        """More CPU is asked for than the pods may use, and an autoscaler that looks at CPU cannot see how much more."""
        for scaler in self.stage.scalers:
            index, fleet = scaler.pipeline.service, scaler.fleet
            limit_m = fleet.workload.limit_cpu_m * fleet.number("ready")
            each_m, proposed = scaler.target_cpu_m(), scaler.last.proposal if scaler.last else None
            if index < 0 or not limit_m or not each_m or proposed is None:
                continue
            asked_m = float(last["cpu_asked_m"][index])
            needed = math.ceil(asked_m / each_m)
            if last["cpu_used_m"][index] >= FULL * limit_m and asked_m > limit_m and proposed < needed:
                text = (
                    f"CPU is at its limit of {fleet.workload.limit_cpu_m}m per pod while {last['offered'][index]:.0f} requests/s "
                    f"meet a capacity of {last['capacity'][index]:.0f}: utilisation cannot show more than {self._most(fleet)}, "
                    f"so {proposed} replicas are asked for where the target needs {needed}"
                )
                self.stage.log.once(
                    now_s, "usage-saturated", self._service(index), text, fleet.workload.resource("limits", "cpu")
                )

    def _most(self, fleet: Fleet) -> str:
        request = fleet.workload.request_cpu_m
        return f"{100 * fleet.workload.limit_cpu_m / request:.0f} %" if request else "its limit"

    def _shedding(self, index: int, last: Mapping[str, Floats], now_s: float) -> None:
        share = last["shed"][index] / last["offered"][index]
        text = f"{share:.0%} of {last['offered'][index]:.0f} requests/s are refused: the queue is full"
        self.stage.log.once(now_s, "shed", self._service(index), text, self._bound(index))

    def _failing(self, index: int, last: Mapping[str, Floats], row: int, now_s: float) -> None:
        if not last["capacity"][index]:
            fleet = self._fleet(index)
            field = fleet.workload.field("replicas") if fleet else None
            self.stage.log.once(now_s, "no-ready-pods", self._service(index), "no replica is ready", field)
            return
        share = last["failed"][index] / last["offered"][index]
        p99_s = float(series.of(self.stage.flow, row, row + 1)["p99_s"][0, index])
        kind = "slow" if p99_s > 1.0 else "failing"
        text = f"{share:.0%} of {last['offered'][index]:.0f} requests/s fail; the 99th percentile is {p99_s:.2g} s"
        self.stage.log.once(now_s, kind, self._service(index), text, self._bound(index))

    def _overloaded(self, index: int, last: Mapping[str, Floats], now_s: float) -> None:
        what = self.stage.network.services[index]
        text = f"{last['offered'][index]:.0f} requests/s are offered, {last['capacity'][index]:.0f} can be served"
        kind = "database-ceiling" if what.is_outside else "overload"
        if self.stage.flow.on_line[index]:
            kind, text = "bandwidth-exhausted", f"{text}: all of {what.mbps:g} Mbit/s {self._each(what)}is in use"
        self.stage.log.once(now_s, kind, what.name, text, self._bound(index))

    def _each(self, what: calls.Service) -> str:
        return "" if what.is_outside else "per pod "

    def _calls(self, now_s: float) -> None:
        """Retries and breakers, by the service that is called."""
        attempts, network = self.stage.flow.attempts, self.stage.network
        heavy = np.flatnonzero((attempts.retried > 0.2 * attempts.sent) & (attempts.sent > 1.0))
        for edge in heavy:
            callee = int(network.service_of[network.callee[edge]])
            text = f"{attempts.retried[edge] / attempts.sent[edge]:.0%} of the calls to {network.calls[edge].to} are repeated attempts"
            self.stage.log.once(now_s, "retry-storm", self._service(callee), text)
        for edge in np.flatnonzero(attempts.open_until > now_s):
            text = f"calls to {network.calls[edge].to} are stopped: {attempts.failing[edge]:.0%} of them failed"
            self.stage.log.once(
                now_s, "breaker-open", self._service(int(network.service_of[network.callee[edge]])), text
            )

    def _pools(self, now_s: float) -> None:
        """Pools whose connections would all be in use at what the callers now do."""
        flow, network = self.stage.flow, self.stage.network
        for edge in flow.pooled:
            caller = int(network.service_of[network.caller[edge]])
            rate = flow.attempts.sent[edge] / flow.step_s
            held = rate * min(flow.mean[network.callee[edge]], network.timeout_s[edge])
            most = flow.supply.pods[caller] * network.pool[edge]
            if most and held >= FULL * most:
                text = f"all {network.pool[edge]:.0f} connections per pod to {network.calls[edge].to} are in use"
                self.stage.log.once(now_s, "pool-exhausted", self._service(caller), text)

    def _bandwidth(self, now_s: float) -> None:
        stage, most = self.stage, self.stage.graph.ceiling_gbps * 1000
        if most:
            at = min(stage.demand.ticks - 1, int(now_s))
            levels = {name: each[at : at + 1] for name, each in stage.levels.items()}
            asked = float(planned.bandwidth(levels, stage.graph, 1)[0])
            if asked > most:
                text = f"{asked / 1000:.0f} Gbit/s are asked for, there are {most / 1000:.0f}: each picture gets {most / asked:.0%} of its bitrate"
                stage.log.once(now_s, "picture-worse", "", text)

    def _bound(self, index: int) -> Field | None:
        """The field that bounds a service's replicas."""
        fleet = self._fleet(index)
        if fleet is None:
            return None
        scaler = fleet.workload.scaler
        return scaler.field("maxReplicas") if scaler else fleet.workload.field("replicas")

    def _fleet(self, index: int) -> Fleet | None:
        return self.stage.world.by_name.get(self.stage.network.services[index].workload)

    def _service(self, index: int) -> str:
        return self.stage.network.services[index].name

    def _name(self, fleet: Fleet) -> str:
        found = self.stage.world.services.get(fleet.workload.name)
        return found[1].name if found else fleet.workload.name


def _of(scaler: Autoscaler, *path: str | int) -> Field | None:
    written = scaler.fleet.workload.scaler
    return written.field(*path) if written else None
