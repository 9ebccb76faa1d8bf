"""What a verdict says, as facts without words."""

from dataclasses import dataclass
from typing import Any

from mela.cluster.objects import Object, Path
from mela.rehearsal import model
from mela.rehearsal.model import Happening, Trace


@dataclass(frozen=True, slots=True)
class Objective:
    """A promise to the user. `available` is the share of actions that end well, `p99_s` what 99 % of requests stay below."""

    name: str
    matches: tuple[str, ...]
    available: float
    p99_s: float


@dataclass(frozen=True, slots=True)
class Harm:
    """A stretch in which users of a service got worse than promised; both ends included.

    `kind` is `errors` or `slow`. `worst` is the largest share that failed in a minute, or the longest p99 in seconds.
    `lost` counts requests that were shed or failed, or that were served too late.
    """

    service: str
    kind: str
    first_s: int
    last_s: int
    worst: float
    lost: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why: the mechanism's slug, when it set in, whose it is, and the field that decided where one did."""

    mechanism: str
    at_s: int
    service: str
    field: model.Field | None = None
    replicas: int | None = None
    """What the autoscaler wanted then."""
    said: str = ""
    """What the engine said about it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Harm that hangs together in time, its cause, and how many actions of users did not end well meanwhile."""

    service: str
    harms: tuple[Harm, ...]
    cause: Cause
    users: float
    others: tuple[Cause, ...] = ()
    """What else held it back, the likeliest first."""
    trigger: Happening | None = None
    """The fault that was asked for and came shortly before."""

    @property
    def first_s(self) -> int:
        return min(harm.first_s for harm in self.harms)

    @property
    def last_s(self) -> int:
        return max(harm.last_s for harm in self.harms)

    @property
    def services(self) -> tuple[str, ...]:
        """All that were harmed, in the order in which it began."""
        return tuple(dict.fromkeys(harm.service for harm in sorted(self.harms, key=lambda harm: harm.first_s)))


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise against what happened: of `asked` at most `allowed` might go wrong, `wrong` did.

    `kind` is `available` (actions of users) or `fast` (requests of a service).
    """

    objective: Objective
    kind: str
    of: str
    asked: float
    allowed: float
    wrong: float

    @property
    def used(self) -> float:
        """1.0 is all of it; more is a broken promise."""
        return self.wrong / self.allowed if self.allowed else float(self.wrong > 0)

    @property
    def excess(self) -> float:
        return max(0.0, self.wrong - self.allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a trace comes to. It held if every budget held, whatever failures were short enough to fit into them."""

    trace: Trace
    budgets: tuple[Budget, ...]
    failures: tuple[Failure, ...]
    cost_paise: int

    @property
    def held(self) -> bool:
        return all(budget.used <= 1 for budget in self.budgets)

    @property
    def excess(self) -> float:
        """How much went wrong beyond what was allowed: what a mend has to bring to zero."""
        return sum(budget.excess for budget in self.budgets)


@dataclass(frozen=True, slots=True)
class Change:
    """A field with another value. `before` is None where the field is not written."""

    thing: Object
    path: Path
    before: Any
    after: Any

    @property
    def field(self) -> model.Field:
        return model.Field(self.thing, self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Mend:
    """Changes, and the verdict of the rehearsal that ran with them. `runs`: how many rehearsals the search took."""

    changes: tuple[Change, ...]
    verdict: Verdict
    runs: int
