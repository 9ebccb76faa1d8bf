"""`mela events`: national events as dated, sourced curves."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from mela.cli import render
from mela.cli.typed import NewFile

if TYPE_CHECKING:
    from mela.rehearsal.events.event import Event
    from mela.rehearsal.model import Demand

EVENT = click.argument("event", metavar="EVENT")
SCALE = click.option("--scale", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="Times the published size.")  # fmt: skip
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For what is left to chance.")


@click.group()
def events() -> None:
    """National events as dated, sourced curves: matches, sales, Tatkal, UPI, New Year's Eve.

    EVENT is a name of the library, or your own .yaml or .csv file.
    """


@events.command(name="list", epilog="Examples:  mela events list   ·   mela events list --json")
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def list_(for_script: bool) -> None:
    """The library."""
    from mela.rehearsal import events as library

    found = [library.load(name) for name in library.names()]
    if for_script:
        render.as_json([_short(event) for event in found])
        return
    rows = [(event.name, event.family, _peak(event), event.title) for event in found]
    render.table("Events", ("event", "family", "peak", "what"), rows)
    render.line("")
    render.line("mela events plot match-2019  ·  mela rehearse kubernetes/ --event match-2019")


@events.command(epilog="Example:  mela events backtest match-2019 match-2026")
@click.argument("names", metavar="EVENT…", nargs=-1, required=True)
@SEED
def backtest(names: tuple[str, ...], seed: int) -> None:
    """All strategies over events, each held out of what they learn from: overload, pod-hours, rupees, against an oracle.

    Prints a Markdown table. A strategy takes some seconds per event.
    """
    from mela.rehearsal import backtest as back
    from mela.rehearsal import strategies

    for name in names:
        _load(name)
    with render.progress("back-test", len(names) * len(strategies.NAMES)) as done:
        rows = back.run(names, seed=seed, progress=lambda *_: done())
    render.line(back.markdown(rows).rstrip())


@events.command(epilog="Examples:  mela events show match-2019   ·   mela events show my-sale.yaml --json")
@EVENT
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def show(event: str, for_script: bool) -> None:
    """Every figure of an event, how well it is known, and where it is from."""
    found = _load(event)
    if for_script:
        render.as_json(_long(found))
        return
    render.line(found.title)
    render.line(found.text)
    if found.stress:
        render.line(f"Stress: {found.stress}.")
    for series in found.series.values():
        rows = [
            (_offset(p.at_s), _figure(p.value), p.origin.mark, p.origin.source, p.origin.note) for p in series.points
        ]
        render.line("")
        render.table(f"{series.name} ({series.kind})", ("at", "value", "mark", "source", "note"), rows)
    render.line("")
    render.table(
        "Moments", ("at", "what", "in the calendar"),
        [(_offset(m.at_s), m.text, "yes" if m.planned else "no") for m in found.moments]
        + [(f"{_offset(s.earliest_s)} to {_offset(s.latest_s)}", s.text, f"chance {s.chance:g}") for s in found.surges],
    )  # fmt: skip
    render.line("")
    render.table("Sources", ("source", "address"), list(found.sources.items()))


@events.command(
    epilog="Examples:  mela events plot tatkal   ·   mela events plot match-2019 --scale 2 --out match.svg   ·   mela events plot my-sale.csv --line 'buy /s'"
)
@EVENT
@SCALE
@SEED
@click.option("--line", metavar="NAME", help="Which curve, such as viewers or 'buy /s'.  [default: the first]")
@click.option("--out", type=NewFile(), metavar="FILE", help="An .svg or .html instead.")  # fmt: skip
def plot(event: str, scale: float, seed: int, line: str | None, out: Path | None) -> None:
    """Draw the crowd of an event."""
    from mela.rehearsal.report import curve

    found = _load(event)
    demand = found.demand(scale, seed)
    every = curve.lines(demand)
    chosen = next(iter(every)) if line is None else line
    if chosen not in every:
        raise click.UsageError(f"{event} has no curve {chosen}; it has {', '.join(every)}.")
    title = found.title if scale == 1 else f"{found.title}, × {scale:g}"
    if out is None:
        _plot(demand, chosen, title)
    elif out.suffix in (".svg", ".html"):
        draw = curve.svg if out.suffix == ".svg" else curve.html
        out.write_text(draw(demand, every[chosen], title, chosen), encoding="utf-8")
        render.note(f"written to {out}")
    else:
        raise click.UsageError(f"{out} ends in neither .svg nor .html.")


def _plot(demand: "Demand", chosen: str, title: str) -> None:
    from mela.rehearsal.report import curve, words

    render.line(f"{title}, {chosen}")
    for row in curve.braille(demand, curve.lines(demand)[chosen]):
        render.line(row)
    for moment in demand.moments:
        render.line(
            f"{words.at_time(demand.start, moment.at_s)}  {moment.text}{'' if moment.planned else '  (nobody knows it before)'}"
        )
    others = [name for name in curve.lines(demand) if name != chosen]
    if others:
        render.note(f"also: --line {', '.join(repr(name) for name in others)}")


def _load(name: str) -> "Event":
    from mela.rehearsal import events as library

    return library.load(name)


def _peak(event: "Event") -> str:
    peak, main = event.main.peak, event.main
    apart = " a second" if main.per_s == 1 else f" in {_offset(main.per_s)}"
    per = {"rate": apart, "total": " in all"}.get(main.kind, "")
    return f"{_figure(peak.value)} {main.name}{per}"


def _figure(value: float) -> str:
    from mela.rehearsal.report import words

    return words.count(value) if value >= 10 or value == int(value) else f"{value:g}"


def _offset(seconds: float) -> str:
    hours, minutes, rest = int(seconds) // 3600, int(seconds) // 60 % 60, int(seconds) % 60
    return (
        (f"{hours}h" if hours else "")
        + (f"{minutes}m" if minutes else "")
        + (f"{rest}s" if rest or seconds < 60 else "")
    )


def _short(event: "Event") -> dict[str, object]:
    peak = event.main.peak
    return {
        "event": event.name, "title": event.title, "family": event.family, "start": event.start.isoformat(),
        "duration_s": event.duration_s, "series": event.main.name, "peak": peak.value, "mark": peak.origin.mark, "stress": event.stress,
    }  # fmt: skip


def _long(event: "Event") -> dict[str, object]:
    from dataclasses import asdict

    return {
        **_short(event),
        "text": event.text,
        "series": [asdict(series) for series in event.series.values()],
        "actions": [asdict(action) for action in event.actions.values()],
        "moments": [asdict(moment) for moment in event.moments],
        "conditions": [asdict(surge) for surge in event.surges],
        "sources": dict(event.sources),
    }
