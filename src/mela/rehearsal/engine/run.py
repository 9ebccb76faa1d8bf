"""The run: ticks of requests, and between them whatever is due in the cluster."""

from collections.abc import Callable
from typing import TypeAlias

from mela.rehearsal.engine import seen
from mela.rehearsal.engine.delays import Clock
from mela.rehearsal.engine.memory import Memory
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.engine.watch import Watch

Progress: TypeAlias = Callable[[int, int], None]
"""Called now and then with the ticks that are done and all ticks."""
QUICK_S = 10
"""Seconds per step of a quick rehearsal."""
PRIMING = 30
"""Steps at the first second's demand before the first second, so that queues and calls are under way."""
REPORT_EVERY = 600
ALIKE_S, QUICK_ALIKE_S = 330.0, 60.0
"""Pods that have been ready for so long stand as one. The autoscaler takes them for alike once a whole window of samples lies
behind their readiness; only the order in which they are deleted tells them apart for longer."""


class Run:
    """Moves a stage through time."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.watch = stage, Watch(stage)

    def go(self, progress: Progress | None) -> None:
        """Play it from the first tick to the last."""
        self._begin()
        ticks, step, world = self.stage.demand.ticks, self.stage.step_s, self.stage.world
        stage, flow = self.stage, self.stage.flow
        stage.changed(0.0)
        for _ in range(PRIMING):
            flow.tick(0, 0.0, stage.asked[0])
        for row, t in enumerate(range(0, ticks, step)):
            if world.agenda.next_s() <= t:
                world.agenda.advance(t)
                stage.changed(t)
            stage.tick(row, t)
            if progress is not None and t % REPORT_EVERY < step:
                progress(t, ticks)
        if progress is not None:
            progress(ticks, ticks)

    def _begin(self) -> None:
        stage, world = self.stage, self.stage.world
        world.settle()
        for each in stage.scalers:
            every = int(stage.delays["autoscaler"]["every"])
            drawn = float(world.luck("sync", each.fleet.workload.name).integers(1, every + 1))
            clock = stage.delays.clock("autoscaler", drawn)
            world.agenda.at(clock.first_s(), self._syncing(each, clock))
            world.agenda.at(0.0, self._flooring(each))
        if stage.provisioner:
            world.agenda.at(1.0, stage.provisioner.scan)
        world.agenda.at(float(self.watch.every_s), self.watch.look)
        memory = Memory(stage)
        if memory.bound:
            world.agenda.at(float(memory.every_s), memory.look)

    def _syncing(self, scaler: Autoscaler, clock: Clock) -> Callable[[float], None]:
        world = self.stage.world
        stage = self.stage

        def due(now_s: float) -> None:
            if stage.step_s > 1 and scaler.is_at_rest(now_s, stage.busy(scaler.pipeline.service)):
                world.agenda.at(clock.after(now_s), due)
                return
            scaler.fleet.merge(now_s - (ALIKE_S if stage.step_s == 1 else QUICK_ALIKE_S))
            before = scaler.fleet.desired
            decision = scaler.sync(now_s)
            if decision.written is not None:
                self.watch.scaled(scaler, before, decision, now_s)
                self.stage.world.scale(scaler.fleet, decision.written, now_s)
            self.watch.synced(scaler, now_s)
            self.stage.world.agenda.at(clock.after(now_s), due)

        return due

    def _flooring(self, scaler: Autoscaler) -> Callable[[float], None]:
        """Ask the strategy for a floor now and then."""
        index, what = self.stage.world.services.get(scaler.fleet.workload.name, (-1, None))
        least = scaler.spec.min_replicas

        def due(now_s: float) -> None:
            if what is not None:
                floor = self.stage.strategy.floor(seen.of(self.stage, scaler, index, now_s))
                if floor is not None and max(least, floor) != scaler.spec.min_replicas:
                    before = scaler.spec.min_replicas
                    scaler.raise_floor(max(least, floor))
                    self.watch.floored(scaler, before, now_s)
            self.stage.world.agenda.at(now_s + self.stage.strategy.every_s, due)

        return due
