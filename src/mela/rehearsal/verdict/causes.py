"""Why users were harmed: what the engine said, and where it said nothing what the series show.

Of several mechanisms at work the one nearest to the root comes first, by the order of `data/mechanisms.yaml`: an
autoscaler at its maximum explains a saturated CPU, not the other way round.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mela.cluster.objects import Object, dig
from mela.rehearsal.model import Field, Happening, Trace
from mela.rehearsal.verdict import fields, mechanisms
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.harm import Mask, stretches
from mela.rehearsal.verdict.model import Cause, Harm

BEFORE_S = 600
"""What set in this long before the harm may be its cause."""
LASTING_S = 30
FAULT, OVER = "fault", "is over"
"""How the engine says that a fault begins, and how its words end when it ends."""
NEAR_LIMIT = 0.97
"""Usage this near to its limit cannot grow with the crowd."""


def of(trace: Trace, around: Around, harms: Sequence[Harm]) -> tuple[Cause, ...]:
    """Causes, the root first; always at least one."""
    first, last = min(harm.first_s for harm in harms), max(harm.last_s for harm in harms)
    services = list(dict.fromkeys(harm.service for harm in sorted(harms, key=lambda harm: harm.first_s)))
    found: dict[tuple[str, str], Cause] = {}
    for cause in (
        *_said(trace, around, services, first - BEFORE_S, last),
        *_shown(trace, around, services, first, last),
    ):
        found.setdefault((cause.mechanism, cause.service), cause)
    ranks = mechanisms.every()
    order = sorted(found.values(), key=lambda cause: (ranks[cause.mechanism].rank, _place(services, cause), cause.at_s))
    return tuple(order) or (Cause("overload", first, services[0]),)


def trigger(trace: Trace, first: int, last: int) -> Happening | None:
    """The last fault that began before harm did, or while it lasted."""
    faults = [
        one
        for one in trace.happenings
        if one.kind == FAULT and not one.text.endswith(OVER) and first - BEFORE_S <= one.at_s <= last
    ]
    return max((one for one in faults if one.at_s <= first), key=lambda one: one.at_s, default=next(iter(faults), None))


def _place(services: list[str], cause: Cause) -> int:
    return services.index(cause.service) if cause.service in services else len(services)


def _said(trace: Trace, around: Around, services: Sequence[str], first: int, last: int) -> Iterator[Cause]:
    """What the engine said. It names a service, or the workload of one, or nobody when all are meant."""
    kinds = mechanisms.by_kind()
    known = {"": "", **{around.made_by.get(service, service): service for service in services}}
    known |= {service: service for service in services}
    for happening in trace.happenings:
        is_then = happening.at_s <= last and max(happening.at_s, happening.until_s) >= first
        if is_then and happening.kind in kinds and happening.service in known:
            mechanism = kinds[happening.kind].name
            yield Cause(mechanism, happening.at_s, known[happening.service], happening.field, said=happening.text)


@dataclass(frozen=True, slots=True)
class _Scene:
    """A service while it was harmed. `maximum` is its autoscaler's, None without one; `by_cpu`: it looks at CPU."""

    trace: Trace
    column: int
    first: int
    last: int
    maximum: int | None
    by_cpu: bool

    def series(self, name: str) -> Any:
        """A series of the service, over the scene."""
        return getattr(self.trace.services, name)[self.first : self.last + 1, self.column]

    def when(self, condition: Mask) -> int | None:
        """The first second at which a condition held for `LASTING_S`."""
        lasting = ((begin, end) for begin, end in stretches(condition, gap_s=1) if end - begin + 1 >= LASTING_S)
        return next((self.first + begin for begin, _ in lasting), None)

    @property
    def overloaded(self) -> Mask:
        return np.asarray(self.series("offered") > self.series("capacity"))


def _shown(trace: Trace, around: Around, services: list[str], first: int, last: int) -> Iterator[Cause]:
    for service in services:
        column = trace.services.names.index(service)
        autoscaler = around.autoscaler(service)
        maximum = autoscaler.get("spec", "maxReplicas") if autoscaler else None
        scene = _Scene(
            trace,
            column,
            max(0, first - LASTING_S),
            last,
            maximum if isinstance(maximum, int) else None,
            autoscaler is not None and _looks_at_cpu(autoscaler),
        )
        for mechanism, sign in SIGNS.items():
            at = sign(scene)
            if at is not None:
                told = [one for one in _said(trace, around, [service], 0, last) if one.mechanism == mechanism]
                place = next((one.field for one in told if one.field), None) or _field(around, service, mechanism)
                said = told[-1].said if told else ""
                yield Cause(mechanism, at, service, place, int(trace.services.desired[at, column]), said)


def _looks_at_cpu(autoscaler: Object) -> bool:
    """Among its metrics is CPU, which is also what an autoscaler without any looks at."""
    metrics = autoscaler.get("spec", "metrics") or [{"resource": {"name": "cpu"}}]
    kinds = ("resource", "containerResource")
    return any(dig(each, kind, "name") == "cpu" for each in metrics for kind in kinds)


def _field(around: Around, service: str, mechanism: str) -> Field | None:
    """The first field that the mechanism's changes name and that is written."""
    written = (
        Field(thing, path)
        for candidate in mechanisms.every()[mechanism].candidates
        for thing in around.objects(candidate.object, service)
        for path in fields.paths(thing, candidate)
        if thing.get(*path) is not None
    )
    return next(written, None)


def _quota(scene: _Scene) -> int | None:
    return scene.when(scene.series("refused") > 0)


def _nodes(scene: _Scene) -> int | None:
    return scene.when(scene.series("pending") > 0)


def _maximum(scene: _Scene) -> int | None:
    if scene.maximum is None:
        return None
    return scene.when((scene.series("ready") >= scene.maximum) & scene.overloaded)


def _no_autoscaler(scene: _Scene) -> int | None:
    return scene.when(scene.overloaded) if scene.maximum is None else None


def _saturated(scene: _Scene) -> int | None:
    if not scene.by_cpu:
        return None
    limit = scene.series("cpu_limit_m")
    full = (limit > 0) & (scene.series("cpu_used_m") >= NEAR_LIMIT * limit)
    none_coming = scene.series("starting") + scene.series("pending") == 0
    return scene.when(full & none_coming)


def _starting(scene: _Scene) -> int | None:
    return scene.when((scene.series("starting") > 0) & scene.overloaded)


SIGNS: dict[str, Callable[[_Scene], int | None]] = {
    "quota-refused": _quota,
    "no-node-fits": _nodes,
    "max-replicas": _maximum,
    "usage-saturated": _saturated,
    "slow-start": _starting,
    "no-autoscaler": _no_autoscaler,
}
"""What each mechanism looks like in the series of a service: the second at which it set in, or None."""
