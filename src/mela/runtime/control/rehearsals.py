"""Rehearsals from the control room: choose a big day and manifests, let a child process play it, see verdict and page.

One runs at a time, the others wait; the last eight are kept, in memory and in a folder that goes with the process.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from mela.kernel import errors, ids
from mela.kernel.web.inputs import Strict
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty

EXAMPLE = "example"
MANIFESTS = Path("kubernetes")
"""Beside what is started, as in a clone of Mela; where it is not there, only the example can be played."""
MOST_KEPT = 8
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'self'"
_RUN = ("-c", "from mela.cli import main; main()", "rehearse")
_ID = "rhs_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
Id = Annotated[str, PathParameter(description="The rehearsal", examples=[_ID])]


class NoSuchRehearsal(errors.NotFound):
    """It was never there, or eight newer ones came."""

    code = "control.no_such_rehearsal"


class RehearsalChoice(BaseModel):
    """A big day that can be played."""

    name: str = Field(description="What it is asked for by", examples=["match-2019"])
    title: str = Field(description="What it is", examples=["World Cup semi-final 2019, India v New Zealand"])


class RehearsalChoices(BaseModel):
    """What can be rehearsed here."""

    events: list[RehearsalChoice] = Field(description="Big days of the library")
    manifests: list[str] = Field(description="Manifests here", examples=[["example", "03-ipl-streaming-hpa.yaml"]])
    strategies: list[str] = Field(description="Ways of choosing replicas", examples=[["as-written", "predictive"]])


class RehearsalWish(Strict):
    """What shall be played."""

    event: str = Field(default=EXAMPLE, pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="A big day, or the example's own", examples=["match-2019"])  # fmt: skip
    manifests: str = Field(default=EXAMPLE, pattern=r"^[a-z0-9][a-z0-9.-]{0,80}$", description="One of the choices", examples=["example"])  # fmt: skip
    scale: float = Field(default=1.0, gt=0, le=1000, strict=False, description="Times the event's size", examples=[1.0])
    seed: int = Field(default=0, ge=0, le=2**31, description="For what is left to chance", examples=[0])
    strategy: str = Field(default="as-written", pattern=r"^[a-z][a-z-]{0,29}$", description="Who chooses the replicas", examples=["predictive"])  # fmt: skip
    quick: bool = Field(default=True, description="Steps of ten seconds instead of one", examples=[True])


class Rehearsal(BaseModel):
    """One rehearsal."""

    id: str = Field(description="The rehearsal", examples=[_ID])
    state: Literal["waiting", "running", "held", "broke", "not_run"] = Field(description="How far it is, what came out", examples=["broke"])  # fmt: skip
    event: str = Field(description="The big day", examples=["match-2019"])
    manifests: str = Field(description="Whose manifests", examples=["example"])
    verdict: dict[str, Any] | None = Field(
        description="As `mela rehearse --json` says it, once it ran", examples=[None]
    )
    problem: str = Field(description="Why it could not be run, empty otherwise", examples=[""])


class Rehearsals(BaseModel):
    """The last ones, the newest first."""

    items: list[Rehearsal] = Field(description="At most eight")


@dataclass(slots=True)
class _Kept:
    id: str
    wish: RehearsalWish
    page: Path
    state: Literal["waiting", "running", "held", "broke", "not_run"] = "waiting"
    verdict: dict[str, Any] | None = None
    problem: str = ""

    def shown(self) -> Rehearsal:
        return Rehearsal(
            id=self.id, state=self.state, event=self.wish.event, manifests=self.wish.manifests, verdict=self.verdict, problem=self.problem
        )  # fmt: skip


@dataclass
class Stage:
    """Plays rehearsals, one after the other, each in a child process. `close` ends the one that runs."""

    kept: dict[str, _Kept] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def ask(self, key: str, wish: RehearsalWish) -> Rehearsal:
        """A new one; the same key names the same one."""
        if (known := self._by_key.get(key)) in self.kept:
            assert known is not None
            return self.kept[known].shown()
        self._folder = self._folder or tempfile.TemporaryDirectory("-rehearsals")
        id_ = ids.new_id("rhs")
        self.kept[id_] = _Kept(id_, wish, Path(self._folder.name, f"{id_}.html"))
        self._by_key[key] = id_
        while len(self.kept) > MOST_KEPT:
            self.kept.pop(next(iter(self.kept))).page.unlink(missing_ok=True)
        task = asyncio.create_task(self._play(self.kept[id_]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return self.kept[id_].shown()

    def find(self, id_: str) -> _Kept:
        """Raises: NoSuchRehearsal."""
        if id_ not in self.kept:
            raise NoSuchRehearsal(id=id_)
        return self.kept[id_]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._folder is not None:
            self._folder.cleanup()

    async def _play(self, one: _Kept) -> None:
        async with self._one:
            one.state = "running"
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(
                sys.executable, *_RUN, *_arguments(one), stdout=pipe, stderr=pipe
            )
            try:
                said, told = await child.communicate()
            except asyncio.CancelledError:
                child.kill()
                await child.wait()
                raise
        if child.returncode in (0, 1) and said:
            one.verdict = json.loads(said)
            one.state = "held" if child.returncode == 0 else "broke"
        else:
            one.state, one.problem = "not_run", told.decode(errors="replace").strip()[-2000:]


def _arguments(one: _Kept) -> list[str]:
    wish = one.wish
    paths = [] if wish.manifests == EXAMPLE else [str(MANIFESTS / wish.manifests)]
    event = [] if wish.event == EXAMPLE else ["--event", wish.event]
    more = ["--quick"] if wish.quick else []
    return [
        *paths, *event, *more, "--scale", str(wish.scale), "--seed", str(wish.seed), "--strategy", wish.strategy, "--json", "--html", str(one.page)
    ]  # fmt: skip


def _choices() -> RehearsalChoices:
    from mela.rehearsal import events, strategies

    here = sorted(each.name for each in MANIFESTS.iterdir() if each.name[0].isdigit()) if MANIFESTS.is_dir() else []
    library = [RehearsalChoice(name=name, title=events.load(name).title) for name in events.names()]
    return RehearsalChoices(events=library, manifests=[EXAMPLE, *here], strategies=list(strategies.NAMES))


def add(api: APIRouter, stage: Stage, choices: Callable[[], RehearsalChoices] = _choices) -> None:
    """The routes."""

    @api.get("/rehearsals/choices", summary="What can be rehearsed")
    async def get_rehearsal_choices(_caller: OnDuty) -> RehearsalChoices:
        """Big days, manifests, strategies."""
        return await asyncio.to_thread(choices)

    @api.get("/rehearsals", summary="The last rehearsals")
    async def list_rehearsals(_caller: OnDuty) -> Rehearsals:
        """The newest first, verdicts included."""
        return Rehearsals(items=[one.shown() for one in reversed(stage.kept.values())])

    @api.post("/rehearsals", summary="Rehearse a big day", status_code=202)
    async def start_rehearsal(_caller: OnDuty, body: RehearsalWish, key: Key) -> Rehearsal:
        """It runs in a process of its own, after those that were asked for before."""
        return stage.ask(key, body)

    @api.get("/rehearsals/{id}", summary="A rehearsal", responses=refused({404: "control.no_such_rehearsal"}))
    async def get_rehearsal(_caller: OnDuty, id: Id) -> Rehearsal:  # noqa: A002 - the path's own word
        """How far it is, and what came out."""
        return stage.find(id).shown()

    @api.get(
        "/rehearsals/{id}/report", summary="The page of a rehearsal", response_class=HTMLResponse,
        responses=refused({404: "control.no_such_rehearsal"}),
    )  # fmt: skip
    async def get_rehearsal_report(_caller: OnDuty, id: Id) -> HTMLResponse:  # noqa: A002 - the path's own word
        """One file that needs nothing else; not there before it ran."""
        page = stage.find(id).page
        if not page.exists():
            raise NoSuchRehearsal(id=id)
        return HTMLResponse(page.read_bytes(), headers={"content-security-policy": _POLICY})
