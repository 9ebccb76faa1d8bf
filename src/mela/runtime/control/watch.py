"""Reading the figures: a quarter of an hour at once, then each second live; services, and the slowest requests."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from mela.kernel import i18n
from mela.kernel.telemetry.recent import Recent, Step, Trace
from mela.kernel.web import streams
from mela.kernel.web.pages import Page
from mela.runtime import registry
from mela.runtime.control import sampler
from mela.runtime.control.access import OnDuty
from mela.runtime.control.sampler import Sample, Sampler
from mela.runtime.wiring import Built

SERVICE = "orders"
WHEN = "2026-11-23T12:30:00Z"
Numbers = dict[str, float | None]


class Meaning(BaseModel):
    """What a figure means."""

    name: str = Field(description="As in a sample; `{service}` stands for any service", examples=["orders_placed"])
    unit: Literal["per_s", "ms", "share", "count", "cores", "mib"] = Field(description="Its unit", examples=["per_s"])
    text: str = Field(description="In Hindi or English", examples=["Orders placed in this second."])


class MeaningPage(Page[Meaning]):
    """Every figure of the control room."""


class SampleOut(BaseModel):
    """The figures of one second."""

    number: int = Field(description="Grows by one each second; the `id` of the event", examples=[912])
    at: datetime = Field(description="When", examples=[WHEN])
    values: Numbers = Field(
        description="By name, see `/api/control/meanings`; null where there is nothing to tell",
        examples=[{"orders_placed": 12.0, "success_rate": 0.97, "orders.p95_ms": 41.5}],
    )

    @classmethod
    def of(cls, sample: Sample) -> "SampleOut":
        """From a sample."""
        return cls(number=sample.number, at=sample.at, values=dict(sample.values))


class History(BaseModel):
    """Up to 15 minutes, oldest first: each series has as many values as there are numbers and moments."""

    numbers: list[int] = Field(description="Numbers of the samples", examples=[[911, 912]])
    at: list[datetime] = Field(description="Their moments", examples=[[WHEN]])
    series: dict[str, list[float | None]] = Field(
        description="Values by name", examples=[{"orders_placed": [11.0, 12.0]}]
    )

    @classmethod
    def of(cls, kept: list[Sample]) -> "History":
        """From samples."""
        names = kept[-1].values if kept else {}
        series = {name: [sample.values.get(name) for sample in kept] for name in names}
        return cls(numbers=[s.number for s in kept], at=[s.at for s in kept], series=series)


class ServiceState(BaseModel):
    """A service of this process."""

    name: str = Field(description="Its name", examples=[SERVICE])
    about: str = Field(description="What it does", examples=["cart, checkout, orders, invoices"])
    simulator: bool = Field(description="Whether it stands for the outside world", examples=[False])
    up: bool = Field(description="Whether its database answers", examples=[True])
    figures: Numbers = Field(
        description="requests and errors per second, p50_ms, p95_ms, p99_ms, budget_used",
        examples=[{"requests": 40.0, "errors": 0.0, "p50_ms": 3.1, "p95_ms": 9.8, "p99_ms": 22.0, "budget_used": 0.0}],
    )
    objective: float | None = Field(
        description="Share of requests to answer without an error of ours", examples=[0.999]
    )
    uses: list[str] = Field(description="Services that it calls", examples=[["catalog", "payments"]])
    hears: list[str] = Field(description="Events that it hears", examples=[["payments.captured"]])


class ServiceStatePage(Page[ServiceState]):
    """The services of this process, each after those that it calls."""


class StepOut(BaseModel):
    """One step of a request."""

    kind: Literal["request", "unit", "call", "event"] = Field(description="What it is", examples=["unit"])
    name: str = Field(description="Which", examples=["orders.place"])
    service: str | None = Field(description="Whose, where it is known", examples=[SERVICE])
    began_ms: float = Field(description="After the request began", examples=[2.4])
    took_ms: float = Field(description="How long it took", examples=[6.1])
    depth: int = Field(description="Within how many other steps", examples=[1])
    error: str | None = Field(description="What it raised", examples=[None])

    @classmethod
    def of(cls, step: Step) -> "StepOut":
        """From a kept step."""
        kind, name = (step.name, "") if step.name in ("unit", "call", "event") else ("request", step.name)
        name = name or str(
            step.attributes.get("unit") or step.attributes.get("event") or step.attributes.get("url") or ""
        )
        return cls.model_validate({
            "kind": kind, "name": name, "service": step.attributes.get("service"), "depth": step.depth, "error": step.error,
            "began_ms": round(step.began * 1000, 2), "took_ms": round(step.seconds * 1000, 2),
        })  # fmt: skip


class SlowRequest(BaseModel):
    """A slow request with its steps; events that it caused follow after its end."""

    id: str = Field(description="The trace, as log lines name it", examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    request: str = Field(description="Method and path", examples=["POST /api/orders/orders"])
    at: datetime = Field(description="When it began", examples=[WHEN])
    took_ms: float = Field(description="How long it took", examples=[48.2])
    steps: list[StepOut] = Field(description="In the order in which they began")

    @classmethod
    def of(cls, trace: Trace) -> "SlowRequest":
        """From a kept trace."""
        return cls(id=trace.id, request=trace.name, at=trace.at, took_ms=round(trace.seconds * 1000, 2),
                   steps=[StepOut.of(step) for step in trace.steps])  # fmt: skip


class SlowRequestPage(Page[SlowRequest]):
    """The slowest requests of the last 15 minutes, the slowest first."""


_LIVE: dict[int | str, dict[str, Any]] = {
    200: {"model": SampleOut, "description": "First an event `history` (see `/api/control/history`), then each second `sample`"}
}  # fmt: skip


def add(api: APIRouter, built: Mapping[str, Built], figures: Sampler, recent: Recent) -> None:
    """The routes."""

    @api.get("/meanings", summary="What each figure means")
    async def list_meanings(
        _caller: OnDuty, accept_language: Annotated[str | None, Header(max_length=1000, include_in_schema=False)] = None
    ) -> MeaningPage:
        """In Hindi, else in English."""
        lang = "hi" if i18n.negotiate(accept_language) == "hi" else "en"
        rows = sampler.meanings().items()
        return MeaningPage(
            items=[Meaning.model_validate({"name": n, "unit": row["unit"], "text": row[lang]}) for n, row in rows]
        )

    @api.get("/history", summary="The figures of the last 15 minutes")
    async def get_history(_caller: OnDuty) -> History:
        """For drawing all of it at once."""
        return History.of(list(figures.kept))

    @api.get(
        "/stream", summary="The figures, live (server-sent events)", status_code=200, response_class=streams.EventStream,
        response_model=None, responses=_LIVE,
    )  # fmt: skip
    async def follow_figures(_caller: OnDuty) -> Response:
        """`history` holds the last 15 minutes, then `sample` comes once a second; `id` is the sample's number."""
        return streams.EventStream(_Figures(figures))

    @api.get("/services", summary="The services of this process, and how they are")
    async def list_services(_caller: OnDuty) -> ServiceStatePage:
        """State, latency and error budget of each."""
        return ServiceStatePage(items=[await _state(name, one, figures) for name, one in built.items()])

    @api.get("/slowest", summary="The slowest requests, step by step")
    async def list_slowest(
        _caller: OnDuty, limit: Annotated[int, Query(ge=1, le=50, description="At most so many", examples=[10])] = 10
    ) -> SlowRequestPage:
        """Requests, units, calls and events, kept in this process's memory."""
        return SlowRequestPage(items=[SlowRequest.of(trace) for trace in recent.slowest(limit)])


class _Figures:
    """The history once, then what is new."""

    def __init__(self, figures: Sampler) -> None:
        self._figures, self._seen = figures, -1

    def listen(self, wake: asyncio.Event) -> AbstractContextManager[None]:
        """See `streams.Source`."""
        return self._figures.listen(wake)

    async def look(self) -> tuple[list[streams.Event], bool]:
        """See `streams.Source`."""
        kept = list(self._figures.kept)
        newest = kept[-1].number if kept else 0
        if self._seen < 0:
            events = [streams.Event("history", str(newest), History.of(kept).model_dump_json().encode())]
        else:
            new = [sample for sample in kept[-5:] if sample.number > self._seen]
            events = [
                streams.Event("sample", str(sample.number), SampleOut.of(sample).model_dump_json().encode())
                for sample in new
            ]
        self._seen = newest
        return events, False


async def _state(name: str, one: Built, figures: Sampler) -> ServiceState:
    entry = registry.ENTRIES[name]
    return ServiceState(
        name=name, about=entry.about, simulator=entry.simulator, up=await _is_up(one), figures=figures.service(name),
        objective=sampler.objectives()["services"].get(name), uses=list(entry.uses), hears=list(entry.hears),
    )  # fmt: skip


async def _is_up(one: Built) -> bool:
    try:
        await one.db.read(lambda conn: conn.exec_driver_sql("select 1").scalar())
    except Exception:  # noqa: BLE001 - whatever it is, the answer is: not up
        return False
    return True
