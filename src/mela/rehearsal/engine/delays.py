"""How long a cluster takes to see, decide and start: the dated figures of `data/delays.yaml`."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from mela.cluster import tables


@dataclass(frozen=True, slots=True)
class Clock:
    """What comes again and again: `every` so many seconds from `phase` on, or at the times at which it was `seen` to come.

    Times are seconds after the start, in order; `seen` reaches from before the start to after the end.
    """

    phase: float
    every: float
    seen: Sequence[float] = ()

    def first_s(self) -> float:
        """When it comes first."""
        return self.after(0.0) if self.seen else self.phase

    def after(self, now_s: float) -> float:
        """When it comes next, if it comes now."""
        known = bisect_right(self.seen, now_s)
        return self.seen[known] if known < len(self.seen) else now_s + self.every

    def newest(self, now_s: float) -> tuple[float, float]:
        """When it came last, and how many seconds after the time before."""
        known = bisect_right(self.seen, now_s)
        if known > 1:
            return self.seen[known - 1], self.seen[known - 1] - self.seen[known - 2]
        return (now_s - self.phase) // self.every * self.every + self.phase, self.every


@dataclass(frozen=True, slots=True)
class Delays:
    """The figures of one day, by group and name, such as `delays["pod"]["sandbox"]`.

    `phase` of `autoscaler` and `resource_metrics` is when the first sync and scrape come, seconds after the start; it is
    written nowhere and drawn by seed, unless a cluster that was watched gives it. `seen`: the times of a run that was watched.
    """

    groups: Mapping[str, Mapping[str, float]]
    seen: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __getitem__(self, group: str) -> Mapping[str, float]:
        return self.groups[group]

    def but(self, measured: Mapping[str, Mapping[str, float]], seen: Mapping[str, Sequence[float]]) -> "Delays":
        """The same with figures that were measured at one cluster, and times that were seen there."""
        return Delays({name: {**group, **measured.get(name, {})} for name, group in self.groups.items()}, seen)

    def clock(self, group: str, drawn: float) -> Clock:
        """Of what a group repeats; `drawn` is its phase where none is known."""
        figures = self.groups[group]
        return Clock(figures.get("phase", drawn), figures["every"], self.seen.get(group, ()))


@lru_cache(maxsize=8)
def on(day: date) -> Delays:
    """The figures that hold on a day; before the first entry, those of the first."""
    entries = sorted(tables.of("delays", "mela.rehearsal"), key=lambda each: each["effective_from"])
    held = [each for each in entries if each["effective_from"] <= day] or entries[:1]
    groups = {name: group for name, group in held[-1].items() if isinstance(group, dict)}
    return Delays({name: {key: float(each["value"]) for key, each in group.items()} for name, group in groups.items()})
