"""What can be rehearsed here: the library's big days with their curves and sources, the manifests at hand, who fits whom.

Read in a child process, once: every manifest is held against every event, which takes a second or two of a core.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from mela.rehearsal.events.event import Event

EXAMPLE = "example"
MANIFESTS = Path("kubernetes")
"""Beside what is started, as in a clone of Mela; where it is not there, only the example can be played."""
POINTS = 72


class EventSource(BaseModel):
    """Where figures of an event come from."""

    name: str = Field(description="As the event's file names it", examples=["insider-2019"])
    url: str = Field(description="Its address", examples=["https://example.org/semi-final"])


class RehearsalChoice(BaseModel):
    """A big day that can be played."""

    name: str = Field(description="What it is asked for by", examples=["match-2019"])
    title: str = Field(description="What it is", examples=["World Cup semi-final 2019, India v New Zealand"])
    text: str = Field(description="What happens", examples=["Toss, a chase, a run-out, and everybody leaves at once."])
    family: str = Field(description="Those whose curves are alike", examples=["match"])
    start: datetime = Field(description="When it begins", examples=["2019-07-09T08:45:00Z"])
    duration_s: int = Field(description="How long it lasts", examples=[25800])
    stress: str = Field(description="What multiple of the record, for a size beyond history", examples=[""])
    peak: float = Field(description="Its highest published point", examples=[25300000.0])
    what: str = Field(description="Of what: people, or actions in `per_s` seconds", examples=["viewers"])
    per_s: float = Field(description="0 where people are counted, who are there at once", examples=[0.0])
    curve: list[float] = Field(description="Its shape, evenly spaced, as shares of the highest", examples=[[0.1, 1.0]])
    marks: dict[str, int] = Field(
        description="How well its points are known: how many of each mark", examples=[{"published": 6, "assumption": 7}]
    )
    sources: list[EventSource] = Field(description="Where they are from")
    fits: list[str] = Field(description="Manifests here on which it can be played", examples=[["example"]])


class FaultKind(BaseModel):
    """What can go wrong besides."""

    name: str = Field(description="Its name", examples=["zone"])
    does: str = Field(description="What it does", examples=["Nodes of a zone are gone."])
    example: str = Field(description="As it is written", examples=["zone:ap-south-1b@+40m/15m"])


class RehearsalChoices(BaseModel):
    """What can be rehearsed here."""

    events: list[RehearsalChoice] = Field(description="Big days: the example's own, then the library's")
    manifests: list[str] = Field(description="Manifests here", examples=[["example", "03-ipl-streaming-hpa.yaml"]])
    strategies: list[str] = Field(description="Ways of choosing replicas", examples=[["as-written", "predictive"]])
    faults: list[FaultKind] = Field(description="What can go wrong besides")


class Library:
    """Remembers what was read; what is asked for meanwhile waits for it."""

    def __init__(self) -> None:
        self._read: RehearsalChoices | None = None
        self._one = asyncio.Lock()

    async def choices(self) -> RehearsalChoices:
        """Raises: RuntimeError with the child's last words."""
        async with self._one:
            if self._read is None:
                pipe = asyncio.subprocess.PIPE
                child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdout=pipe, stderr=pipe)
                said, told = await child.communicate()
                if child.returncode != 0:
                    raise RuntimeError(told.decode(errors="replace")[-2000:])
                self._read = RehearsalChoices.model_validate_json(said)
            return self._read


def read() -> RehearsalChoices:
    """From the files of the library and of this folder."""
    from mela.rehearsal import events, example, faults, strategies

    library = {EXAMPLE: events.load(example.EVENT)} | {name: events.load(name) for name in events.names()}
    names = {event.name: name for name, event in library.items()}
    here = sorted(each.name for each in MANIFESTS.iterdir() if each.name[0].isdigit()) if MANIFESTS.is_dir() else []
    fits = {
        manifest: {names[name] for name in _playable(manifest, list(library.values()))} for manifest in (EXAMPLE, *here)
    }
    return RehearsalChoices(
        events=[
            _choice(name, event, [m for m, able in fits.items() if name in able]) for name, event in library.items()
        ],
        manifests=[EXAMPLE, *here],
        strategies=list(strategies.NAMES),
        faults=[FaultKind(name=name, does=kind.does, example=kind.example) for name, kind in faults.KINDS.items()],
    )


def _playable(manifest: str, among: "list[Event]") -> list[str]:
    """Which events can be played on a manifest; none where it cannot be read, which a rehearsal then says."""
    from mela.rehearsal import calls, example, plan

    if manifest == EXAMPLE:
        found = {event.name: example.of(event.family) for event in among}
        return [
            event.name
            for event in among
            if (files := found[event.name]) and set(event.actions) <= calls.load(files[1]).actions.keys()
        ]
    try:
        return plan.playable((str(MANIFESTS / manifest),), among)
    except plan.CannotRehearse:
        return []


def _choice(name: str, event: "Event", fits: list[str]) -> RehearsalChoice:
    marks: dict[str, int] = {}
    for series in event.series.values():
        for point in series.points:
            marks[point.origin.mark] = marks.get(point.origin.mark, 0) + 1
    main = event.main
    return RehearsalChoice(
        name=name, title=event.title, text=event.text, family=event.family, start=event.start, duration_s=event.duration_s,
        stress=event.stress, peak=main.peak.value, what=main.name, per_s=0.0 if main.kind in ("level", "ratio") else main.per_s,
        curve=_curve(event), marks=marks, sources=[EventSource(name=key, url=url) for key, url in event.sources.items()], fits=fits,
    )  # fmt: skip


def _curve(event: "Event") -> list[float]:
    """The curve that the event is known for, the highest of each part."""
    import numpy as np

    from mela.rehearsal.report import curve

    values = next(iter(curve.lines(event.demand()).values()))
    edges = np.linspace(0, values.size - 1, POINTS + 1).astype(int)[:-1]
    tops = np.maximum.reduceat(values, edges)
    return [round(float(each), 3) for each in tops / (tops.max() or 1.0)]


if __name__ == "__main__":
    sys.stdout.write(read().model_dump_json())
