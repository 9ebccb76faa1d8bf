"""What somebody wants rehearsed, as plain values that travel between processes; read, it can be played again and again.

ready = plan.read(Plan(paths=("kubernetes/",), event="match-2019"))
trace = ready.play()
trace = ready.play(objects=changed)     # the same crowd on other manifests
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from mela.cluster import forecast, manifests
from mela.cluster.objects import System
from mela.rehearsal import (
    backtest,
    calls,
    coverage,
    engine,
    events,
    example,
    faults,
    leadin,
    overlays,
    strategies,
    system,
)
from mela.rehearsal.events.event import Event
from mela.rehearsal.model import Demand, Strategy, Trace
from mela.rehearsal.verdict.around import Around

NO_HISTORY = ("as-written", "cpu", "concurrency")
Progress = Callable[[int, int], None]
"""Hears ticks done and all ticks."""


class CannotRehearse(ValueError):
    """It can't be run as it was asked for; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One rehearsal. `graph` is a shipped call graph or a file; empty for the one that fits the workloads.

    `faults` as they are typed: `zone:ap-south-1b@+40m`. `quick` steps ten seconds at a time.
    """

    paths: tuple[str, ...]
    event: str
    graph: str = ""
    scale: float = 1.0
    faults: tuple[str, ...] = ()
    strategy: str = strategies.NAMES[0]
    seed: int = 0
    quick: bool = False

    def but(self, **changes: object) -> "Plan":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ready:
    """A plan that was read: its manifests, its event, who calls whom."""

    plan: Plan
    objects: System
    event: Event
    graph: calls.Graph
    left_out: tuple[str, ...] = ()
    """Overlays that stand in the folders and are not played."""
    gaps: tuple[coverage.Gap, ...] = ()
    """Actions of the event that nobody plays here."""

    @cached_property
    def asked(self) -> Demand:
        """All that the event asks for."""
        return self.event.demand(self.plan.scale, self.plan.seed)

    @cached_property
    def demand(self) -> Demand:
        """What of it is played."""
        return coverage.played(self.asked, self.graph)

    @property
    def not_rehearsed(self) -> tuple[tuple[coverage.Gap, float], ...]:
        """The gaps, each with how often it was asked for."""
        sums = dict(zip(self.asked.actions, self.asked.arrivals.sum(axis=0), strict=True))
        return tuple((gap, float(sums[gap.action])) for gap in self.gaps)

    @property
    def around(self) -> Around:
        return Around(self.objects, self.made_by)

    @property
    def made_by(self) -> Mapping[str, str]:
        """The workload of each service, `namespace/name`."""
        return {name: service.workload for name, service in self.graph.services.items() if service.workload}

    def play(
        self, objects: System | None = None, *, quick: bool | None = None, progress: Progress | None = None
    ) -> Trace:
        """One run. Raises: CannotRehearse."""
        plan = self.plan
        try:
            trace = engine.run(
                system.of(self.objects if objects is None else objects),
                leadin.before(self.demand),
                self.graph,
                faults=leadin.later([faults.parse(text) for text in plan.faults]),
                strategy=self._strategy(),
                seed=plan.seed,
                quick=plan.quick if quick is None else quick,
                progress=progress,
            )
        except ValueError as error:
            raise CannotRehearse(str(error)) from error
        return leadin.without(trace)

    def _strategy(self) -> Strategy:
        """Those that look back know the other events of the family, at the size of one's own; the oracle knows what comes."""
        name = self.plan.strategy
        if name in NO_HISTORY:
            return strategies.make(name)
        learnt: dict[str, list[forecast.Shape]] = {}
        for other in self._others():
            size = self.plan.scale * (
                1.0 if self.event.name in events.names() else self.event.main.peak.value / other.main.peak.value
            )
            for service, shape in backtest.recorded(
                coverage.played(other.demand(size), self.graph), self.graph
            ).items():
                learnt.setdefault(service, []).append(shape)
        return strategies.make(name, learnt, backtest.recorded(self.demand, self.graph))

    def _others(self) -> Iterator[Event]:
        """Other events of the family that really happened, and whose actions are played."""
        left_out = {gap.action for gap in self.gaps}
        for other in map(events.load, events.names()):
            alike = other.family == self.event.family and other.name != self.event.name and not other.stress
            if alike and set(other.actions) - left_out <= self.graph.actions.keys():
                yield other


def read(plan: Plan) -> Ready:
    """Raises: CannotRehearse, reading.Unusable, faults.Unknown."""
    for text in plan.faults:
        faults.parse(text)
    paths, left_out = overlays.without(plan.paths)
    objects = _objects(paths)
    event = events.load(plan.event)
    graph = calls.load(plan.graph) if plan.graph else _fitting(objects, event, _shipped())
    here = _workloads(objects)
    gaps = coverage.gaps(graph, here, tuple(event.actions))
    if len(gaps) == len(event.actions):
        says = "; ".join(f"{gap.action}: {gap.why}" for gap in gaps)
        raise CannotRehearse(f"Nobody plays {event.title} here. {says}. The workloads are {_some(here)}.")
    return Ready(plan, objects, event, coverage.playable(graph, here), left_out, gaps)


def playable(paths: tuple[str, ...], among: Sequence[Event]) -> list[Event]:
    """Those events that can be rehearsed on manifests with a shipped call graph.

    Raises: CannotRehearse.
    """
    objects, graphs = _objects(overlays.without(paths)[0]), _shipped()
    found = []
    for event in among:
        with suppress(CannotRehearse):
            _fitting(objects, event, graphs)
            found.append(event)
    return found


def _shipped() -> list[calls.Graph]:
    return [calls.load(name) for name in calls.names()]


def _objects(paths: tuple[str, ...]) -> System:
    try:
        found = manifests.read(paths)
    except FileNotFoundError as error:
        raise CannotRehearse(f"{error} is not there.") from error
    if found and found[0].mishaps:
        first = found[0].mishaps[0]
        raise CannotRehearse(f"{first.source.file}:{first.source.line}: {first.says}. `mela verify` says more.")
    if not found or not len(found[0]):
        raise CannotRehearse(f"There are no Kubernetes objects in {', '.join(paths)}.")
    return found[0]


def _fitting(objects: System, event: Event, graphs: Sequence[calls.Graph]) -> calls.Graph:
    """The call graph with the most workloads among the objects, and the event's actions; of equals the first.

    Raises: CannotRehearse.
    """
    here = _workloads(objects)
    able = [graph for graph in graphs if set(event.actions) <= graph.actions.keys()]
    scored = [(sum(one.workload in here for one in graph.services.values()), graph) for graph in able]
    matches, best = max(scored, key=lambda pair: pair[0], default=(0, None))
    if best is None or not matches:
        is_shown = event.name in events.names() and example.of(event.family)
        shown = f" An example that comes with Mela: mela rehearse --event {event.name}" if is_shown else ""
        raise CannotRehearse(
            f"No call graph fits these workloads ({_some(here)}) and this event's actions ({', '.join(event.actions)}): "
            "say who calls whom with --calls FILE. Actions that it does not have are told, and the others played; "
            f"docs/guides/rehearse.md shows one, `mela calibrate` measures its figures.{shown}"
        )
    return best


def _workloads(objects: System) -> set[str]:
    things = objects.kind("Deployment", "StatefulSet", "Rollout.argoproj.io")
    return {f"{thing.namespace}/{thing.name}" for thing in things}


def _some(workloads: set[str], most: int = 8) -> str:
    named = sorted(workloads)
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more or "none"
