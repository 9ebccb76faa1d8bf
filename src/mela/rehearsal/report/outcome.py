"""One rehearsal and what was made of it: what the reports are written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mela.rehearsal.model import Floats, Trace
from mela.rehearsal.verdict.model import Mend, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """`name` tells it apart from others: `as-written`, `with-the-change`, or that of a strategy; `event` and `paths` head the report.

    `mend` is None where none was looked for, or none found; `looked` tells which. `diff` is the patch.
    """

    name: str
    event: str
    paths: tuple[str, ...]
    verdict: Verdict
    mend: Mend | None = None
    looked: bool = False
    diff: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What else is worth a line, such as the call graph and the faults: title to text."""

    gaps: tuple[str, ...] = ()
    """Actions that were not rehearsed, in sentences."""

    @property
    def trace(self) -> Trace:
        return self.verdict.trace


def crowd(trace: Trace) -> tuple[str, Floats]:
    """The series that shows how large the crowd is: the first level, such as viewers, else all actions per second."""
    for name, level in trace.levels.items():
        if level.size and float(level.max()) > 1:
            return name, level
    return "actions", trace.asked.sum(axis=1)
