"""What can be rehearsed: big days with their curves, marks and sources, manifests at hand, who fits whom. JSON-shaped.

python -m mela.rehearsal.shelf kubernetes
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mela.rehearsal import calls, events, example, faults, plan, strategies
from mela.rehearsal.events.event import Event
from mela.rehearsal.report import curve

EXAMPLE = "example"
"""The name of the example's event among the events, and of the examples' manifests among the manifests."""
POINTS = 72


def read(folder: Path) -> dict[str, Any]:
    """Everything; of manifests the examples' and those in `folder` whose names begin with a number."""
    library = {EXAMPLE: events.load(example.EVENT)} | {name: events.load(name) for name in events.names()}
    here = sorted(each for each in folder.iterdir() if each.name[0].isdigit()) if folder.is_dir() else []
    fits = {EXAMPLE: _shown(library)} | {path.name: _playable(path, library) for path in here}
    return {
        "events": [_told(name, event, [one for one, able in fits.items() if name in able]) for name, event in library.items()],
        "manifests": list(fits),
        "strategies": list(strategies.NAMES),
        "faults": [{"name": name, "does": kind.does, "example": kind.example} for name, kind in faults.KINDS.items()],
    }  # fmt: skip


def _shown(library: Mapping[str, Event]) -> set[str]:
    """Events that have an example."""
    files = {name: example.of(event.family) for name, event in library.items()}
    return {
        name for name, found in files.items() if found and set(library[name].actions) <= calls.load(found[1]).actions.keys()
    }  # fmt: skip


def _playable(path: Path, library: Mapping[str, Event]) -> set[str]:
    """Events that can be played on manifests; none where they cannot be read, which a rehearsal then says."""
    try:
        able = plan.playable((str(path),), list(library.values()))
    except plan.CannotRehearse:
        return set()
    return {name for name, event in library.items() if event in able}


def _told(name: str, event: Event, fits: Sequence[str]) -> dict[str, Any]:
    main = event.main
    return {
        "name": name, "title": event.title, "text": event.text, "family": event.family, "start": event.start.isoformat(),
        "duration_s": event.duration_s, "stress": event.stress, "peak": main.peak.value, "what": main.name,
        "per_s": 0.0 if main.kind in ("level", "ratio") else main.per_s, "curve": _curve(event),
        "marks": Counter(point.origin.mark for series in event.series.values() for point in series.points),
        "sources": [{"name": key, "url": url} for key, url in event.sources.items()], "fits": fits,
    }  # fmt: skip


def _curve(event: Event) -> list[float]:
    """The shape of the curve that the event is known for: the highest of each part, as a share of the highest of all."""
    values = next(iter(curve.lines(event.demand()).values()))
    edges = np.linspace(0, values.size - 1, POINTS + 1).astype(int)[:-1]
    tops = np.maximum.reduceat(values, edges)
    return [round(float(each), 3) for each in tops / (tops.max() or 1.0)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]))))
