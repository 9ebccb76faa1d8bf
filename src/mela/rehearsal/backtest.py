"""All strategies over the library of events, each event held out of the history that strategies learn from.

What a strategy may know of an event is its calendar and the other events of its family that really happened. The oracle
alone knows the event itself. Each event is scaled so that its peak needs `PEAK_REPLICAS`, its history by the same factor.

    rows = backtest.run(["match-2019", "tatkal"])
    print(backtest.markdown(rows))

Overload is told in minutes: seconds in which more was asked than ready pods could serve, over sixty.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from mela.cluster import manifests, price
from mela.cluster.forecast import Shape
from mela.kernel.money import Paise
from mela.rehearsal import calls, engine, events, strategies, system
from mela.rehearsal.engine import network, planned
from mela.rehearsal.events.event import Event
from mela.rehearsal.model import Demand, Trace
from mela.rehearsal.strategies import History

PEAK_REPLICAS = 120
RECORDED_EVERY_S = 15
"""What monitoring keeps of other events."""
PAISE_PER_RUPEE = 100
PRICED_ON = date(2026, 11, 26)
"""The day whose price list is used for all events, so that they can be compared."""

_DATA = Path(__file__).parent / "data" / "backtest"
_PER_REPLICA = 325.0
"""Requests per second on target, as data/backtest/system.yaml has it."""


@dataclass(frozen=True, slots=True)
class Row:
    """How one strategy did in one event.

    `lost`: the share of requests that were shed or failed. `others`: events learnt from. `rupees`: nodes, GST included.
    """

    event: str
    strategy: str
    overload_min: float
    lost: float
    pod_hours: float
    rupees: float
    others: int


def run(
    names: Sequence[str], which: Sequence[str] = strategies.NAMES, *, seed: int = 0, quick: bool = True,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Row, ...]:  # fmt: skip
    """A row for each event and strategy. The same arguments give the same rows. `progress`: runs done, runs in all."""
    rows: list[Row] = []
    for name in names:
        for row in _rows(events.load(name), which, seed, quick=quick):
            rows.append(row)
            progress(len(rows), len(names) * len(which))
    return tuple(rows)


def _rows(event: Event, which: Sequence[str], seed: int, *, quick: bool) -> Iterator[Row]:
    plain = event.demand(seed=seed)
    scale = PEAK_REPLICAS * _PER_REPLICA / max(float(shape.load.max()) for shape in recorded(plain).values())
    demand = event.demand(scale=scale, seed=seed)
    history, future = history_of(event, scale), recorded(demand)
    others = max((len(shapes) for shapes in history.values()), default=0)
    for name in which:
        strategy = strategies.make(name, history, future)
        trace = engine.run(_manifests(), demand, _graph(), strategy=strategy, seed=seed, quick=quick)
        yield row(event.name, trace, others)


def row(event: str, trace: Trace, others: int) -> Row:
    """What a trace comes to."""
    seen = trace.services
    lacking = (seen.offered > seen.capacity * (1 + 1e-9)).any(axis=1)
    lost = float((seen.shed + seen.failed).sum() / max(seen.offered.sum(), 1e-9))
    pods = float((seen.ready + seen.starting).sum()) / 3600
    return Row(event, trace.strategy, float(lacking.sum()) / 60, lost, pods, _rupees(trace), others)


def _rupees(trace: Trace) -> float:
    """What the nodes cost."""
    tariff = price.tariff(PRICED_ON)
    rates = {group.name: price.group(tariff, group) for group in _manifests().groups}
    seconds = trace.nodes.sum(axis=0)
    net = sum(price.paise(rates[name], int(count)) for name, count in zip(trace.pools, seconds, strict=True))
    return price.with_gst(tariff, Paise(net)) / PAISE_PER_RUPEE


def history_of(event: Event, scale: float = 1.0, graph: calls.Graph | None = None) -> History:
    """What monitoring recorded of the other events of this family. Stress sizes never happened, so nobody learnt from them."""
    found: dict[str, list[Shape]] = {}
    for name in events.names():
        other = events.load(name)
        if name != event.name and other.family == event.family and not other.stress:
            for service, shape in recorded(other.demand(scale=scale), graph).items():
                found.setdefault(service, []).append(shape)
    return found


def recorded(demand: Demand, graph: calls.Graph | None = None) -> dict[str, Shape]:
    """By service, the load that the demand makes when all goes well, and when its planned moments were."""
    graph = graph or _graph()
    actions, asked = planned.arrivals(demand, graph)
    net = network.of(graph, actions)
    starts = np.arange(0, demand.ticks, RECORDED_EVERY_S)
    seconds = np.diff(starts, append=demand.ticks)
    binned = np.add.reduceat(asked, starts, axis=0) / seconds[:, None]
    per_action = np.stack([planned.rates(net, each) for each in np.eye(len(actions))])
    moments = {moment.name: float(moment.at_s) for moment in demand.moments if moment.planned}
    loads = binned @ per_action
    return {
        service.name: Shape(loads[:, net.service_of == index].sum(axis=1), RECORDED_EVERY_S, moments)
        for index, service in enumerate(net.services)
    }


def markdown(rows: Sequence[Row]) -> str:
    """A table: for each event and strategy overload, requests lost, pod-hours and rupees, the last two as multiples of the oracle's."""
    lines = [
        "| Event (events learnt from) | Strategy | Overload, min | Lost | Pod-hours | × oracle | ₹ | × oracle |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for each in rows:
        oracle = next((other for other in rows if other.event == each.event and other.strategy == "oracle"), each)
        lines.append(
            f"| {each.event} ({each.others}) | {each.strategy} | {each.overload_min:.1f} | {each.lost:.2%} "
            f"| {each.pod_hours:,.0f} | {each.pod_hours / oracle.pod_hours:.2f} | {each.rupees:,.0f} | {each.rupees / oracle.rupees:.2f} |"
        )
    return "\n".join(lines) + "\n"


@cache
def _graph() -> calls.Graph:
    return calls.load(str(_DATA / "calls.yaml"))


@cache
def _manifests() -> system.Rehearsed:
    file = _DATA / "system.yaml"
    return system.of(manifests.parse(file.read_text(encoding="utf-8"), file.name))
