"""An event's YAML file, read strictly.

An event that says `like: match-2019` takes from that one whatever it does not say itself. `peak` then stretches a series
to a height of its own, `times` multiplies all of them: that is how stress sizes are written.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mela.rehearsal import reading
from mela.rehearsal.events.event import JITTER, Event
from mela.rehearsal.events.model import KINDS, MARKS, Action, Origin, Point, Series, Surge
from mela.rehearsal.model import Moment
from mela.rehearsal.reading import Entry, Fields

LONGEST_S = 7 * 86400
"""A week: the second axis stays small enough for a laptop."""
LARGEST = 1e12
MOST_POINTS = 20_000


def read(file: Path, base: Callable[[str], Event], shown: str | None = None) -> Event:
    """The event of a file; `base` loads the one that it is `like`. Raises: Unusable."""
    top = reading.document(file, shown)
    fields = top.fields()
    name = fields.need("event").slug()
    like = fields.get("like")
    event = _like(like, fields, base) if like else _whole(fields)
    event = replace(event, name=name, file=top.file)
    fields.done()
    return _checked(event, top)


def _like(like: Entry, fields: Fields, base: Callable[[str], Event]) -> Event:
    """The other event, with what is said here instead."""
    try:
        other = base(like.text())
    except reading.Unusable as error:
        raise like.wrong(f"names {like.text()!r}, which cannot be used: {error.says}") from error
    sources = {**other.sources, **_sources(fields)}
    series = dict(other.series)
    for key, entry in fields.pairs("peak").items():
        if key not in series:
            raise entry.wrong(f"is no series of {other.name}; it has {', '.join(series)}")
        series[key] = _stretched(series[key], entry, sources)
    if times := fields.get("times"):
        series = {key: _multiplied(each, times, sources) for key, each in series.items()}
    series |= _series(fields, sources)
    return replace(
        other,
        title=fields.need("title").text(),
        text=fields.need("text").text(),
        family=_text(fields, "family") or other.family,
        start=start.time() if (start := fields.get("start")) else other.start,
        duration_s=_duration(fields) or other.duration_s,
        series=series,
        actions={**other.actions, **_actions(fields, sources)},
        moments=_moments(fields) or other.moments,
        surges=_surges(fields, sources) or other.surges,
        sources=sources,
        stress=_text(fields, "stress"),
        jitter=_jitter(fields, other.jitter),
    )


def _whole(fields: Fields) -> Event:
    sources = _sources(fields)
    series = _series(fields, sources)
    phases = fields.items("phases")
    moments = _moments(fields)
    if phases:
        series, moments = _phased(phases, series, moments)
    longest = max((point.at_s for each in series.values() for point in each.points), default=0)
    return Event(
        name="",
        title=fields.need("title").text(),
        text=_text(fields, "text"),
        family=_text(fields, "family") or "own",
        start=fields.need("start").time(),
        duration_s=_duration(fields) or round(longest),
        series=series,
        actions=_actions(fields, sources),
        moments=moments,
        surges=_surges(fields, sources),
        sources=sources,
        stress=_text(fields, "stress"),
        jitter=_jitter(fields, JITTER),
    )


def _text(fields: Fields, key: str) -> str:
    entry = fields.get(key)
    return entry.text() if entry else ""


def _jitter(fields: Fields, other: float) -> float:
    entry = fields.get("jitter")
    return entry.number(0, 1) if entry else other


def _duration(fields: Fields) -> int:
    entry = fields.get("lasts")
    return round(entry.seconds(60, LONGEST_S)) if entry else 0


def _sources(fields: Fields) -> dict[str, str]:
    return {key: entry.text() for key, entry in fields.pairs("sources").items()}


def _origin(fields: Fields, owner: Entry, sources: Mapping[str, str]) -> Origin:
    """The mark of a figure; all but an assumption must say from where. Without any it is an assumption."""
    mark = entry.choice(MARKS) if (entry := fields.get("mark")) else "assumption"
    source, note = fields.get("source"), fields.get("note")
    if source and source.text() not in sources:
        raise source.wrong(f"is {source.text()!r}, which is not under sources:; add it there with its link")
    if mark != "assumption" and not source:
        raise owner.wrong(f"is marked {mark} and names no source; add `source:` or mark it as an assumption")
    return Origin(mark, source.text() if source else "", note.text() if note else "")


def _series(fields: Fields, sources: Mapping[str, str]) -> dict[str, Series]:
    return {key: _one_series(key, entry, sources) for key, entry in fields.pairs("series").items()}


def _one_series(name: str, entry: Entry, sources: Mapping[str, str]) -> Series:
    fields = entry.fields()
    kind = fields.need("kind").choice(KINDS)
    stay, mbps = fields.get("stay"), fields.get("mbps")
    points = fields.items("points")
    series = Series(
        name,
        kind,
        _points(points, entry, kind, sources),
        per_s=per.seconds(1, 86400) if (per := fields.get("per")) else 1.0,
    )
    if stay:
        detail = stay.fields()
        lasts = detail.need("lasts").seconds(1, LONGEST_S)
        series = replace(series, stay_s=lasts, stay=_origin(detail, stay, sources))
        detail.done()
    if mbps:
        detail = mbps.fields()
        series = replace(series, mbps_each=detail.need("each").number(0, 1e6), mbps=_origin(detail, mbps, sources))
        detail.done()
    if kind != "rate" and series.per_s != 1.0:
        raise entry.wrong(f"is a {kind}; only a rate has `per`")
    fields.done()
    return series


def _points(items: list[Entry], owner: Entry, kind: str, sources: Mapping[str, str]) -> tuple[Point, ...]:
    if not items:
        return ()
    if len(items) > MOST_POINTS:
        raise owner.wrong(f"has {len(items)} points; {MOST_POINTS} are enough for any curve")
    points: list[Point] = []
    for item in items:
        fields = item.fields()
        at_s = fields.need("at").seconds(0, LONGEST_S)
        value = fields.need("value").number(0, 1 if kind == "ratio" else LARGEST)
        if points and at_s <= points[-1].at_s:
            raise item.wrong("is not later than the point before it; put the points in their order")
        if points and kind == "total" and value < points[-1].value:
            raise item.wrong("is less than the point before it; a total counts what has begun so far")
        points.append(Point(at_s, value, _origin(fields, item, sources)))
        fields.done()
    return tuple(points)


def _stretched(series: Series, entry: Entry, sources: Mapping[str, str]) -> Series:
    """The series with another height; what stands at `above` stays where it is."""
    fields = entry.fields()
    to = fields.need("value").number(0, LARGEST)
    above = other.number(0, LARGEST) if (other := fields.get("above")) else 0.0
    origin = _origin(fields, entry, sources)
    fields.done()
    peak = series.peak
    if not above < peak.value:
        raise entry.wrong(f"keeps what is at {above:g}, but the highest point is {peak.value:g}; keep less")
    factor = (to - above) / (peak.value - above)
    points = tuple(
        Point(
            point.at_s,
            to if point is peak else max(above + (point.value - above) * factor, 0.0),
            origin if point is peak else Origin("assumption", note="stretched from the event that this one is like"),
        )
        for point in series.points
    )
    return replace(series, points=points)


def _multiplied(series: Series, entry: Entry, sources: Mapping[str, str]) -> Series:
    """The series so many times as high; a share stays a share."""
    if series.kind == "ratio":
        return series
    fields = entry.fields()
    by, origin = fields.need("value").number(0, 1e6), _origin(fields, entry, sources)
    fields.done()
    return replace(series, points=tuple(Point(point.at_s, point.value * by, origin) for point in series.points))


def _actions(fields: Fields, sources: Mapping[str, str]) -> dict[str, Action]:
    return {key: _action(key, entry, sources) for key, entry in fields.pairs("actions").items()}


def _action(name: str, entry: Entry, sources: Mapping[str, str]) -> Action:
    fields = entry.fields()
    parts = {key: found.number(0, 1e6) for key in ("joins", "leaves", "flights", "each") if (found := fields.get(key))}
    of, every = fields.need("of"), fields.get("every")
    failing = fields.get("failing")
    detail = failing.fields() if failing else None
    action = Action(
        name,
        tuple(each.text() for each in (of.items() if of.node.kind == "list" else [of])),
        _origin(fields, entry, sources),
        every_s=every.seconds(0.001, LONGEST_S) if every else 0.0,
        failing=detail.need("each").number(0, 1e6) if detail else 0.0,
        success=detail.need("by").text() if detail else "",
        **parts,
    )
    if detail:
        detail.done()
    if not (parts or every or failing):
        raise entry.wrong("says how often of nothing; add one of every, joins, leaves, flights, each, failing")
    fields.done()
    return action


def _moments(fields: Fields) -> tuple[Moment, ...]:
    moments = []
    for item in fields.items("moments"):
        own = item.fields()
        planned = own.get("planned")
        moments.append(
            Moment(
                round(own.need("at").seconds(0, LONGEST_S)),
                own.need("name").slug(),
                own.need("text").text(),
                planned=planned.flag() if planned else True,
            )
        )
        own.done()
    return tuple(sorted(moments, key=lambda moment: moment.at_s))


def _surges(fields: Fields, sources: Mapping[str, str]) -> tuple[Surge, ...]:
    return tuple(
        _surge(item, sources, spike=key == "spikes") for key in ("spikes", "conditions") for item in fields.items(key)
    )


def _surge(item: Entry, sources: Mapping[str, str], *, spike: bool) -> Surge:
    """A spike surely comes and is planned unless it says otherwise; a condition comes by chance and nobody knows it."""
    fields = item.fields()
    earliest, latest = _when(fields, item)
    lengths = {
        f"{key}_s": entry.seconds(0, 86400) for key in ("rise", "hold", "fade", "delays") if (entry := fields.get(key))
    }
    planned = fields.get("planned") if spike else None
    surge = Surge(
        fields.need("name").slug(),
        fields.need("text").text(),
        fields.need("on").text(),
        earliest,
        latest,
        times=entry.number(0, 1e6) if (entry := fields.get("times")) else 1.0,
        adds=entry.number(-LARGEST, LARGEST) if (entry := fields.get("adds")) else 0.0,
        chance=1.0 if spike else fields.need("chance").number(0, 1),
        planned=planned.flag() if planned else spike,
        origin=_origin(fields, item, sources),
        **lengths,
    )
    fields.done()
    return surge


def _when(fields: Fields, item: Entry) -> tuple[float, float]:
    at, between = fields.get("at"), fields.get("between")
    if (at is None) == (between is None):
        raise item.wrong("needs either `at: 2h` or `between: [1h, 2h]`")
    if at:
        return at.seconds(0, LONGEST_S), at.seconds(0, LONGEST_S)
    assert between is not None
    ends = [each.seconds(0, LONGEST_S) for each in between.items()]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise between.wrong("must hold two durations, the earlier first, such as [1h, 2h]")
    return ends[0], ends[1]


def _phased(
    items: list[Entry], series: dict[str, Series], moments: tuple[Moment, ...]
) -> tuple[dict[str, Series], tuple[Moment, ...]]:
    """Phases, one after the other: each is a planned moment, and by its end each series that it names has that value."""
    now_s = 0.0
    begins: list[Moment] = []
    reached: dict[str, list[Point]] = {name: [] for name in series}
    for item in items:
        fields = item.fields()
        name = fields.need("name").slug()
        text = entry.text() if (entry := fields.get("text")) else name
        begins.append(Moment(round(now_s), name, text))
        now_s += fields.need("lasts").seconds(1, LONGEST_S)
        for key, each in series.items():
            if reaches := fields.get(key):
                value = reaches.number(0, 1 if each.kind == "ratio" else LARGEST)
                reached[key].append(Point(now_s, value, Origin("assumption")))
        fields.done()
    for key, points in reached.items():
        if points and series[key].points and series[key].points[-1].at_s > 0:
            raise items[0].wrong(f"and series.{key}.points both draw {key}; a point at 0 may begin it, phases go on")
        if points:
            series[key] = replace(series[key], points=(*series[key].points, *points))
    return series, tuple(sorted([*moments, *begins], key=lambda moment: moment.at_s))


def _checked(event: Event, top: Entry) -> Event:
    """What one field alone cannot tell. Raises: Unusable."""
    if not event.series:
        raise top.wrong("series: is missing; an event needs at least one, such as viewers")
    if not event.actions:
        raise top.wrong("actions: is missing; say what people do, such as `open: {of: viewers, every: 30s}`")
    for each in event.series.values():
        if len(each.points) < (2 if each.kind == "total" else 1):
            raise top.wrong(f"series.{each.name} has too few points; add `points:` or phases that name it")
    if not 60 <= event.duration_s <= LONGEST_S:
        raise top.wrong("the event must last from a minute to a week; say `lasts: 3h` or add a later point")
    for action in event.actions.values():
        _check_action(event, action, top)
    for surge in event.surges:
        if surge.on not in event.series:
            raise top.wrong(f"{surge.name} is on {surge.on}, which is no series; there is {', '.join(event.series)}")
        if surge.latest_s > event.duration_s:
            raise top.wrong(f"{surge.name} comes after the event's end; let it begin earlier or the event last longer")
    return event


def _check_action(event: Event, action: Action, top: Entry) -> None:
    where = f"actions.{action.name}"
    if not action.of or not set(action.of) <= set(event.series):
        raise top.wrong(f"{where} is of {', '.join(action.of)}; the series are {', '.join(event.series)}")
    if action.success and (action.success not in event.series or event.series[action.success].kind != "ratio"):
        raise top.wrong(f"{where} fails by {action.success}, which is no series of kind ratio")
    moving = action.joins or action.leaves or action.flights
    for series in map(event.series.__getitem__, action.of):
        if (moving or action.every_s) and series.kind != "level":
            raise top.wrong(f"{where}: joins, leaves, flights and every need a level; {series.name} is a {series.kind}")
        if moving and not series.stay_s:
            raise top.wrong(f"{where} must know how long one stays; add `stay: {{lasts: 30m}}` to series.{series.name}")
