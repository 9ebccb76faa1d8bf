"""One key, one answer: byte for byte and with its status, however often it is asked, at once or after a restart.

The key names a request for ever after; the work is done under that name, and may be done again until its answer is kept. So
what works must itself have one effect per name.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from mela.kernel import idempotency, ids
from mela.kernel.auth import digest
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import MelaError
from mela.kernel.idempotency import Answer, KeyMissing
from mela.kernel.web import bodies, problems

REPLAYED = "idempotency-replayed"
KEPT = timedelta(days=30)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_KEY = re.compile(r"[A-Za-z0-9_.:-]{8,80}")
_REFUSED = frozenset({404, 409, 422})
"""A refusal with one of these is an answer, unless it says *not yet*. Who may not ask, or asks too often, has asked nothing."""


class Answers:
    """Keeps answers in a service's database for thirty days."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def once(
        self, request: Request, *, owner: str, key: str, asked: object, work: Callable[[str], Awaitable[BaseModel]],
        status: int = 200,
    ) -> Response:  # fmt: skip
        """The answer to what `owner` asks under `key`. `work` is given the request's name. Raises: KeyReused, Retryable.

        A refusal is an answer too. That something may have happened, or is not possible yet, is none, and is asked again.
        """
        fresh, now = ids.new_id("mreq"), self._clock.now()
        name = await self._db.run(idempotency.claim, owner=owner, key=key, request=asked, result=fresh, now=now)
        kept = None if name == fresh else await self._db.read(idempotency.answer, name)
        if kept is not None:
            return Response(kept.body, kept.status, {REPLAYED: "true"}, kept.media_type)
        made = await self._made(request, work(name), status)
        kept = await self._db.run(idempotency.keep_answer, name, made, self._clock.now())
        return Response(kept.body, kept.status, media_type=kept.media_type)

    def route(self) -> type[bodies.JsonRoute]:
        """A kind of route that keeps the answer to whatever comes with a key, for the bearer of the token that is shown."""
        answers = self

        class KeptRoute(bodies.JsonRoute):
            """Answers a request with a key once, and ever after as then."""

            def get_route_handler(self) -> Handler:
                handle = super().get_route_handler()
                return handle if "POST" not in (self.methods or ()) else partial(answers._kept, handle)

        return KeptRoute

    async def forget(self) -> None:
        """Drop what is older than we keep it."""
        await self._db.run(idempotency.forget_answers, self._clock.now() - KEPT)

    async def _kept(self, handle: Handler, request: Request) -> Response:
        """One answer to a request that has a key and shows a token. What is wrong in its form takes up no key."""
        key, shown = request.headers.get("idempotency-key", ""), request.headers.get("authorization")
        if not _KEY.fullmatch(key) or shown is None:
            return await handle(request)
        body, owner = await request.body(), f"token:{digest(shown)}"
        asked, fresh = [request.url.path, digest(body.decode("latin-1"))], ids.new_id("mreq")
        claimed = {"owner": owner, "key": key}
        name = await self._db.run(idempotency.claim, **claimed, request=asked, result=fresh, now=self._clock.now())
        kept = None if name == fresh else await self._db.read(idempotency.answer, name)
        if kept is not None:
            return Response(kept.body, kept.status, {REPLAYED: "true"}, kept.media_type)
        answer, is_final = await self._tried(handle, Request(request.scope, _again(body)))
        if not is_final:
            await self._db.run(idempotency.release, **claimed)
            return answer
        made = Answer(answer.status_code, answer.media_type or "application/json", bytes(answer.body).decode())
        kept = await self._db.run(idempotency.keep_answer, name, made, self._clock.now())
        return Response(kept.body, kept.status, media_type=kept.media_type)

    async def _tried(self, handle: Handler, request: Request) -> tuple[Response, bool]:
        """The answer, also where it is a refusal; and whether it is the last word."""
        try:
            return await handle(request), True
        except RequestValidationError as error:
            return await problems.on_invalid(request, error), False
        except HTTPException as error:
            return await problems.on_http(request, error), False
        except MelaError as error:
            is_answer = error.is_final and error.status in _REFUSED and error.of != KeyMissing.code
            return problems.response(request, error), is_answer

    async def _made(self, request: Request, work: Awaitable[BaseModel], status: int) -> Answer:
        try:
            return Answer(status, "application/json", (await work).model_dump_json())
        except MelaError as refusal:
            if not refusal.is_final:
                raise
            told = problems.response(request, refusal)
            return Answer(told.status_code, told.media_type or "", bytes(told.body).decode())


def _again(body: bytes) -> Receive:
    """A request's body, to be read once more."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
