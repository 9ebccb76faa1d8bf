"""One key, one answer: byte for byte and with its status, however often it is asked, at once or after a restart.

The key names a request for ever after; the work is done under that name, and may be done again until its answer is kept. So
what works must itself have one effect per name.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from mela.kernel import idempotency, ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import MelaError, Retryable, TooMany
from mela.kernel.idempotency import Answer
from mela.kernel.web import problems

REPLAYED = "idempotency-replayed"
KEPT = timedelta(days=30)


class Answers:
    """Keeps answers in a service's database for thirty days."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def once(
        self, request: Request, *, owner: str, key: str, asked: object, work: Callable[[str], Awaitable[BaseModel]],
        status: int = 200,
    ) -> Response:  # fmt: skip
        """The answer to what `owner` asks under `key`. `work` is given the request's name. Raises: KeyReused, Retryable.

        A refusal is an answer too; that something may have happened is none, and is asked again.
        """
        fresh, now = ids.new_id("mreq"), self._clock.now()
        name = await self._db.run(idempotency.claim, owner=owner, key=key, request=asked, result=fresh, now=now)
        kept = None if name == fresh else await self._db.read(idempotency.answer, name)
        if kept is not None:
            return Response(kept.body, kept.status, {REPLAYED: "true"}, kept.media_type)
        made = await self._made(request, work(name), status)
        kept = await self._db.run(idempotency.keep_answer, name, made, self._clock.now())
        return Response(kept.body, kept.status, media_type=kept.media_type)

    async def forget(self) -> None:
        """Drop what is older than we keep it."""
        await self._db.run(idempotency.forget_answers, self._clock.now() - KEPT)

    async def _made(self, request: Request, work: Awaitable[BaseModel], status: int) -> Answer:
        try:
            return Answer(status, "application/json", (await work).model_dump_json())
        except MelaError as refusal:
            if isinstance(refusal, Retryable | TooMany) or refusal.status >= 500:
                raise
            told = problems.response(request, refusal)
            return Answer(told.status_code, told.media_type or "", bytes(told.body).decode())
