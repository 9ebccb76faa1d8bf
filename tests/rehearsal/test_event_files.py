"""One's own events: YAML and CSV, read strictly; each complaint names file and line and says what to do."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.rehearsal import events, reading
from mela.rehearsal.reading import Unusable

GOOD = """\
event: sunday
title: A match on Sunday
start: 2026-11-29T19:30+05:30
series:
  viewers:
    kind: level
    stay: {lasts: 30m}
    points:
      - {at: 0s, value: 1 lakh}
      - {at: 1h, value: 2.5 crore}
      - {at: 1h10m, value: 0}
actions:
  open: {of: viewers, joins: 1}
  beat: {of: viewers, every: 30s}
"""


def write(folder: Path, text: str, name: str = "own.yaml") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_own_event_is_read(tmp_path: Path) -> None:
    demand = events.load(write(tmp_path, GOOD)).demand()
    assert demand.ticks == 4200
    assert demand.levels["viewers"][3600] == 25_000_000
    assert demand.start.isoformat() == "2026-11-29T14:00:00+00:00"


def test_phases_are_moments_and_levels(tmp_path: Path) -> None:
    head, tail = GOOD.split("    points:", maxsplit=1)[0], "actions:" + GOOD.split("actions:")[1]
    phases = """\
phases:
  - {name: doors, text: Doors open, lasts: 10m, viewers: 2M}
  - {name: first-half, lasts: 45m, viewers: 5M}
"""
    event = events.load(write(tmp_path, head + phases + tail))
    demand = event.demand()
    assert [(moment.at_s, moment.name, moment.planned) for moment in demand.moments] == [
        (0, "doors", True),
        (600, "first-half", True),
    ]
    assert demand.levels["viewers"][600] == 2_000_000
    assert demand.ticks == 3300


def test_spike_is_planned_and_vanishes(tmp_path: Path) -> None:
    spike = "spikes:\n  - {name: deal, text: A deal, on: viewers, at: 20m, adds: 500k, rise: 1m, hold: 2m, fade: 1m}\n"
    plain, spiked = (events.load(write(tmp_path, text)).demand() for text in (GOOD, GOOD + spike))
    more = spiked.levels["viewers"] - plain.levels["viewers"]
    assert more.max() == pytest.approx(500_000)
    assert 1200 <= np.flatnonzero(more).min() < np.flatnonzero(more).max() <= 1440
    assert [moment.planned for moment in spiked.moments] == [True]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("title: A match on Sunday\n", "", 1, "title is missing; add `title:`"),
        ("title:", "titel:", 2, "titel is not known here; did you mean"),
        ("2026-11-29T19:30+05:30", "2026-11-29T19:30", 3, "write date, time and zone"),
        ("2026-11-29T19:30+05:30", "Sunday", 3, "write date, time and zone"),
        ("kind: level", "kind: levle", 6, "did you mean level?"),
        ("kind: level", "kind: total", 10, None),
        ("value: 2.5 crore", "value: many", 10, "give a number, such as 25_300_000, 25.3M or 2.53 crore"),
        ("value: 2.5 crore", "value: true", 10, "give a number"),
        ("value: 2.5 crore", "value: .nan", 10, "give a number"),
        ("value: 2.5 crore", "value: -4", 10, "from 0 to"),
        ("value: 2.5 crore", "value: 1e300", 10, "from 0 to"),
        ("value: 2.5 crore", "value: [1]", 10, "give a number"),
        ("at: 1h,", "at: one hour,", 10, "write a duration, such as 45s, 20m or 1h30m"),
        ("at: 1h,", "at: 0s,", 10, "not later than the point before it"),
        ("at: 1h10m", "at: 30d", 11, "from 0 to 604800 s"),
        ("at: 1h,", "att: 1h,", 10, "did you mean at?"),
        ("at: 1h,", "", 10, "has no at; add `at:`"),
        ("{at: 1h, value: 2.5 crore}", "{at: 1h, at: 2h, value: 1}", 10, "at stands twice"),
        ("{at: 1h, value: 2.5 crore}", "[1h, 5]", 10, "must be a map"),
        ("{at: 1h, value: 2.5 crore}", "{at: 1h, value: 5, mark: published}", 10, "names no source"),
        ("{at: 1h, value: 2.5 crore}", "{at: 1h, value: 5, mark: published, source: x}", 10, "not under sources:"),
        ("{at: 1h, value: 2.5 crore}", "{at: 1h, value: 5, mark: gossip}", 10, "known are assumption, derived"),
        ("stay: {lasts: 30m}", "stay: {lasts: 0s}", 7, "from 1 to"),
        ("    stay: {lasts: 30m}\n", "", 1, "add `stay: {lasts: 30m}`"),
        ("of: viewers, joins: 1", "of: crowd, joins: 1", 1, "the series are viewers"),
        ("of: viewers, joins: 1", "of: viewers", 13, "says how often of nothing"),
        ("of: viewers, every: 30s", "of: viewers, every: 0s", 14, "from 0.001 to"),
        ("event: sunday", "event: Sunday!", 1, "use small letters"),
        ("event: sunday", "event: &a sunday\nlike: *a", 2, "is an alias"),
        ("event: sunday", "event: sunday\nlike: nothing", 2, "which cannot be used: there is no such event"),
        ("event: sunday", "event: [unclosed", 2, "not YAML"),
    ],
)
def test_mistake_is_told_with_line_and_mend(tmp_path: Path, old: str, new: str, line: int, says: str | None) -> None:
    assert old in GOOD
    file = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(Unusable) as refused:
        events.load(file)
    assert refused.value.file == file
    if says:
        assert (refused.value.line, says in refused.value.says) == (line, True), str(refused.value)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("conditions:\n  - {name: tie, text: Tie, on: viewers, at: 5h, chance: 0.5}\n", "after the event's end"),
        ("conditions:\n  - {name: tie, text: Tie, on: crowd, at: 1h, chance: 0.5}\n", "which is no series"),
        ("conditions:\n  - {name: tie, text: Tie, on: viewers, chance: 0.5}\n", "needs either `at: 2h` or `between"),
        (
            "conditions:\n  - {name: tie, text: Tie, on: viewers, between: [1h, 30m], chance: 0.5}\n",
            "the earlier first",
        ),
        ("conditions:\n  - {name: tie, text: Tie, on: viewers, at: 1h, chance: 2}\n", "from 0 to 1"),
        ("conditions:\n  - {name: tie, text: Tie, on: viewers, at: 1h}\n", "has no chance"),
        ("lasts: 3s\n", "from 60 to"),
        ("jitter: 4\n", "from 0 to 1"),
        ("moments: toss\n", "must be a list"),
        ("moments:\n  - {at: 1m, name: toss, text: Toss, planned: maybe}\n", "write true or false"),
        ("phases:\n  - {name: all, lasts: 10m, viewers: 4}\n", "both draw viewers"),
    ],
)
def test_mistake_beside_the_curve_is_told(tmp_path: Path, extra: str, says: str) -> None:
    with pytest.raises(Unusable) as refused:
        events.load(write(tmp_path, GOOD + extra))
    assert says in refused.value.says


@pytest.mark.parametrize(
    ("peak", "says"),
    [
        ("peak:\n  crowd: {value: 5}\n", "is no series of match-2019"),
        ("peak:\n  viewers: {value: 5, above: 30M}\n", "keep less"),
        ("peak:\n  viewers: {above: 5}\n", "has no value"),
    ],
)
def test_event_like_another_says_what_it_cannot_stretch(tmp_path: Path, peak: str, says: str) -> None:
    with pytest.raises(Unusable) as refused:
        events.load(write(tmp_path, f"event: big\ntitle: Big\ntext: Big\nlike: match-2019\n{peak}"))
    assert says in refused.value.says


def test_event_like_itself_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(f"event: own\ntitle: Own\ntext: Own\nlike: {file}\n")
    with pytest.raises(Unusable, match="is one like itself"):
        events.load(str(file))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"- 1\n", "must be a map"),
        (b"\x00", "not YAML"),
        (b"[" * 5000, "not YAML"),
        (b"a" * (reading.LARGEST_FILE + 1), "MiB"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nevent: *b\n", "is an alias"),
    ],
)
def test_hostile_file_is_refused_in_a_sentence(tmp_path: Path, raw: bytes, says: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_bytes(raw)
    with pytest.raises(Unusable) as refused:
        events.load(str(file))
    assert says in str(refused.value)


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "missing.yaml", "missing.csv", "", "/"])
def test_event_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(Unusable):
        events.load(name)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_an_event_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("any.yaml", "any.csv"):
        with pytest.raises(Unusable):
            events.load(write(folder, text.encode("utf-8", "replace").decode(), name))


TABLE = """\
# start: 2026-11-29T19:30+05:30
# like: match-2019
at_min,viewers,search/s
0,100000,10
30,2000000,90
31,1000,5
"""


def test_table_is_read(tmp_path: Path) -> None:
    demand = events.load(write(tmp_path, TABLE, "Sunday night.csv")).demand()
    assert demand.ticks == 1860
    assert demand.levels["viewers"][1800] == 2_000_000
    assert set(demand.actions) == {"start", "heartbeat", "end", "home", "search"}


def test_table_of_moments_needs_no_start(tmp_path: Path) -> None:
    table = "time,buy/min\n2026-11-29T19:30:00+05:30,60\n2026-11-29T19:40:00+05:30,60\n"
    demand = events.load(write(tmp_path, table, "buys.csv")).demand()
    assert demand.arrivals.sum() == pytest.approx(600)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("# start: 2026-11-29T19:30+05:30\n", "", 2, "add a line `# start"),
        ("2026-11-29T19:30+05:30", "tonight", 1, "no time with a zone"),
        ("# like: match-2019\n", "\n", 3, "add `# like: match-2019`"),
        ("# like: match-2019", "# like: nothing", 2, "there is no such event"),
        ("at_min", "minute", 3, "name it time, at_s or at_min"),
        ("viewers,", "crowd,", 3, "it has viewers"),
        ("search/s", "search/week", 3, "write a name, with /s, /min or /h"),
        ("search/s", "viewers/s", 3, "stands twice"),
        ("30,2000000,90", "30,2000000", 5, "2 cells under 3 columns"),
        ("30,2000000,90", "30,lots,90", 5, "give a number"),
        ("30,2000000,90", "30,-5,90", 5, "give a number"),
        ("30,2000000,90", "30,nan,90", 5, "give a number"),
        ("30,2000000,90", "0,2000000,90", 5, "must be later"),
        ("31,1000,5", "31000,1000,5", 6, "within a week"),
        ("at_min", "at_s", 6, "at least a minute"),
        ("30,2000000,90\n31,1000,5\n", "", 0, "at least a minute|from 2 to"),
    ],
)
def test_mistake_in_a_table_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in TABLE
    with pytest.raises(Unusable) as refused:
        events.load(write(tmp_path, TABLE.replace(old, new, 1), "own.csv"))
    assert refused.value.line == line
    assert any(each in refused.value.says for each in says.split("|")), str(refused.value)
