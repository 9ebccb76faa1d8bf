"""`mela rehearse`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from mela.cli import render
from mela.cli.typed import NewFile

if TYPE_CHECKING:
    from mela.rehearsal.plan import Plan, Ready
    from mela.rehearsal.report.outcome import Outcome
    from mela.rehearsal.verdict.model import Mend, Verdict

HELD, BROKE, NOT_RUN = 0, 1, 2
PATCH = "rehearsal.patch"
EPILOG = """\
Examples:  mela rehearse   ·   mela rehearse kubernetes/ --event match-2019 --html match.html
·   mela rehearse k8s/ --event sale-20x --calls calls.yaml --scale 1.5 --fault zone:ap-south-1b@+40m
·   mela rehearse k8s/ --event tatkal --compare   ·   mela rehearse k8s/ --event tatkal --seeds 1..8 --scales 1,2,4 --quick
·   mela rehearse k8s/ --event match-2019 --fix --budget 5L   ·   mela rehearse k8s/ --event match-2019 --json | jq .failures
"""


class Amount(click.ParamType[int]):
    """Rupees as Indians type them: 50000, 5L, 2.5 lakh, 2Cr. In paise."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from mela.rehearsal.report import amounts

        try:
            return amounts.read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Seeds(click.ParamType[tuple[int, ...]]):
    """`1..8`, `3,5,9`."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            first, dots, last = str(value).partition("..")
            found = tuple(range(int(first), int(last) + 1)) if dots else tuple(map(int, str(value).split(",")))
        except ValueError:
            self.fail(f"{value!r} is neither a range such as 1..8 nor a list such as 3,5,9", param, ctx)
        return (
            found
            if found and min(found) >= 0 and len(found) <= 1000
            else self.fail("name 1 to 1000 seeds, none below 0", param, ctx)
        )


class Scales(click.ParamType[tuple[float, ...]]):
    """`0.5,1,2`."""

    name = "scales"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        try:
            found = tuple(map(float, str(value).split(",")))
        except ValueError:
            self.fail(f"{value!r} is no list such as 0.5,1,2", param, ctx)
        return (
            found
            if all(0 < scale < 1e6 for scale in found)
            else self.fail("each scale is a number above 0", param, ctx)
        )


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--event", metavar="EVENT", help="From `mela events list`, or your own .yaml or .csv file.")
@click.option("--calls", "graph", metavar="FILE", help="Who calls whom; a shipped graph or your own file.  [default: the shipped one that fits]")  # fmt: skip
@click.option("--scale", type=click.FloatRange(0, 1e6, min_open=True), default=1.0, show_default=True, help="Times the event's size.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Something that goes wrong besides, such as zone:ap-south-1b@+40m. May be repeated.")  # fmt: skip
@click.option("--list-faults", is_flag=True, help="What can go wrong, and how it is written.")
@click.option("--strategy", metavar="NAME", default="as-written", show_default=True, help="Who chooses the replicas.")
@click.option("--compare", is_flag=True, help="All strategies in one table.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For what is left to chance.")
@click.option("--seeds", type=Seeds(), metavar="1..8", help="Many seeds, on all cores.")
@click.option("--scales", type=Scales(), metavar="1,2,4", help="Many scales, on all cores.")
@click.option("--quick", is_flag=True, help="Steps of ten seconds: a rough answer, several times as fast.")
@click.option(
    "--search/--no-search", default=True, help="Look for the smallest change that mends what breaks.  [default: look]"
)
@click.option("--fix", is_flag=False, flag_value=PATCH, type=NewFile(), metavar="FILE", help=f"Write that change as a patch.  [default file: {PATCH}]")  # fmt: skip
@click.option("--budget", type=Amount(), metavar="AMOUNT", help="What it may cost: 50000, 5L, 2Cr.")
@click.option("--html", type=NewFile(), metavar="FILE", help="The report as one page.")  # fmt: skip
@click.option("--language", type=click.Choice(["en", "hi", "ta", "te", "kn"]), default="en", show_default=True)
@click.option("--json", "for_script", is_flag=True, help="For a script.")
@click.option("--progress", "tells", is_flag=True, help="How far it is, for a program: lines of JSON on stderr.")
def rehearse(  # noqa: PLR0917 - click passes them by name
    paths: tuple[str, ...], event: str | None, graph: str | None, scale: float, faults: tuple[str, ...], strategy: str,
    list_faults: bool, compare: bool, seed: int, seeds: tuple[int, ...] | None, scales: tuple[float, ...] | None, quick: bool, search: bool,
    fix: Path | None, budget: int | None, html: Path | None, language: str, for_script: bool,
    tells: bool,
) -> None:  # fmt: skip
    """Play a national event through your manifests, and say what breaks, when, why, and which field to change.

    Without PATH it plays an example. Exit code: 0 it held, 1 it broke or cost too much, 2 it could not be run.
    """
    if list_faults:
        return _list_faults()
    if (compare or seeds or scales) and (html or fix or budget is not None):
        raise click.UsageError(
            "--html, --fix and --budget are of one rehearsal; --compare, --seeds and --scales play many."
        )
    with _refusing():
        wanted = _plan(paths, event, graph or "").but(
            scale=scale, faults=faults, strategy=_known(strategy), seed=seed, quick=quick
        )
        if compare or seeds or scales:
            code = _many(wanted, seeds, scales, compare=compare, for_script=for_script)
        else:
            code = _one(
                wanted, search or fix is not None, fix, budget, html, language, for_script=for_script, tells=tells
            )
            if not paths and not for_script:
                _explain(wanted)
    raise SystemExit(code)


def _list_faults() -> None:
    from mela.rehearsal import faults

    render.table(
        "Faults", ("for example", "what happens"), [(kind.example, kind.does) for kind in faults.KINDS.values()]
    )
    render.line("")
    render.line(f"{faults.FORM}; WHEN is a time after the start or a moment of the event, such as toss+2m")


@contextmanager
def _refusing() -> Iterator[None]:
    """What is known to go wrong becomes a sentence and the exit code of what could not be run."""
    from mela.rehearsal.plan import CannotRehearse

    try:
        yield
    except CannotRehearse as error:
        render.problem(str(error))
        raise SystemExit(NOT_RUN) from error
    except click.ClickException:
        raise
    except Exception as error:
        if not render.failure(error):
            raise
        raise SystemExit(NOT_RUN) from error


def _plan(paths: tuple[str, ...], event: str | None, graph: str) -> "Plan":
    from mela.rehearsal import calls, events, example
    from mela.rehearsal.plan import CannotRehearse, Plan

    if not paths and event is None:
        return Plan((example.MANIFESTS,), example.EVENT, graph or example.CALLS)
    if not paths and event is not None:
        wanted = events.load(event)
        found = example.of(wanted.family) or (example.MANIFESTS, example.CALLS)
        if not graph and not set(wanted.actions) <= calls.load(found[1]).actions.keys():
            raise CannotRehearse(
                f"There is no example for {wanted.family} events; name manifests: mela rehearse kubernetes --event {event}"
            )
        return Plan((found[0],), event, graph or found[1])
    if event is None:
        raise click.UsageError("Say which event: --event match-2019. `mela events list` names them all.")
    return Plan(paths, event, graph)


def _known(strategy: str) -> str:
    from mela.rehearsal import strategies

    if strategy not in strategies.NAMES:
        raise click.UsageError(f"There is no strategy {strategy}; there are {', '.join(strategies.NAMES)}.")
    return strategy


def _one(
    wanted: "Plan", searches: bool, fix: Path | None, budget: int | None, html: Path | None, language: str, *, for_script: bool, tells: bool
) -> int:  # fmt: skip
    from mela.rehearsal import plan
    from mela.rehearsal.verdict.judge import judge

    ready = plan.read(wanted)
    for overlay in ready.left_out:
        render.note(f"{overlay} changes these manifests and is left out; name it to play it.")
    with render.stages(for_script=tells) as stages:
        verdict = judge(ready.play(progress=stages.begin(f"rehearsing {ready.event.title}")), ready.around)
        mend = _search(ready, verdict, stages) if searches and not verdict.held else None
    outcome = _outcome(ready, verdict, mend, looked=searches and not verdict.held)
    if html:
        from mela.rehearsal.report import page

        html.write_text(page.html(_pair(ready, outcome), language), encoding="utf-8")
    if for_script:
        from mela.rehearsal.report import document

        render.as_json(document.document(outcome, wanted, budget, ready.not_rehearsed))
    else:
        from mela.rehearsal.report import terminal

        render.lines(terminal.lines(outcome, language, plain=not render.speaks_unicode()))
        if html:
            render.note(f"The page is {html}.")
    within = _within(budget, verdict, mend, quiet=for_script)
    if fix and outcome.diff and within:
        _write(fix, outcome.diff)
    return HELD if verdict.held and within else BROKE


def _pair(ready: "Ready", outcome: "Outcome") -> "list[Outcome]":
    """What stands side by side on the page: before and after the change, or as written and another strategy."""
    from mela.rehearsal import plan, strategies
    from mela.rehearsal.verdict.judge import judge

    if ready.plan.strategy != strategies.NAMES[0]:
        plain = plan.read(ready.plan.but(strategy=strategies.NAMES[0]))
        return [_outcome(plain, judge(plain.play(), plain.around), None), outcome]
    if outcome.mend:
        return [outcome, _outcome(ready, outcome.mend.verdict, None, name="with-the-change")]
    return [outcome]


def _search(ready: "Ready", verdict: "Verdict", stages: "render.Stages | render.Told") -> "Mend | None":
    """Looked for in quick steps and shown in full ones; in full ones throughout where quick steps see no harm."""
    from mela.rehearsal.verdict.judge import judge
    from mela.rehearsal.verdict.search import search

    hear = stages.begin("looking for the smallest change")
    rough = verdict if ready.plan.quick else judge(ready.play(quick=True), ready.around)
    is_rough = not ready.plan.quick and not rough.held
    return search(
        ready.around,
        (lambda objects: ready.play(objects, quick=True)) if is_rough else ready.play,
        rough if is_rough else verdict,
        show=ready.play if is_rough else None,
        progress=lambda runs, most, _: hear(runs, most),
    )


def _outcome(ready: "Ready", verdict: "Verdict", mend: "Mend | None", *, looked: bool = False, name: str = "") -> "Outcome":  # fmt: skip
    from mela.rehearsal import example
    from mela.rehearsal.report import words
    from mela.rehearsal.report.outcome import Outcome

    shown = tuple("the example" if example.is_one(path) else path for path in ready.plan.paths)
    about = {"calls": f"calls: {ready.graph.name} ({ready.graph.mark})"}
    if ready.plan.scale != 1:
        about["scale"] = f"× {ready.plan.scale:g}"
    if ready.plan.faults:
        about["faults"] = ", ".join(ready.plan.faults)
    return Outcome(
        name or ready.plan.strategy, ready.event.title, shown, verdict, mend, looked, _diff(mend) if mend else "", about,
        tuple(words.gap(gap, asked) for gap, asked in ready.not_rehearsed),
    )  # fmt: skip


def _diff(mend: "Mend") -> str:
    """The patch; empty, with a note, where the files can't be changed by one."""
    from mela.rehearsal.verdict import patch

    here = Path.cwd()
    files = [Path(change.thing.source.file) for change in mend.changes]
    root = (
        here if any(file.is_absolute() for file in files) and all(file.is_relative_to(here) for file in files) else None
    )
    try:
        return patch.unified(mend.changes, root)
    except patch.CannotPatch as error:
        render.note(str(error))
        return ""


def _within(budget: int | None, verdict: "Verdict", mend: "Mend | None", *, quiet: bool) -> bool:
    from mela.rehearsal.report import words

    if budget is None:
        return True
    cost = mend.verdict.cost_paise if mend and not verdict.held else verdict.cost_paise
    if cost <= budget:
        return True
    if not quiet:
        with_change = "with the change " if mend and not verdict.held else ""
        render.problem(
            f"It costs {words.rupees(cost)} {with_change}and may cost {words.rupees(budget)}.", "No patch is written."
        )
    return False


def _write(file: Path, diff: str) -> None:
    file.write_text(diff, encoding="utf-8")
    render.note(f"The patch is {file}. Read it, then: git apply {file}")


def _many(
    wanted: "Plan", seeds: Sequence[int] | None, scales: Sequence[float] | None, *, compare: bool, for_script: bool
) -> int:
    from mela.kernel.clock import india
    from mela.rehearsal import plan, strategies, sweep
    from mela.rehearsal.report import document, words

    ready = plan.read(wanted)  # what can't be read is said once, before any process starts
    plans = [
        wanted.but(seed=seed, scale=scale, strategy=strategy)
        for strategy in (strategies.NAMES if compare else (wanted.strategy,))
        for scale in scales or (wanted.scale,)
        for seed in seeds or (wanted.seed,)
    ]
    rows: dict[int, sweep.Row] = {}
    with render.stages() as stages:
        hear: Callable[[int, int], None] = stages.begin(f"{len(plans)} rehearsals")
        for place, row in sweep.rows(plans):
            rows[place] = row
            hear(len(rows), len(plans))
    found = [rows[place] for place in sorted(rows)]
    if for_script:
        render.as_json(document.table(found))
    else:
        columns = ("strategy", "scale", "seed", "", "failed", "pod-hours", "cost", "first failure")
        render.table("Rehearsals", columns, [
            (r.plan.strategy, f"{r.plan.scale:g}", r.plan.seed, "held" if r.held else "BROKE", words.count(r.lost),
             words.count(r.pod_hours), words.rupees(r.cost_paise), f"{india(r.first_at):%H:%M:%S} {r.why}" if r.first_at else "")
            for r in found
        ])  # fmt: skip
        render.line(f"{sum(r.held for r in found)} of {len(found)} held")
        for gap, asked in ready.not_rehearsed:
            render.line(words.gap(gap, asked))
        for spread in sweep.spreads(found):
            render.line(words.spread(spread))
    return HELD if all(row.held for row in found) else BROKE


def _explain(wanted: "Plan") -> None:
    render.line("")
    render.line("This was an example that comes with Mela. Its files:")
    for path in (*wanted.paths, wanted.event, wanted.graph):
        render.line(f"  {path}")
    render.line("With your own:  mela rehearse k8s/ --event match-2019 --calls calls.yaml --html match.html")
    render.line("The guide is docs/guides/rehearse.md.")
