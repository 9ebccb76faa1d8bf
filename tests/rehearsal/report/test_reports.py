"""The report on a terminal and as a page."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mela.rehearsal.model import Happening, Trace
from mela.rehearsal.report import page, terminal, thin
from mela.rehearsal.report.outcome import Outcome
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from mela.rehearsal.verdict.search import search
from tests.rehearsal import match


def outcome(*, text: str = match.TEXT, looked: bool = True) -> Outcome:
    things = match.system(text)
    around = Around(things)
    verdict = judge(match.play(things), around)
    mend = search(around, match.play, verdict) if looked and not verdict.held else None
    return Outcome("as written", "A match", ("match.yaml",), verdict, mend, looked)


def wide(trace: Trace, services: int, ticks: int) -> Trace:
    """The trace with so many services and ticks, all different."""
    noise = np.random.Generator(np.random.PCG64(1)).random((ticks, services)) * 1e6
    series = {
        name: noise * (place + 1) for place, name in enumerate(trace.services.__dataclass_fields__) if name != "names"
    }
    for name in ("desired", "ready", "starting", "pending", "refused"):
        series[name] = series[name].astype(np.int64)
    of_one = noise[:, 0]
    return replace(
        trace, services=replace(trace.services, names=tuple(f"s{n}" for n in range(services)), **series),  # type: ignore[arg-type]
        asked=noise[:, :1], answered=noise[:, :1], nodes=noise.astype(np.int64), pools=tuple(f"p{n}" for n in range(services)),
        bandwidth_mbps=of_one, cost_paise=of_one, levels={"viewers": of_one},
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "hi"])
@pytest.mark.parametrize("plain", [False, True])
def test_the_terminal_report_fits_into_80_columns(lang: str, plain: bool) -> None:
    told = [line.plain for line in terminal.lines(outcome(), lang, plain=plain)]
    assert max(map(len, told)) <= 80
    assert plain is all(set(line) <= set(map(chr, range(0x2500))) for line in told)


def test_the_terminal_report_says_what_where_and_how_to_mend() -> None:
    told = "\n".join(line.plain for line in terminal.lines(outcome()))
    for part in (
        "It breaks at 15:35.",
        "6 min after “Toss”",
        "match.yaml:24",
        "spec.maxReplicas: 10 → 15",
        "With this it holds",
        "₹",
    ):
        assert part in told


def test_what_holds_says_so_without_failures() -> None:
    told = "\n".join(
        line.plain for line in terminal.lines(outcome(text=match.TEXT.replace("maxReplicas: 10", "maxReplicas: 40")))
    )
    assert told.startswith("It holds.")
    assert "broken" not in told


def test_a_spark_keeps_a_spike_of_one_second() -> None:
    values = np.zeros(21_600)
    values[12_345] = 7
    assert terminal.spark(values, 50).strip() == "█"


def test_the_page_asks_nothing_of_anybody() -> None:
    made = page.html([outcome()])
    assert not re.search(
        r"""(src|href)\s*=|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(""", made.replace("xlink:href", "")
    )
    assert "default-src 'none'" in made
    assert "Permission is hereby granted" in made


def test_the_same_outcome_gives_the_same_bytes() -> None:
    assert page.html([outcome()]) == page.html([outcome()])


def test_text_of_an_event_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    bad = replace(outcome(), event=evil, diff=evil)
    assert evil not in page.html([bad])
    assert page.document([bad])["runs"][0]["event"] == evil


def test_six_hours_of_twelve_services_stay_under_400_kb() -> None:
    small = outcome(looked=False)
    trace = wide(small.trace, services=12, ticks=21_600)
    many = tuple(
        Happening(at, "scaled", "s1", "the autoscaler wants more replicas than before") for at in range(0, 20_000, 5)
    )
    verdict = replace(small.verdict, trace=replace(trace, happenings=many))
    one = replace(small, verdict=verdict)
    assert len(page.html([one]).encode()) < 400_000
    assert len(page.html([one, replace(one, name="b")]).encode()) < 500_000


def test_the_page_knows_every_text_in_five_languages() -> None:
    texts = page.document([outcome()])["texts"]
    script = (page.WEB / "page.js").read_text(encoding="utf-8")
    used = set(re.findall(r'text\("((?:page|now|when|gap|word|line)\.[a-z0-9]+)"', script))
    assert len(used) > 15
    assert all(used <= texts[lang].keys() for lang in ("en", "hi", "ta", "te", "kn"))


def test_the_data_is_json_that_a_browser_reads() -> None:
    made = page.html([outcome()])
    (inside,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', made, re.DOTALL)
    assert json.loads(inside)["runs"][0]["failures"][0]["first"] == match.TOSS_S + 351


def test_thinning_keeps_the_least_and_the_greatest_in_their_order() -> None:
    values = np.array([5.0, 1.0, 9.0, 2.0, 8.0, 8.0, 3.0])
    assert thin.thin(values, 4).tolist() == [1.0, 9.0, 8.0, 3.0]
    assert thin.times(7, 4) == [0, 2, 4, 6]


@given(arrays.arrays(np.float64, st.integers(1, 500), elements=st.floats(0, 1e9)), st.integers(2, 40))
def test_no_extreme_is_lost_by_thinning(values: np.ndarray, every: int) -> None:
    thinned = thin.thin(values, every)
    assert thinned.min() == values.min()
    assert thinned.max() == values.max()
    assert len(thinned) == len(thin.times(values.size, every))


@given(arrays.arrays(np.int64, st.integers(1, 100), elements=st.integers(0, thin.LEVELS)))
def test_small_whole_numbers_come_back_exactly(values: np.ndarray) -> None:
    code = thin.coded(values)
    if "c" in code:
        assert values.tolist() == [code["c"]] * values.size
    else:
        pairs = [code["d"][place : place + 2] for place in range(0, len(code["d"]), 2)]
        assert [
            code["b"] + code["s"] * (thin.DIGITS.index(a) * 64 + thin.DIGITS.index(b)) for a, b in pairs
        ] == values.tolist()
