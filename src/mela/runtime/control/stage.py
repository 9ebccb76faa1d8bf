"""Plays rehearsals one after the other, each in a child process that says how far it is. The last eight are kept.

हिन्दी: पूर्वाभ्यास एक-एक करके चलते हैं, हर एक अपनी प्रक्रिया में; पिछले आठ याद रहते हैं।
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from mela.kernel import errors, ids
from mela.kernel.clock import Clock
from mela.kernel.idempotency import KeyReused
from mela.runtime.control import library

MOST_KEPT = 8
_RUN = ("-c", "from mela.cli import main; main()", "rehearse")
State = Literal["waiting", "running", "held", "broke", "not_run", "stopped"]


class NoSuchRehearsal(errors.NotFound):
    """It was never there, or eight newer ones came."""

    code = "control.no_such_rehearsal"


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be played, and in which language its page speaks."""

    event: str
    manifests: str
    scale: float
    seed: int
    strategy: str
    faults: tuple[str, ...]
    quick: bool
    language: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is: `share` from 0 to 1, `left_s` by how long it took so far, None before anything is known."""

    step: str
    share: float
    left_s: float | None


@dataclass(slots=True)
class Kept:
    """One rehearsal. `problem`: why it could not be run."""

    id: str
    wish: Wish
    page: Path
    asked: datetime
    state: State = "waiting"
    progress: Progress | None = None
    verdict: dict[str, Any] | None = None
    problem: str = ""
    _step: tuple[str, float] = ("", 0.0)

    def hear(self, line: str) -> None:
        """A line of the child: how far it is, or else part of why it cannot go on."""
        try:
            told = json.loads(line)
            step, done, of = str(told["step"]), int(told["done"]), int(told["of"])
        except (ValueError, TypeError, KeyError):
            self.problem = f"{self.problem}\n{line}".strip()[-2000:]
            return
        now = time.monotonic()
        if step != self._step[0]:
            self._step = (step, now)
        share = done / of if of else 0.0
        left = (now - self._step[1]) * (1 - share) / share if share else None
        self.progress = Progress(step, share, left)


@dataclass
class Stage:
    """`close` ends the one that runs, and forgets all."""

    clock: Clock
    kept: dict[str, Kept] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def ask(self, key: str, wish: Wish) -> Kept:
        """A new one; the same key names the same one. Raises: KeyReused for another wish."""
        if (known := self.kept.get(self._by_key.get(key, ""))) is not None:
            if known.wish != wish:
                raise KeyReused
            return known
        self._folder = self._folder or tempfile.TemporaryDirectory("-rehearsals")
        id_ = ids.new_id("rhs")
        one = self.kept[id_] = Kept(id_, wish, Path(self._folder.name, f"{id_}.html"), self.clock.now())
        self._by_key[key] = id_
        task = self._tasks[id_] = asyncio.create_task(self._play(one))
        task.add_done_callback(lambda _: self._tasks.pop(id_, None))
        while len(self.kept) > MOST_KEPT:
            self._forget(next(iter(self.kept)))
        return one

    def find(self, id_: str) -> Kept:
        """Raises: NoSuchRehearsal."""
        if id_ not in self.kept:
            raise NoSuchRehearsal(id=id_)
        return self.kept[id_]

    def place(self, id_: str) -> int:
        """How many are played before it; 0 for the one that runs, and for those that have ended."""
        queue = [one.id for one in self.kept.values() if one.state in ("running", "waiting")]
        return queue.index(id_) if id_ in queue else 0

    async def stop(self, id_: str) -> Kept:
        """End one that runs or waits; one that has ended stays as it is. Raises: NoSuchRehearsal."""
        one, task = self.find(id_), self._tasks.get(id_)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            one.state, one.progress = "stopped", None
        return one

    async def ended(self) -> None:
        """Wait until all that were asked for have been played."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await self.ended()
        if self._folder is not None:
            self._folder.cleanup()

    def _forget(self, id_: str) -> None:
        if (task := self._tasks.get(id_)) is not None:
            task.cancel()
        self.kept.pop(id_).page.unlink(missing_ok=True)

    async def _play(self, one: Kept) -> None:
        async with self._one:
            one.state = "running"
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(
                sys.executable, *_RUN, *_arguments(one), stdout=pipe, stderr=pipe
            )
            assert child.stdout is not None
            try:
                said, _, code = await asyncio.gather(child.stdout.read(), _listen(child, one), child.wait())
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
                raise
        one.progress = None
        if code in (0, 1) and said:
            one.verdict, one.problem = json.loads(said), ""
            one.state = "held" if code == 0 else "broke"
        else:
            one.state = "not_run"


async def _listen(child: asyncio.subprocess.Process, one: Kept) -> None:
    assert child.stderr is not None
    async for line in child.stderr:
        one.hear(line.decode(errors="replace").rstrip())


def _arguments(one: Kept) -> list[str]:
    """What `mela rehearse` is told; values stand behind `=`, so that none of them can be an option."""
    wish = one.wish
    paths = [] if wish.manifests == library.EXAMPLE else [str(library.MANIFESTS / wish.manifests)]
    named = {
        "scale": wish.scale,
        "seed": wish.seed,
        "strategy": wish.strategy,
        "language": wish.language,
        "html": one.page,
    }
    more = ["--quick"] if wish.quick else []
    return [
        *paths, *_event(wish), *(f"--{name}={value}" for name, value in named.items()),
        *(f"--fault={fault}" for fault in wish.faults), "--json", "--progress", *more,
    ]  # fmt: skip


def _event(wish: Wish) -> list[str]:
    """The example's own event is a file, which its own manifests bring along."""
    if wish.event != library.EXAMPLE:
        return [f"--event={wish.event}"]
    if wish.manifests == library.EXAMPLE:
        return []
    from mela.rehearsal import example

    return [f"--event={example.EVENT}"]
