"""How long a cluster takes to see, decide and start: the dated figures of `data/delays.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mela.cluster import tables


@dataclass(frozen=True, slots=True)
class Delays:
    """The figures of one day, by group and name, such as `delays["pod"]["sandbox"]`.

    `phase` of `autoscaler` and `resource_metrics` is when the first sync and scrape come, seconds after the start; it is
    written nowhere and drawn by seed, unless a cluster that was watched gives it.
    """

    groups: Mapping[str, Mapping[str, float]]

    def __getitem__(self, group: str) -> Mapping[str, float]:
        return self.groups[group]

    def but(self, measured: Mapping[str, Mapping[str, float]]) -> "Delays":
        """The same with figures that were measured at one cluster."""
        return Delays({name: {**group, **measured.get(name, {})} for name, group in self.groups.items()})


@lru_cache(maxsize=8)
def on(day: date) -> Delays:
    """The figures that hold on a day; before the first entry, those of the first."""
    entries = sorted(tables.of("delays", "mela.rehearsal"), key=lambda each: each["effective_from"])
    held = [each for each in entries if each["effective_from"] <= day] or entries[:1]
    groups = {name: group for name, group in held[-1].items() if isinstance(group, dict)}
    return Delays({name: {key: float(each["value"]) for key, each in group.items()} for name, group in groups.items()})
