"""The HTTP API of settlement."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mela.kernel import auth, i18n
from mela.kernel.web import bodies, pages
from mela.kernel.web.callers import Merchant, Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.settlement import schemas
from mela.services.settlement.rules import statement as wording
from mela.services.settlement.service import Settlement

SCOPE = "settlement:read"
Day = Annotated[date, Path(description="A settlement day", examples=[schemas.DAY])]
Language = Annotated[str | None, Header(alias="accept-language", max_length=1000, description="en, hi, ta, te or kn")]
JSON = ("application/json", "application/*", "*/*")
TEXT = ("text/plain", "text/*")
_AS_TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/plain": {"schema": {"type": "string"}}},
        "description": "As JSON, or as text for a terminal",
    }
}


def router(settlement: Settlement) -> APIRouter:
    """All routes of settlement."""
    api = bodies.router(prefix="/api/settlement")
    _for_sellers(api, settlement)
    _on_duty(api, settlement)
    return api


def _for_sellers(api: APIRouter, settlement: Settlement) -> None:
    @api.get(
        "/statements/{day}", tags=["settlement"], summary="My statement of a settlement day",
        response_model=schemas.StatementOut,
        responses=_AS_TEXT | refused({404: "settlement.no_statement", 406: "kernel.not_acceptable"}),
    )  # fmt: skip
    async def get_statement(
        caller: Merchant, request: Request, response: Response, day: Day, language: Language = None
    ) -> schemas.StatementOut | PlainTextResponse:
        """Every order's lines with commission, GST, TCS and TDS, and what was paid or carried forward.

        `Accept: text/plain` gives a text for a terminal. None when the day is not settled or nothing was due.
        """
        auth.need(caller, SCOPE)
        as_text, lang = _wants_text(request.headers.get("accept", "")), i18n.negotiate(language)
        made = await settlement.statement(caller.id, day)
        headers = {"content-language": lang, "vary": "accept, accept-language"}
        if as_text:
            return PlainTextResponse(wording.text(made, _say(request, lang), lang), headers=headers)
        response.headers.update(headers)
        return schemas.StatementOut.of(made, lang)

    @api.get("/payouts", tags=["settlement"], summary="My payouts, the latest day first")
    async def list_payouts(
        caller: Merchant,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="Payouts on a page", examples=[30])] = 30,
    ) -> schemas.PayoutPage:
        """One payout per settlement day at most."""
        auth.need(caller, SCOPE)
        found = await settlement.payouts(caller.id, _before(cursor), limit + 1)
        shown, after = pages.cut(found, limit, lambda payout: payout.settled_on.isoformat())
        return schemas.PayoutPage(items=[schemas.PayoutOut.of(payout) for payout in shown], next_cursor=after)


def _on_duty(api: APIRouter, settlement: Settlement) -> None:
    @api.post(
        "/runs", tags=["on duty"], summary="Settle a day",
        responses=refused({422: "settlement.not_a_banking_day settlement.day_ahead settlement.no_calendar"}),
    )  # fmt: skip
    async def run_settlement(caller: Operator, key: Key, body: schemas.RunIn) -> schemas.RunOut:
        """Pays every seller what is due, once, however often it is asked. A day is due on the first banking day after."""
        run = await settlement.request_run(body.date, caller_id=caller.id, key=key)
        return schemas.RunOut.of(run, await settlement.payouts_on(run.settled_on))

    @api.get(
        "/next", tags=["on duty"], summary="When today's sales are due", responses=refused({422: "settlement.no_calendar"}),
    )  # fmt: skip
    async def get_next_settlement_day(_caller: Operator) -> schemas.NextOut:
        """The first banking day after today, and how many sellers have money coming then."""
        day, sellers = await settlement.ahead()
        return schemas.NextOut(date=day, sellers=sellers)

    @api.get(
        "/runs/{day}", tags=["on duty"], summary="How far a settlement day is",
        responses=refused({404: "settlement.unknown_run"}),
    )  # fmt: skip
    async def get_settlement_run(_caller: Operator, day: Day) -> schemas.RunOut:
        """As it stands now: payouts may still be on their way."""
        return schemas.RunOut.of(await settlement.find_run(day), await settlement.payouts_on(day))

    @api.get(
        "/check", tags=["on duty"], summary="Whether every rupee in equals every rupee out",
        responses=refused({503: "settlement.outcome_unknown"}),
    )  # fmt: skip
    async def check_settlement(_caller: Operator) -> schemas.CheckOut:
        """Compares entries, payouts and the gateway's own books."""
        return schemas.CheckOut.of(await settlement.check())


def _wants_text(accept: str) -> bool:
    """Whether the first known type of an Accept header is text; weights are not read. Raises: HTTPException 406."""
    asked = [part.split(";", 1)[0].strip().lower() for part in accept.split(",") if part.strip()]
    known = [kind for kind in asked if kind in (*JSON, *TEXT)]
    if asked and not known:
        raise HTTPException(406)
    return bool(known) and known[0] in TEXT


def _before(cursor: str | None) -> date | None:
    """Raises: Rejected for a cursor that we did not give out."""
    try:
        return None if cursor is None else date.fromisoformat(cursor)
    except ValueError:
        raise pages.bad_cursor() from None


def _say(request: Request, lang: str) -> Callable[..., str]:
    messages: i18n.Messages = request.app.state.messages
    return lambda key, /, **params: messages.text(f"settlement.statement.{key}", lang, **params)
