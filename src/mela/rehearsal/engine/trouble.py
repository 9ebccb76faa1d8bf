"""What the engine makes of each kind of fault. Every function arranges for its beginning and its end, and says both."""

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np

from mela.cluster import tables
from mela.rehearsal import faults
from mela.rehearsal.engine import drains, losses
from mela.rehearsal.engine.stage import Stage

RETURN_S = 120
"""Within so many seconds a city is back after a power cut."""


def plant(stage: Stage, fault: faults.Fault) -> None:
    """Arrange for a fault to happen. Raises: ValueError for one that does not fit the event or the manifests."""
    at_s = fault.at_s(stage.demand)
    DOES[fault.kind](stage, fault, at_s)


def _between(
    stage: Stage,
    fault: faults.Fault,
    at_s: int,
    service: str,
    begin: Callable[[float], None],
    end: Callable[[float], None],
) -> None:
    """Let something hold from the beginning to the end of a fault."""
    does = faults.KINDS[fault.kind].does

    def begins(now_s: float) -> None:
        stage.log.say(now_s, "fault", service, f"{fault.text}: {does}")
        begin(now_s)
        stage.supply.touched = True

    def ends(now_s: float) -> None:
        stage.log.say(now_s, "fault", service, f"{fault.text} is over")
        end(now_s)
        stage.supply.touched = True

    stage.world.agenda.at(float(at_s), begins)
    stage.world.agenda.at(at_s + fault.lasts_s, ends)


def _service(stage: Stage, fault: faults.Fault) -> int:
    """The index of the service that a fault names."""
    names = [each.name for each in stage.network.services]
    if fault.what not in names:
        raise ValueError(f"fault {fault.text!r}: there is no service {fault.what!r}; there are {', '.join(names)}")
    return names.index(fault.what)


def _zone(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    nodes, provisioner = stage.world.nodes, stage.provisioner
    if nodes is None or provisioner is None or not any(nodes.zones):
        raise ValueError(
            f"fault {fault.text!r}: the manifests declare no node groups with zones, so no zone can be lost"
        )
    if fault.what not in nodes.zones:
        raise ValueError(f"fault {fault.text!r}: there is no zone {fault.what!r}; there are {', '.join(nodes.zones)}")
    zone = nodes.zones.index(fault.what)
    ends_s = at_s + fault.lasts_s

    def begin(now_s: float) -> None:
        provisioner.dry_until[nodes.zone_of_spot == zone] = ends_s
        losses.lose(stage.world, nodes, (nodes.zone == zone) & ~nodes.gone, now_s, fault.what)

    def end(now_s: float) -> None:
        losses.regain(stage.world, nodes, (nodes.zone == zone) & nodes.lost, now_s)

    _between(stage, fault, at_s, "", begin, end)


def _power_cut(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    """Takes the share out of the demand beforehand, and puts those who come back in again."""
    shares = _cities(stage.demand.start.date())
    share = fault.share or shares.get(fault.what, 0.0)
    if not share:
        known = ", ".join(shares)
        raise ValueError(
            f"fault {fault.text!r}: no share of the crowd is known for {fault.what!r}; known are {known}, or write {fault.what}=5%"
        )
    ends = min(stage.demand.ticks, int(at_s + fault.lasts_s))
    back = slice(ends, min(stage.demand.ticks, ends + RETURN_S))
    missing = np.zeros(stage.demand.ticks)
    missing[at_s:ends] = share
    missing[back] = share * np.linspace(1.0, 0.0, back.stop - back.start)
    stage.asked = stage.asked * (1.0 - missing)[:, None]
    for level, series in stage.levels.items():
        stage.levels[level] = series * (1.0 - missing)
        returns = stage.graph.levels[level].returns if level in stage.graph.levels else ""
        if returns in stage.actions:
            stage.asked[back, stage.actions.index(returns)] += share * series[back] / RETURN_S
    _between(stage, fault, at_s, "", lambda _: None, lambda _: None)


def _cities(on: date) -> Mapping[str, float]:
    rows = sorted(tables.of("cities", "mela.rehearsal"), key=lambda each: each["effective_from"])
    held: Mapping[str, float] = ([each for each in rows if each["effective_from"] <= on] or rows[:1])[-1]["share"]
    return held


def _network(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    index, supply = _service(stage, fault), stage.supply

    def change(sign: int) -> Callable[[float], None]:
        def now(_: float) -> None:
            supply.extra_s[index] += sign * fault.delay_s
            supply.lost[index] += sign * fault.share

        return now

    _between(stage, fault, at_s, fault.what, change(1), change(-1))


def _rate(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    index, supply = _service(stage, fault), stage.supply

    def begin(_: float) -> None:
        supply.rate[index] = 0.0

    def end(_: float) -> None:
        supply.rate[index] = 1.0

    _between(stage, fault, at_s, fault.what, begin, end)


def _gateway(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    index, supply = _service(stage, fault), stage.supply

    def set_to(errors: float) -> Callable[[float], None]:
        def now(_: float) -> None:
            supply.broken[index] = errors

        return now

    _between(stage, fault, at_s, fault.what, set_to(1.0 - fault.share), set_to(0.0))


def _registry(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    def set_to(factor: float) -> Callable[[float], None]:
        def now(_: float) -> None:
            stage.world.condition.slow_registry = factor

        return now

    _between(stage, fault, at_s, "", set_to(fault.factor), set_to(1.0))


def _metrics(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    chosen = [each for each in stage.scalers if not fault.what or each.fleet is stage.fleet(_service(stage, fault))]
    ends_s = at_s + fault.lasts_s

    def begin(_: float) -> None:
        for each in chosen:
            each.pipeline.silent_until = ends_s

    _between(stage, fault, at_s, fault.what, begin, lambda _: None)


def _quota(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    chosen = [each for name, each in stage.world.namespaces.items() if not fault.what or name == fault.what]
    if not any(each.objects for each in chosen):
        raise ValueError(f"fault {fault.text!r}: there is no ResourceQuota that could be too small")

    def set_to(share: float) -> Callable[[float], None]:
        def now(_: float) -> None:
            for each in chosen:
                each.factor = share

        return now

    _between(stage, fault, at_s, "", set_to(fault.share), set_to(1.0))


def _capacity(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    nodes, provisioner = stage.world.nodes, stage.provisioner
    names = [each.name for each in nodes.groups] if nodes else []
    if nodes is None or provisioner is None or fault.what not in names:
        raise ValueError(
            f"fault {fault.text!r}: there is no node group {fault.what!r}; there are {', '.join(names) or 'none'}"
        )
    mine = np.array([spot.group == names.index(fault.what) for spot in nodes.spots])

    def begin(_: float) -> None:
        provisioner.dry_until[mine] = at_s + fault.lasts_s

    _between(stage, fault, at_s, "", begin, lambda _: None)


def _drain(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    nodes = stage.world.nodes
    if nodes is None or not fault.what.isdigit() or not int(fault.what):
        says = "the manifests declare no node groups" if nodes is None else f"{fault.what!r} is no number of nodes"
        raise ValueError(f"fault {fault.text!r}: {says}")

    def begin(now_s: float) -> None:
        stage.log.say(now_s, "fault", "", f"{fault.text}: {faults.KINDS['drain'].does}")
        drains.Drain(stage.world, nodes, drains.first(nodes, int(fault.what), now_s)).step(now_s)

    stage.world.agenda.at(float(at_s), begin)


def _rollout(stage: Stage, fault: faults.Fault, at_s: int) -> None:
    fleet = stage.fleet(_service(stage, fault))
    if fleet is None or fleet.workload.object.kind != "Deployment":
        raise ValueError(f"fault {fault.text!r}: {fault.what} is no Deployment of the manifests")

    def begin(now_s: float) -> None:
        stage.log.say(now_s, "fault", fault.what, f"{fault.text}: {faults.KINDS[fault.kind].does}")
        key = (fleet.workload.name, fleet.revision + 1)
        if fault.kind == "bad-rollout" and fault.share:
            stage.world.serving.errors_of[key] = fault.share
        elif fault.kind == "bad-rollout":
            stage.world.bad_revisions.add(key)
        stage.world.roll_out(fleet, now_s)

    stage.world.agenda.at(float(at_s), begin)


DOES: Mapping[str, Callable[[Stage, faults.Fault, int], None]] = {
    "zone": _zone,
    "power-cut": _power_cut,
    "network": _network,
    "drain": _drain,
    "rollout": _rollout,
    "bad-rollout": _rollout,
    "registry": _registry,
    "metrics": _metrics,
    "quota": _quota,
    "fail-over": _rate,
    "gateway": _gateway,
    "capacity": _capacity,
}
