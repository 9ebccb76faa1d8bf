"""People who watch a match for real: each begins a session, says every few seconds that it goes on, and leaves."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Self

import httpx2

from mela.kernel import ids

HEARTBEAT_S = 20.0
"""A little sooner than the service asks for."""


class Viewers:
    """As many as `wanted()` says, from `__enter__` on until `__exit__`; `problems` holds every answer that was none."""

    def __init__(self, doors: Sequence[tuple[str, int]], match: str, wanted: Callable[[], float]) -> None:
        self.problems: list[str] = []
        self._urls = [f"http://{host}:{port}/api/streaming/sessions" for host, port in doors]
        self._match, self._wanted = match, wanted
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="viewers")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    async def _run(self) -> None:
        limits = httpx2.Limits(max_connections=20, keepalive_expiry=4.0)
        async with httpx2.AsyncClient(timeout=10, limits=limits) as http:
            people: list[asyncio.Task[None]] = []
            while not self._stopping.is_set():
                wanted = round(self._wanted())
                people = [each for each in people if not each.done()]
                while len(people) < wanted:
                    people.append(asyncio.create_task(self._watch(http, self._urls[len(people) % len(self._urls)])))
                    await asyncio.sleep(0.01)
                for each in people[wanted:]:
                    each.cancel()
                await asyncio.sleep(0.25)
            for each in people:
                each.cancel()
            await asyncio.gather(*people, return_exceptions=True)

    async def _watch(self, http: httpx2.AsyncClient, url: str) -> None:
        """One viewer, from coming to leaving."""
        begun = await self._say(http, "POST", url, {"match_id": self._match, "kbps": 3000})
        if begun is None:
            return
        here = f"{url}/{begun['session_id']}"
        try:
            while True:
                await asyncio.sleep(HEARTBEAT_S)
                await self._say(http, "POST", f"{here}/heartbeats", {"kbps": 3000})
        finally:
            await self._say(http, "DELETE", here, None)

    async def _say(self, http: httpx2.AsyncClient, method: str, url: str, body: object) -> dict[str, str] | None:
        try:
            answer = await http.request(method, url, json=body, headers={"idempotency-key": ids.new_id("proof")})
        except httpx2.HTTPError as error:
            self.problems.append(f"{method}: {type(error).__name__}")
            return None
        if not answer.is_success:
            self.problems.append(f"{method}: {answer.status_code}")
            return None
        found: dict[str, str] = answer.json() if answer.content else {}
        return found
