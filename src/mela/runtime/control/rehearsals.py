"""Rehearsals from the control room: choose a big day and manifests, follow how far it is, see verdict and page.

The page of a rehearsal holds scripts and texts out of manifests. It is sent into a sandbox without an origin: whatever
stands in it can neither read from the control room nor press its buttons.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from mela.kernel.web.inputs import Strict
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty
from mela.runtime.control.library import EXAMPLE, Library, RehearsalChoices
from mela.runtime.control.stage import Kept, NoSuchRehearsal, Stage, State, Wish

_POLICY = (
    "sandbox allow-scripts allow-modals; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Scripts of its own, printing, and nothing else: no origin, no request, no frame around it.
Source: https://www.w3.org/TR/CSP3/#directive-sandbox (recalled)."""
_ID = "rhs_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
_ABSENT = refused({404: "control.no_such_rehearsal"})
Id = Annotated[str, PathParameter(max_length=40, description="The rehearsal", examples=[_ID])]
FaultText = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9:=@/+.,%_-]{0,99}$")]


class RehearsalWish(Strict):
    """What shall be played."""

    event: str = Field(default=EXAMPLE, pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="A big day, or the example's own", examples=["match-2019"])  # fmt: skip
    manifests: str = Field(default=EXAMPLE, pattern=r"^[a-z0-9][a-z0-9.-]{0,80}$", description="One of the choices", examples=["example"])  # fmt: skip
    scale: float = Field(default=1.0, gt=0, le=1000, strict=False, description="Times the event's size", examples=[1.0])
    seed: int = Field(default=0, ge=0, le=2**31, description="For what is left to chance", examples=[0])
    strategy: str = Field(default="as-written", pattern=r"^[a-z][a-z-]{0,29}$", description="Who chooses the replicas", examples=["predictive"])  # fmt: skip
    faults: list[FaultText] = Field(default_factory=list, max_length=5, description="What goes wrong besides", examples=[["registry=x10@+30m/20m"]])  # fmt: skip
    quick: bool = Field(default=True, description="Steps of ten seconds instead of one", examples=[True])
    language: Literal["en", "hi", "ta", "te", "kn"] = Field(default="en", description="Of its page", examples=["hi"])

    def plain(self) -> Wish:
        """For the stage."""
        return Wish(**(self.model_dump() | {"faults": tuple(self.faults)}))


class HowFar(BaseModel):
    """How far the step that runs is."""

    step: str = Field(description="What is done", examples=["looking for the smallest change"])
    share: float = Field(description="Done, as a part of one", examples=[0.4])
    left_s: float | None = Field(description="Time left for this step, by its own measure", examples=[3.5])


class WhatBroke(BaseModel):
    """One failure."""

    at: datetime = Field(description="When it begins", examples=["2019-07-10T09:58:00Z"])
    service: str = Field(description="Whose", examples=["scores"])
    says: list[str] = Field(description="In English, as the engine says it", examples=[["scores fails."]])
    field: str = Field(description="The field that causes it, empty where there is none", examples=["api.yaml:28 spec.maxReplicas"])  # fmt: skip


class FieldChange(BaseModel):
    """A field that was changed."""

    field: str = Field(description="File, line and path", examples=["api.yaml:28 spec.maxReplicas"])
    before: str = Field(description="What stands there", examples=["12"])
    after: str = Field(description="What mends it", examples=["23"])


class Sums(BaseModel):
    """What came out of a rehearsal, in a few figures. `mela rehearse --json` says all of it: `verdict` of one rehearsal."""

    start: datetime = Field(description="When the event begins", examples=["2019-07-09T08:45:00Z"])
    peak: float = Field(description="The largest crowd", examples=[240000.0])
    what: str = Field(description="Of what", examples=["viewers"])
    lost: float = Field(description="People's actions that did not end well", examples=[4206143.4])
    budget_used: float = Field(
        description="Of the error budget that was hurt most; above 1 it is spent", examples=[100.8]
    )
    cost_paise: int = Field(description="What nodes and pods cost", examples=[83475])
    broke: list[WhatBroke] = Field(description="Failures, in the order in which they begin")
    mends: list[FieldChange] = Field(description="The smallest change that was found, empty where none was")
    mended: bool = Field(description="Whether it holds with that change", examples=[True])
    more_paise: int = Field(description="What that change costs more", examples=[19692])


class Rehearsal(BaseModel):
    """One rehearsal."""

    id: str = Field(description="The rehearsal", examples=[_ID])
    state: State = Field(description="How far it is, what came out", examples=["broke"])
    before: int = Field(description="How many are played before it", examples=[0])
    asked: datetime = Field(description="When it was asked for", examples=["2026-11-26T19:30:00Z"])
    wish: RehearsalWish = Field(description="What is played")
    progress: HowFar | None = Field(description="How far it is while it runs", examples=[None])
    sums: Sums | None = Field(description="What came out, once it ran")
    problem: str = Field(description="Why it could not be run, empty otherwise", examples=[""])


class RehearsalWhole(Rehearsal):
    """One rehearsal with all of its verdict."""

    verdict: dict[str, Any] | None = Field(
        description="As `mela rehearse --json` says it, once it ran", examples=[None]
    )


class Rehearsals(BaseModel):
    """The last ones, the newest first."""

    items: list[Rehearsal] = Field(description="At most eight")


def add(api: APIRouter, stage: Stage, library: Library) -> None:
    """The routes."""

    @api.get("/rehearsal-choices", summary="What can be rehearsed")
    async def get_rehearsal_choices(_caller: OnDuty) -> RehearsalChoices:
        """Big days with curve, marks and sources; manifests; strategies; faults."""
        return await library.choices()

    @api.get("/rehearsals", summary="The last rehearsals")
    async def list_rehearsals(_caller: OnDuty) -> Rehearsals:
        """The newest first, each with its sums."""
        return Rehearsals(items=[Rehearsal(**_shown(stage, one)) for one in reversed(stage.kept.values())])

    @api.post("/rehearsals", summary="Rehearse a big day", status_code=202)
    async def start_rehearsal(_caller: OnDuty, body: RehearsalWish, key: Key) -> Rehearsal:
        """It runs in a process of its own, after those that were asked for before."""
        return Rehearsal(**_shown(stage, stage.ask(key, body.plain())))

    @api.get("/rehearsals/{id}", summary="A rehearsal", responses=_ABSENT)
    async def get_rehearsal(_caller: OnDuty, id: Id) -> RehearsalWhole:  # noqa: A002 - the path's own word
        """How far it is, and what came out."""
        one = stage.find(id)
        return RehearsalWhole(**_shown(stage, one), verdict=one.verdict)

    @api.delete("/rehearsals/{id}", summary="Stop a rehearsal", responses=_ABSENT)
    async def stop_rehearsal(_caller: OnDuty, id: Id) -> Rehearsal:  # noqa: A002 - the path's own word
        """Ends one that runs or waits; one that has ended stays as it is."""
        return Rehearsal(**_shown(stage, await stage.stop(id)))

    @api.get(
        "/rehearsals/{id}/report", summary="The page of a rehearsal", response_class=HTMLResponse, responses=_ABSENT
    )
    async def get_rehearsal_report(_caller: OnDuty, id: Id) -> HTMLResponse:  # noqa: A002 - the path's own word
        """One file that needs nothing else, in a sandbox; not there before it ran."""
        page = stage.find(id).page
        if not page.exists():
            raise NoSuchRehearsal(id=id)
        return HTMLResponse(page.read_bytes(), headers={"content-security-policy": _POLICY})


def _shown(stage: Stage, one: Kept) -> dict[str, Any]:
    wish = one.wish
    told = {name: getattr(wish, name) for name in RehearsalWish.model_fields} | {"faults": list(wish.faults)}
    far = one.progress and HowFar(step=one.progress.step, share=one.progress.share, left_s=one.progress.left_s)
    return {
        "id": one.id, "state": one.state, "before": stage.place(one.id), "asked": one.asked, "wish": RehearsalWish(**told),
        "progress": far, "sums": one.verdict and _sums(one.verdict), "problem": one.problem,
    }  # fmt: skip


def _sums(verdict: Mapping[str, Any]) -> Sums:
    mend = verdict["mend"] or {"changes": [], "held": False, "more_paise": 0}
    return Sums(
        start=verdict["start"], peak=verdict["crowd"]["peak"], what=verdict["crowd"]["what"],
        lost=sum(each["users"] for each in verdict["failures"]),
        budget_used=max((each["used"] for each in verdict["promises"]), default=0.0),
        cost_paise=verdict["cost_paise"],
        broke=[
            WhatBroke(at=each["at"], service=each["service"], says=each["says"], field=_field(each["cause"]["field"]))
            for each in verdict["failures"]
        ],
        mends=[
            FieldChange(field=_field(each), before=str(each["value"]), after=str(each["becomes"]))
            for each in mend["changes"]
        ],
        mended=mend["held"], more_paise=mend["more_paise"],
    )  # fmt: skip


def _field(found: Mapping[str, Any] | None) -> str:
    """Where a field stands, without the folders of this machine."""
    return f"{found['file'].rsplit('/', 1)[-1]}:{found['line']} {found['path']}" if found else ""
