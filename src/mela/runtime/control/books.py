"""Ledger and settlement as the control room shows them: asked of their services, wherever they run, over their own API.

What is asked carries the caller's token, or where there is none the one that this laptop made for itself.
"""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

import httpx2
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from mela.kernel import errors
from mela.kernel.web.inputs import Lines, Strict
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty

CaseEnd = Literal["refund_again", "paid_directly", "provider_corrected", "explained", "posted", "written_off"]
CASE = "case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
CaseId = Annotated[
    str, Path(max_length=40, pattern=r"^case_[0-9A-HJKMNP-TV-Z]{26}$", description="The case", examples=[CASE])
]
_TIMEOUT_S = 10.0


class CaseClosing(BaseModel):
    """How a case ended."""

    resolution: CaseEnd = Field(description="What was done", examples=["paid_directly"])
    note: str = Field(description="Why", examples=["NEFT N330261234567, the bank confirms"])
    actor: str = Field(description="Who", examples=["operator"])
    at: dt.datetime = Field(description="When", examples=["2026-11-27T05:30:00Z"])
    refund_id: str | None = Field(description="The second refund, where one was made", examples=[None])


class LedgerCase(BaseModel):
    """Something that a person has to look at."""

    id: str = Field(description="The case", examples=[CASE])
    kind: str = Field(description="What it is", examples=["refund_refused"])
    about: str = Field(description="The payment, refund or movement", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    owner: str = Field(description="Who looks at it", examples=["payments-duty"])
    opened: dt.datetime = Field(description="Since when", examples=["2026-11-27T05:30:00Z"])
    amount_paise: int | None = Field(description="How much it is about, where that is known", examples=[129900])
    put_right_by: dt.date | None = Field(
        description="The last day without compensation to the payer; null where no such clock runs", examples=[None]
    )
    owed_paise: int = Field(description="Compensation until today", examples=[0])
    ends: list[CaseEnd] = Field(description="How it can be closed", examples=[["refund_again", "paid_directly"]])
    closing: CaseClosing | None = Field(description="How it ended, null while it is open", examples=[None])


class CaseDecision(Strict):
    """What the person on duty decided."""

    resolution: CaseEnd = Field(description="One of the case's `ends`", examples=["paid_directly"])
    note: Lines | None = Field(
        default=None,
        description="Why; only a second refund needs none",
        examples=["NEFT N330261234567, the bank confirms"],
    )


class LedgerState(BaseModel):
    """Whether the books hold."""

    balanced: bool = Field(description="Whether all accounts add up to zero", examples=[True])
    agrees: bool | None = Field(
        description="Whether the gateway's books say the same; null when it does not answer", examples=[True]
    )
    cases: list[LedgerCase] = Field(description="What a person has to look at: the newest 50 that are open")


class NextSettlement(BaseModel):
    """The day on which today's sales are paid out."""

    date: dt.date = Field(description="A banking day", examples=["2026-11-27"])
    sellers: int = Field(description="Sellers who have money coming then", examples=[6])


class SettlementRun(BaseModel):
    """What a run has done."""

    date: dt.date = Field(description="The banking day", examples=["2026-11-27"])
    paid: int = Field(description="Payouts that the bank has confirmed", examples=[6])
    paid_paise: int = Field(description="Their sum", examples=[8450000])
    sending: int = Field(description="Payouts whose outcome is not known yet", examples=[0])
    carried: int = Field(description="Sellers carried forward to a later day", examples=[0])


class Services:
    """Calls services over HTTP, as the person on duty. `token`: this laptop's own, None where there is none."""

    def __init__(self, http: httpx2.AsyncClient, url_of: Callable[[str], str], token: Callable[[], str | None]) -> None:
        self._http, self._url_of, self._token = http, url_of, token

    async def ask(
        self, request: Request, method: str, service: str, path: str, *, key: str = "", body: Any = None
    ) -> Any:
        """The answer's JSON. Raises: what the service raised, Unreachable."""
        shown = request.headers.get("authorization") or (f"Bearer {token}" if (token := self._token()) else "")
        headers = {"authorization": shown, "accept-language": request.headers.get("accept-language", "en")}
        headers |= {"idempotency-key": key} if key else {}
        try:
            url = f"{self._url_of(service)}/api/{service}{path}"
            answer = await self._http.request(method, url, json=body, headers=headers, timeout=_TIMEOUT_S)
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise errors.Unreachable(service=service, seconds=1) from error
        if answer.status_code >= 400:
            raise errors.restore(str(found.get("code") or ""), answer.status_code, found.get("params") or {})
        return found


def add(api: APIRouter, services: Services) -> None:
    """The routes."""

    @api.get("/ledger", summary="Whether the books hold")
    async def get_ledger_state(_caller: OnDuty, request: Request) -> LedgerState:
        """Adds up the ledger, compares it with the gateway's books, lists open cases."""
        return LedgerState.model_validate(await services.ask(request, "GET", "payments", "/ledger/check"))

    @api.post(
        "/cases/{id}/close", summary="Close a case",
        responses=refused({
            404: "payments.unknown_case", 409: "payments.case_is_closed payments.account_overdrawn",
            422: "payments.cannot_end_so payments.note_missing payments.refund_too_large",
        }),
    )  # fmt: skip
    async def close_ledger_case(
        _caller: OnDuty, request: Request, id: CaseId, body: CaseDecision, key: Key  # noqa: A002 - the path's own word
    ) -> LedgerCase:  # fmt: skip
        """Says what was done, once and for good; `refund_again` also makes a second refund."""
        path = f"/cases/{id}/close"
        return LedgerCase.model_validate(
            await services.ask(request, "POST", "payments", path, key=key, body=body.model_dump())
        )

    @api.get("/settlement", summary="The next settlement", responses=refused({422: "settlement.no_calendar"}))
    async def get_next_settlement(_caller: OnDuty, request: Request) -> NextSettlement:
        """When today's sales are paid out, and to how many sellers."""
        return NextSettlement.model_validate(await services.ask(request, "GET", "settlement", "/next"))

    @api.post(
        "/settlement", summary="Run the next settlement now",
        responses=refused({422: "settlement.not_a_banking_day settlement.day_ahead settlement.no_calendar"}),
    )  # fmt: skip
    async def run_next_settlement(_caller: OnDuty, request: Request, key: Key) -> SettlementRun:
        """Pays what is due on that day, without waiting for it. Again: nobody is paid twice."""
        found = await services.ask(request, "POST", "settlement", "/runs", key=key, body={"date": None})
        return SettlementRun.model_validate(found)
