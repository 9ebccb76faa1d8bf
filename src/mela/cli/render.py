"""The one module that prints. Data goes to stdout, progress and failures to stderr; `NO_COLOR` is honoured."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from time import monotonic
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console()
err = Console(stderr=True)
_UNBROKEN = 4_000


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout; a cell may be a styled text. Where nobody looks, no line is broken: it can be searched."""
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    (out if out.is_terminal else Console(width=_UNBROKEN)).print(drawn)


def as_json(value: Any) -> None:
    """A value for a script."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def line(text: str) -> None:
    """A line on stdout."""
    out.print(Text(text))


def lines(texts: Iterable[Text]) -> None:
    """Styled lines on stdout. Long ones are wrapped by the terminal, so that they can be copied and searched."""
    for text in texts:
        if out.color_system is None:
            print(text.plain)  # a hundred times faster, for reports of thousands of lines
        else:
            out.print(text, soft_wrap=True)


def step(name: str, text: str) -> None:
    """One step of a story."""
    out.print(Text.assemble((f"{name:<10} ", "bold cyan"), text))


def india(moment: datetime | str, form: str = "%d %b %Y %H:%M") -> str:
    """A moment, or its ISO text with a zone, as people in India read it."""
    from mela.kernel import clock

    return clock.india(datetime.fromisoformat(moment) if isinstance(moment, str) else moment).strftime(form)


def note(text: str) -> None:
    """A line of progress on stderr."""
    err.print(Text(text, style="dim"))


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr with the time left; call what it gives after each of `total` parts. Gone when it is done."""
    from rich import progress as bars

    parts = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*parts, console=err, transient=True) as drawn:
        task = drawn.add_task(what, total=total)
        yield lambda: drawn.advance(task)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on stderr while somebody else works; nothing where nobody looks."""
    with err.status(what) if err.is_terminal else nullcontext():
        yield


class Told:
    """The steps of a long piece of work for another program: lines of JSON on stderr, a tenth of a second apart at least."""

    def begin(self, name: str) -> Callable[[int, int], None]:
        """A new step; what it returns hears what is done, and of how much."""
        said = 0.0

        def hear(done: int, total: int) -> None:
            nonlocal said
            if done in (0, total) or monotonic() - said > 0.1:
                said = monotonic()
                print(json.dumps({"step": name, "done": done, "of": total}), file=sys.stderr, flush=True)

        return hear


class Stages:
    """Bars on stderr with the time left, one for each step; nothing where stderr is no terminal."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars

    def begin(self, name: str) -> Callable[[int, int], None]:
        """A new bar; what it returns hears what is done, and of how much."""
        task = self._bars.add_task(name, total=None)

        def hear(done: int, total: int) -> None:
            self._bars.update(task, completed=done, total=total)

        return hear


@contextmanager
def stages(*, for_script: bool = False) -> Iterator[Stages | Told]:
    """Shows the stages of a long piece of work, each of which says by itself how far it is; or tells them to a program."""
    from rich import progress as bars

    if for_script:
        yield Told()
        return

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as shown:
        yield Stages(shown)


def speaks_unicode() -> bool:
    """Can stdout write more than ASCII?"""
    return "utf" in (out.encoding or "").lower()


def problem(reason: str, fix: str = "") -> None:
    """What went wrong, and what to do."""
    err.print(Text.assemble(("error: ", "bold red"), reason))
    if fix:
        err.print(Text.assemble(("hint:  ", "bold"), fix))


def failure(error: Exception) -> bool:
    """Print a known failure as a sentence; False when it is not known and its traceback is the best we have."""
    from mela.cli import failures

    known = failures.explain(error)
    if known is None:
        return False
    problem(*known)
    return True
