"""The smallest change that keeps the promises, found by rerunning the rehearsal with it.

The first failure's cause names fields. Each is tried far out, and the one that helps most is kept; what then fails first
names the next. In the end every change is halved down to the fewest steps with which the promises still hold, so none is
larger than needed beside the others, and one that is not needed goes. It is a search along one field at a time: a
smaller sum of changes may exist that no single field leads to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mela.cluster.objects import Object, Path, System
from mela.rehearsal.model import Trace
from mela.rehearsal.verdict import fields, mechanisms
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from mela.rehearsal.verdict.mechanisms import Candidate
from mela.rehearsal.verdict.model import Cause, Change, Mend, Verdict

Play = Callable[[System], Trace]
"""A rehearsal of the system, everything else as it was."""
Judge = Callable[[Trace, Around], Verdict]

FAR_TIMES = 8
"""Values up to so many times the written one are tried."""
FAR_LEAST = 16
MOST_RUNS = 60
MOST_FIELDS = 6
MOST_SHOWN = 6
"""Exact rehearsals at the end of a search in rough ones."""
HELPS = 0.98
"""A change that leaves more of the harm than this is none. Harm may ease little until the next bound is lifted too."""
ALIKE = 1.02
"""Harm this near to the least counts as the least."""


@dataclass(frozen=True, slots=True)
class _Move:
    """A field of an object moved by so many steps."""

    thing: Object
    path: Path
    candidate: Candidate
    steps: int

    def change(self) -> Change | None:
        return fields.change(self.thing, self.path, self.candidate, self.steps)


class _Spent(Exception):
    """No error: the runs are used up."""


@dataclass
class _Rehearsals:
    """Runs the rehearsal with moves, each combination once."""

    around: Around
    play: Play
    judge: Judge
    most: int
    progress: Callable[[int, int, Verdict], None]
    runs: int = 0
    known: dict[tuple[tuple[int, Path, object], ...], Verdict] = field(default_factory=dict)

    def verdict(self, moves: Sequence[_Move]) -> Verdict:
        """Raises: _Spent."""
        changes = _changes(moves)
        key = tuple(sorted(((id(one.thing), one.path, one.after) for one in changes), key=repr))
        if key not in self.known:
            if self.runs >= self.most:
                raise _Spent
            self.runs += 1
            altered = replace(self.around, system=fields.changed(self.around.system, changes))
            self.known[key] = self.judge(self.play(altered.system), altered)
            self.progress(self.runs, self.most, self.known[key])
        return self.known[key]


def search(
    around: Around,
    play: Play,
    first: Verdict,
    *,
    show: Play | None = None,
    judge: Judge = judge,
    most: int = MOST_RUNS,
    progress: Callable[[int, int, Verdict], None] = lambda runs, most, verdict: None,
) -> Mend | None:
    """The mend of a broken verdict; None if no field was found that helps. Its verdict says whether it is enough.

    `play` may be a rough rehearsal; then `show` is the exact one, and the changes grow until it holds too, or do not
    suffice. `progress` hears after each rehearsal how many ran, how many may, and what came out.
    """
    rehearsals = _Rehearsals(around, play, judge, most, progress)
    rehearsals.known[()] = first
    moves: list[_Move] = []
    verdict = first
    try:
        while not verdict.held and len(moves) < MOST_FIELDS:
            better = _next(rehearsals, moves, verdict)
            if better is None:
                break
            moves, verdict = better, rehearsals.verdict(better)
        enough = _as_good_as(verdict)
        for place in range(len(moves)):
            moves = _least(rehearsals, moves, place, enough)
    except _Spent:
        pass
    if not _changes(moves):
        return None
    if show is None:
        return Mend(_changes(moves), rehearsals.verdict(moves), rehearsals.runs)
    return _shown(_Rehearsals(around, show, judge, rehearsals.runs + MOST_SHOWN, progress, rehearsals.runs), moves)


def _shown(exact: _Rehearsals, moves: list[_Move]) -> Mend:
    """The moves in exact rehearsals: each goes an eighth further as long as that is not enough."""
    verdict = exact.verdict(moves)
    while not verdict.held and exact.runs < exact.most:
        moves = [replace(move, steps=move.steps + max(1, move.steps // 8)) for move in moves]
        verdict = exact.verdict(moves)
    return Mend(_changes(moves), verdict, exact.runs)


def _next(rehearsals: _Rehearsals, moves: list[_Move], verdict: Verdict) -> list[_Move] | None:
    """The moves with one more: the best against the first cause of the first failure that anything helps against."""
    for failure in verdict.failures:
        for cause in (failure.cause, *failure.others):
            tried = [_with(moves, move) for move in _moves(rehearsals.around, cause, failure.service, moves)]
            good = [trial for trial in tried if rehearsals.verdict(trial).excess <= HELPS * verdict.excess]
            if good:
                return min(good, key=lambda trial: _rank(rehearsals.verdict(trial)))
    return None


def _as_good_as(best: Verdict) -> Callable[[Verdict], bool]:
    return lambda found: found.held if best.held else found.excess <= ALIKE * best.excess


def _rank(verdict: Verdict) -> tuple[bool, float, int]:
    return not verdict.held, 0.0 if verdict.held else verdict.excess, verdict.cost_paise


def _with(moves: Sequence[_Move], move: _Move) -> list[_Move]:
    """The move at the end; an earlier one of the same field goes."""
    others = [one for one in moves if (id(one.thing), one.path) != (id(move.thing), move.path)]
    return [*others, move]


def _moves(around: Around, cause: Cause, service: str, made: Sequence[_Move]) -> Iterator[_Move]:
    """What a cause names, far out: first the field that decided, then the others; none that was moved already."""
    moved = {(id(move.thing), move.path) for move in made}
    moves = [
        move
        for candidate in mechanisms.every()[cause.mechanism].candidates
        for thing in around.objects(candidate.object, cause.service or service)
        for path in fields.paths(thing, candidate)
        if (move := _far(thing, path, candidate)).change() is not None and (id(thing), path) not in moved
    ]
    decided = (id(cause.field.thing), cause.field.path) if cause.field else None
    yield from sorted(moves, key=lambda move: (id(move.thing), move.path) != decided)


def _far(thing: Object, path: Path, candidate: Candidate) -> _Move:
    before = fields.number(thing.get(*path), candidate.unit) if thing.get(*path) is not None else candidate.default
    far = max(FAR_LEAST * candidate.step, (FAR_TIMES - 1) * (before or 0))
    return _Move(thing, path, candidate, -(-far // candidate.step))


def _least(rehearsals: _Rehearsals, moves: list[_Move], place: int, enough: Callable[[Verdict], bool]) -> list[_Move]:
    """The moves with the one at `place` halved down to the fewest steps that are enough."""

    def at(steps: int) -> list[_Move]:
        move = moves[place]
        return [*moves[:place], _Move(move.thing, move.path, move.candidate, steps), *moves[place + 1 :]]

    low, high = 0, moves[place].steps
    while low < high:
        middle = (low + high) // 2
        if enough(rehearsals.verdict(at(middle))):
            high = middle
        else:
            low = middle + 1
    return at(high)


def _changes(moves: Sequence[_Move]) -> tuple[Change, ...]:
    return tuple(one for move in moves if move.steps and (one := move.change()) is not None)
