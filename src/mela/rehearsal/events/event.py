"""One event, and the demand that it makes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from mela.rehearsal.events import crowd
from mela.rehearsal.events.model import Action, Series, Surge
from mela.rehearsal.model import Demand, Floats, Moment

JITTER = 0.03
"""Assumption: how much a second's arrivals differ from the curve beyond chance, as a share (standard deviation)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One national event. `family` groups those whose curves are alike, such as `match`.

    `stress` says what multiple of the record a size beyond history is; empty for what happened.
    """

    name: str
    title: str
    text: str
    family: str
    start: datetime
    duration_s: int
    series: Mapping[str, Series]
    actions: Mapping[str, Action]
    moments: tuple[Moment, ...] = ()
    surges: tuple[Surge, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    stress: str = ""
    jitter: float = JITTER
    file: str = ""

    @property
    def main(self) -> Series:
        """The series that the event is known for: the first one."""
        return next(iter(self.series.values()))

    def demand(self, scale: float = 1.0, seed: int = 0, happens: Collection[str] | None = None) -> Demand:
        """What the crowd does, second by second; the same seed gives the same bytes.

        `scale` multiplies people and actions, not ratios. `happens` names those conditions that come; None leaves that to
        the seed. Raises: ValueError for a name that is no condition, or a scale that is not above 0.
        """
        if not 0 < scale < float("inf"):
            raise ValueError(f"scale is {scale}; it must be a number above 0")
        rng = np.random.Generator(np.random.PCG64(seed))
        coming = crowd.draw(self.surges, happens, rng)
        clock = crowd.clock(self.duration_s, coming)
        values = {
            name: crowd.value_of(each, clock, coming) * (1.0 if each.kind == "ratio" else scale)
            for name, each in self.series.items()
        }
        rates = [crowd.arrivals(action, self.series, values) for action in self.actions.values()]
        return Demand(
            self.start,
            tuple(self.actions),
            np.stack([crowd.shake(rate, self.jitter, rng) for rate in rates], axis=1),
            self._levels(values),
            self._moments(coming),
        )

    def _levels(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        levels = {name: values[name] for name, each in self.series.items() if each.kind in ("level", "ratio")}
        drawn = [each.mbps_each * values[name] for name, each in self.series.items() if each.mbps_each]
        return levels | ({"mbps": np.sum(drawn, axis=0)} if drawn else {})

    def _moments(self, coming: Sequence[crowd.Coming]) -> tuple[Moment, ...]:
        own = [replace(moment, at_s=crowd.real_s(moment.at_s, coming)) for moment in self.moments]
        new = [
            Moment(crowd.real_s(each.at_s, coming), each.surge.name, each.surge.text, planned=each.surge.planned)
            for each in coming
        ]
        return tuple(sorted([*own, *new], key=lambda moment: moment.at_s))
