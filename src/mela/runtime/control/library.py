"""What can be rehearsed here, as a child process reads it: once, as it takes seconds of a core, more on a busy machine."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, Field

EXAMPLE = "example"
MANIFESTS = Path("kubernetes")
"""Beside what is started, as in a clone of Mela; where it is not there, only the examples can be played."""
_READ = ("-m", "mela.rehearsal.shelf", str(MANIFESTS))


class EventSource(BaseModel):
    """Where figures of an event come from."""

    name: str = Field(description="As the event's file names it", examples=["insider-2019"])
    url: str = Field(description="Its address", examples=["https://example.org/semi-final"])


class RehearsalChoice(BaseModel):
    """A big day that can be played."""

    name: str = Field(description="What it is asked for by", examples=["match-2019"])
    title: str = Field(description="What it is", examples=["World Cup semi-final 2019, India v New Zealand"])
    text: str = Field(description="What happens", examples=["Toss, a chase, a run-out, and everybody leaves at once."])
    family: str = Field(description="Those whose curves are alike", examples=["match"])
    start: datetime = Field(description="When it begins", examples=["2019-07-09T08:45:00Z"])
    duration_s: int = Field(description="How long it lasts", examples=[25800])
    stress: str = Field(description="What multiple of the record, for a size beyond history", examples=[""])
    peak: float = Field(description="Its highest published point", examples=[25300000.0])
    what: str = Field(description="Of what: people, or actions in `per_s` seconds", examples=["viewers"])
    per_s: float = Field(description="0 where people are counted, who are there at once", examples=[0.0])
    curve: list[float] = Field(description="Its shape, evenly spaced, as shares of the highest", examples=[[0.1, 1.0]])
    marks: dict[str, int] = Field(
        description="How well its points are known: how many of each mark", examples=[{"published": 6, "assumption": 7}]
    )
    sources: list[EventSource] = Field(description="Where they are from")
    fits: list[str] = Field(description="Manifests here on which it can be played", examples=[["example"]])


class FaultKind(BaseModel):
    """What can go wrong besides."""

    name: str = Field(description="Its name", examples=["zone"])
    does: str = Field(description="What it does", examples=["Nodes of a zone are gone."])
    example: str = Field(description="As it is written", examples=["zone:ap-south-1b@+40m/15m"])


class RehearsalChoices(BaseModel):
    """What can be rehearsed here."""

    events: list[RehearsalChoice] = Field(description="Big days: the example's own, then the library's")
    manifests: list[str] = Field(description="Manifests here", examples=[["example", "03-ipl-streaming-hpa.yaml"]])
    strategies: list[str] = Field(description="Ways of choosing replicas", examples=[["as-written", "predictive"]])
    faults: list[FaultKind] = Field(description="What can go wrong besides")


class Library:
    """Remembers what was read. Whoever asks waits for the one reading, which goes on when they leave."""

    def __init__(self) -> None:
        self._reading: asyncio.Task[RehearsalChoices] | None = None

    async def choices(self) -> RehearsalChoices:
        """Raises: RuntimeError with the child's last words; asked again, it is read again."""
        if self._reading is None or (self._reading.done() and self._reading.exception() is not None):
            self._reading = asyncio.create_task(_read())
        return await asyncio.shield(self._reading)

    async def close(self) -> None:
        """Nobody waits any more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)


async def _read() -> RehearsalChoices:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, *_READ, stdout=pipe, stderr=pipe)
    try:
        said, told = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    if child.returncode != 0:
        raise RuntimeError(told.decode(errors="replace")[-2000:])
    return RehearsalChoices.model_validate_json(said)
