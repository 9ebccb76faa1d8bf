"""The report for a terminal: 80 columns, sparklines on one time axis, good without colour."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from textwrap import wrap

import numpy as np
from rich.text import Text

from mela.kernel import clock
from mela.rehearsal.model import Floats, Moment, Trace
from mela.rehearsal.report import words
from mela.rehearsal.report.outcome import Outcome, crowd
from mela.rehearsal.verdict.model import Failure

WIDTH = 80
LABEL, FIGURE = 14, 16
PLOT = WIDTH - LABEL - FIGURE
BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-=+*#@"
BAD, POOR = "bold red", "yellow"
WORTH = 0.05
"""Failures a second that are worth a bar: fewer are the tail of a distribution."""


def lines(outcome: Outcome, lang: str = "en", *, plain: bool = False) -> Iterator[Text]:
    """The whole report. `plain`: bars of ASCII, for terminals without UTF-8."""
    trace, verdict = outcome.trace, outcome.verdict
    yield Text.assemble((words.headline(verdict, lang), "bold green" if verdict.held else BAD), f"  {outcome.event}")
    yield from (Text(line, "dim") for line in wrap(_subtitle(outcome), WIDTH))
    yield from (Text(line, POOR) for gap in outcome.gaps for line in wrap(gap, WIDTH))
    yield Text()
    yield from _chart(trace, verdict.failures, PLAIN_BARS if plain else BARS)
    for failure in verdict.failures:
        yield Text()
        yield from _failure(trace, failure, lang, POOR if verdict.held else BAD)
    yield Text()
    yield from _budgets(outcome, lang)
    yield Text(f"{words.say('page.cost', lang)}: {words.rupees(verdict.cost_paise, lang)}")
    if outcome.looked:
        yield Text()
        yield from _mend(outcome, lang)


def spark(values: Floats, width: int = PLOT, bars: str = BARS) -> str:
    """One character per stretch, the greatest of it; blank for zero, so that trouble stands out."""
    edges = np.linspace(0, values.size, width + 1).astype(int)
    tops = [float(values[begin : max(end, begin + 1)].max()) for begin, end in itertools.pairwise(edges)]
    high = max(tops)
    if high <= 0:
        return " " * width
    return "".join(" " if top <= 0 else bars[min(len(bars) - 1, int(top / high * len(bars)))] for top in tops)


def _subtitle(outcome: Outcome) -> str:
    trace = outcome.trace
    begin, end = clock.india(trace.start), clock.india(trace.start + timedelta(seconds=trace.ticks))
    said = [f"{begin:%d %b %Y, %H:%M}–{end:%H:%M} IST", f"seed {trace.seed}", trace.strategy, *outcome.paths]
    return " · ".join(said)


def _chart(trace: Trace, failures: Iterable[Failure], bars: str) -> Iterator[Text]:
    services = trace.services
    name, people = crowd(trace)
    lost = (services.shed + services.failed).sum(axis=1)
    lost = np.where(lost < WORTH, 0.0, lost)
    rows: list[tuple[str, Floats, str, str]] = [
        (name, people, words.count(float(people.max())), ""),
        ("p99", services.latency_p99_s.max(axis=1), words.duration(float(services.latency_p99_s.max())), ""),
        ("failed /s", lost, words.count(float(lost.max())), BAD),
        ("pods", services.ready.sum(axis=1), words.count(float(services.ready.sum(axis=1).max())), ""),
        ("pods waiting", _waiting(trace), words.count(float(_waiting(trace).max())), "yellow"),
        ("nodes", trace.nodes.sum(axis=1), words.count(float(trace.nodes.sum(axis=1).max())), ""),
        ("bandwidth", trace.bandwidth_mbps, words.bandwidth(float(trace.bandwidth_mbps.max())), ""),
        ("picture lost", 1 - trace.quality, f"{1 - float(trace.quality.min()):.0%}", "yellow"),
        ("₹ an hour", trace.cost_paise, words.rupees(float(trace.cost_paise.max()) * 3600), ""),
    ]
    yield Text(" " * LABEL + _axis(trace, PLOT), "dim")
    for label, values, most, style in rows:
        if float(values.max()) > 0:
            yield Text.assemble(
                (f"{label:<{LABEL}}", "dim"), (spark(values, bars=bars), style), f" {most:>{FIGURE - 1}}"
            )
    broken = _marks(trace, [(one.first_s, one.last_s) for one in failures], PLOT)
    if broken.strip():
        yield Text.assemble((f"{'broken':<{LABEL}}", "dim"), (broken, BAD))
    if trace.moments:
        yield Text.assemble((f"{'moments':<{LABEL}}", "dim"), _letters(trace, PLOT))
        yield from (Text(" " * LABEL + line, "dim") for line in wrap(_key(trace), WIDTH - LABEL))


def _waiting(trace: Trace) -> Floats:
    services = trace.services
    return np.asarray((services.starting + services.pending + services.refused).sum(axis=1), dtype=np.float64)


def _axis(trace: Trace, width: int) -> str:
    """Clock times over the plot, as many as fit."""
    axis = ""
    for place in range(0, width - 4, 10):
        second = place * trace.ticks / width
        axis += f"{clock.india(trace.start + timedelta(seconds=second)):%H:%M}".ljust(10)
    return axis[:width]


def _marks(trace: Trace, stretches: Iterable[tuple[int, int]], width: int) -> str:
    marks = [" "] * width
    for first, last in stretches:
        for place in range(first * width // trace.ticks, last * width // trace.ticks + 1):
            marks[min(place, width - 1)] = "×"
    return "".join(marks)


def _named(trace: Trace) -> list[tuple[str, Moment]]:
    return [(chr(ord("a") + place % 26), moment) for place, moment in enumerate(trace.moments)]


def _letters(trace: Trace, width: int) -> str:
    marks = [" "] * width
    for letter, moment in _named(trace):
        if 0 <= moment.at_s < trace.ticks:
            marks[moment.at_s * width // trace.ticks] = letter
    return "".join(marks)


def _key(trace: Trace) -> str:
    return "  ".join(f"{letter} {words.at(trace, moment.at_s)[:5]} {moment.text}" for letter, moment in _named(trace))


def _failure(trace: Trace, failure: Failure, lang: str, style: str) -> Iterator[Text]:
    yield Text(words.when(trace, failure.first_s, lang), style)
    said = " ".join(words.failure(trace, failure, lang))
    yield from (Text("  " + line) for line in wrap(said, WIDTH - 2))
    if failure.cause.said:
        yield from (Text("  " + line, "dim") for line in wrap(failure.cause.said, WIDTH - 2))
    if failure.cause.field:
        yield Text.assemble("  ", (words.place(failure.cause.field), "bold"))
        yield from (Text("  " + line) for line in wrap(words.field(failure.cause.field), WIDTH - 2))


def _budgets(outcome: Outcome, lang: str) -> Iterator[Text]:
    """Of the promises that were kept without a scratch nothing is said but their number."""
    for found in outcome.verdict.budgets:
        if found.used > 0:
            style = BAD if found.used > 1 else ""
            yield from (Text(line, style) for line in wrap(words.budget(found, lang), WIDTH, subsequent_indent="  "))


def _mend(outcome: Outcome, lang: str) -> Iterator[Text]:
    yield Text(words.say("page.mend", lang), "bold")
    for change in outcome.mend.changes if outcome.mend else ():
        yield Text.assemble("  ", (words.place(change.field), "bold"))
        yield Text(f"  {change.thing.title}")
        yield Text(f"  {words.change(change)}", "green")
    said = words.mend(outcome.verdict, outcome.mend, lang)
    yield from (Text("  " + line) for line in wrap(said, WIDTH - 2))
